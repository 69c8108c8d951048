/**
 * Links between actors and Effects outside of actors: an actor's end as a typed error. Between actors: `self.link`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Stream from "effect/Stream"
import type { AnyRef } from "./ActorRef.ts"
import { ExitSignal } from "./ExitSignal.ts"
import { cellOf } from "./internal/cell.ts"
import { effectOf } from "./internal/effectOf.ts"
import { failureOf, linkedBy } from "./internal/linked.ts"
import { endsOf, watch } from "./internal/watch.ts"

/**
 * Fails when the actor ends abnormally, and never succeeds: for `Effect.raceFirst` with what needs the actor. The actor
 * does not notice.
 *
 * **Example** (Waiting no longer than an actor lives)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Link } from "@myrmidonjs/actor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const program = Effect.gen(function*() {
 *   const worker = yield* WorkerLive.spawn()
 *   yield* Actor.kill(worker)
 *   const signal = yield* Effect.flip(Effect.raceFirst(Effect.never, Link.exit(worker)))
 *   return [signal._tag, signal.reason._tag]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["ExitSignal", "Killed"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const exit = (ref: AnyRef): Effect.Effect<never, ExitSignal> =>
  Effect.suspend(() => {
    const cell = cellOf(ref)
    return failureOf(cell, watch(cell))
  })

/**
 * Links the running effect with the actor, both ways: an abnormal end of the actor fails the effect with `ExitSignal`,
 * a failure of the effect sends the actor an exit signal. A normal end of either changes nothing.
 *
 * **Example** (A region that ends with its actor)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Link } from "@myrmidonjs/actor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const program = Effect.gen(function*() {
 *   const worker = yield* WorkerLive.spawn()
 *   return yield* Effect.andThen(Actor.kill(worker), Effect.never).pipe(
 *     Link.linked(worker),
 *     Effect.catchTag("ExitSignal", (signal) => Effect.succeed(signal.reason._tag))
 *   )
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => "Killed"
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const linked: {
  (ref: AnyRef): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | ExitSignal, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, ref: AnyRef): Effect.Effect<A, E | ExitSignal, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, ref: AnyRef): Effect.Effect<A, E | ExitSignal, R> =>
    Effect.suspend(() => linkedBy(cellOf(ref), exit(ref), effectOf("self", self)))
)

/**
 * The exit signals of several actors as values, also those of normal ends. The stream ends with the last actor.
 *
 * **Example** (Every end, also those in order)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Link } from "@myrmidonjs/actor"
 * import { Effect, Stream } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const program = Effect.gen(function*() {
 *   const workers = yield* Effect.replicateEffect(WorkerLive.spawn(), 2)
 *   yield* Effect.forEach(workers, (worker) => Actor.stop(worker))
 *   const signals = yield* Stream.runCollect(Link.signals(workers))
 *   return signals.map(({ reason }) => reason._tag)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["NoProc", "NoProc"]
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const signals = (refs: Iterable<AnyRef>): Stream.Stream<ExitSignal> =>
  Stream.map(endsOf(refs), ({ from, name, reason }) => new ExitSignal({ from, name, reason }))
