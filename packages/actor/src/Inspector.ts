/**
 * Looking into actors, and changing what is found: for debugging, behind a service that production leaves out.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { ActorElsewhere } from "./ActorElsewhere.ts"
import type { ActorRef, AnyRef } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type { ActorExited } from "./AskError.ts"
import type { Behavior } from "./Behavior.ts"
import { type Statistics, statisticsOf } from "./internal/statistics.ts"
import { readState, replaceState, traceAnywhere } from "./internal/inspect.ts"
import type * as Trace from "./internal/trace.ts"
import type { ReplaceFailed } from "./ReplaceFailed.ts"
import type { ProtocolMismatch } from "./SpawnError.ts"

/**
 * An event of a trace: a message that the actor has handled, or a signal for which its behaviour has a handler.
 *
 * @category models
 * @since 0.1.0
 */
export interface TracedIn extends Trace.TracedIn {}

/**
 * An event of a trace: a message, a reply or an item of a stream that the actor has sent.
 *
 * @category models
 * @since 0.1.0
 */
export interface TracedOut extends Trace.TracedOut {}

/**
 * @category models
 * @since 0.1.0
 */
export type TracedMessage = TracedIn | TracedOut

/**
 * @category models
 * @since 0.1.0
 */
export interface TraceOptions extends Trace.TraceOptions {}

/**
 * What an actor has done since the first reading, and what waits for it now.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorStatistics extends Statistics {}

/**
 * Reads, changes and traces running actors: for debugging. A service with a Layer of its own, which production can
 * leave out.
 *
 * - `getState`: the state itself, between two messages. Look at it, and neither change nor keep it.
 * - `replaceState`: replaces the state between two messages. `f` makes a new state, and must not change the one it gets.
 *   When it throws, or the new state does not fit the behaviour's `state` schema, the state stays.
 * - `trace`: a stream of what the actor handles and sends, also over swaps and rollbacks. It ends after `limit` events
 *   (1,000 by default) or with the actor, and has at most `perSecond` of them (100 by default), so that a busy actor cannot
 *   flood the reader; the next event says in `skipped` how many were left out. An option out of range is a defect,
 *   `InvalidOption`.
 * - `statistics`: messages handled and sent, and handler time, since the first reading. Sends are counted until the `Scope`
 *   closes.
 *
 * **Example** (What an actor is asked, and what it does about it)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Inspector } from "@myrmidonjs/actor"
 * import { Effect, Fiber, Layer, Schema, Stream } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Log = Actor.make("Log", [Rpc.make("Line", { payload: Schema.String })])
 * const Door = Actor.make("Door", [Rpc.make("Knock", { payload: Schema.String, success: Schema.Boolean })])
 * const LogLive = Log.behavior({ init: () => null, handlers: { Line: () => {} } })
 * const DoorLive = Door.behavior({
 *   init: (log: Actor.Ref<typeof Log>) => log,
 *   handlers: { Knock: (log, who, self) => (self.send(log, Log.messages.Line(who)), who === "friend") }
 * })
 * const program = Effect.gen(function*() {
 *   const inspector = yield* Inspector
 *   const door = yield* DoorLive.spawn(yield* LogLive.spawn(undefined))
 *   const trace = Stream.runCollect(inspector.trace(door, { limit: 3 }))
 *   const reader = yield* Effect.forkChild(trace, { startImmediately: true })
 *   yield* door.ask(Door.messages.Knock("friend"))
 *   const seen = yield* Fiber.join(reader)
 *   return seen.map(({ _tag, kind, payload, tag }) => `${_tag} ${kind} ${tag} ${payload}`)
 * })
 * const layer = Layer.provideMerge(Inspector.layer, ActorSystem.layerMemory())
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(layer)))
 * // => ["In ask Knock friend", "Out tell Line friend", "Out reply Knock true"]
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Inspector extends Context.Service<Inspector, {
  readonly getState: <Rpcs extends Rpc.Any, Args, State, E, R>(
    ref: ActorRef<Rpcs>,
    running: Behavior<Rpcs, Args, State, E, R>
  ) => Effect.Effect<State, ActorExited | ActorElsewhere | ProtocolMismatch>
  readonly replaceState: <Rpcs extends Rpc.Any, Args, State, E, R>(
    ref: ActorRef<Rpcs>,
    running: Behavior<Rpcs, Args, State, E, R>,
    f: (state: State) => State
  ) => Effect.Effect<State, ActorExited | ActorElsewhere | ProtocolMismatch | ReplaceFailed>
  readonly trace: (ref: AnyRef, options?: TraceOptions) => Stream.Stream<TracedMessage, ActorExited | ActorElsewhere>
  readonly statistics: (ref: AnyRef) => Effect.Effect<
    Effect.Effect<ActorStatistics, ActorExited>,
    ActorExited,
    Scope.Scope
  >
}>()("@myrmidonjs/actor/Inspector") {
  static readonly layer: Layer.Layer<Inspector, never, ActorSystem> = Layer.effect(
    Inspector,
    Effect.map(ActorSystem, () =>
      Inspector.of({
        // The behaviour has typed the state, and is what the actor was found to run.
        getState: (ref, running) => readState(ref, running) as never,
        replaceState: (ref, running, f) => replaceState(ref, running, f as (state: unknown) => unknown) as never,
        trace: traceAnywhere,
        statistics: statisticsOf
      }))
  )
}
