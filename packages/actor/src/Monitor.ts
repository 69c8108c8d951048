/**
 * Monitors: waiting for the end of actors, from outside of any actor. Inside of one: `self.monitor`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AnyRef } from "./ActorRef.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { Down, MonitorRef } from "./ExitSignal.ts"
import { cellOf } from "./internal/cell.ts"
import { endsOf, watch } from "./internal/watch.ts"

/**
 * Monitors an actor until the surrounding `Scope` closes. The inner effect waits for the actor's end, and succeeds with
 * its exit reason: `NoProc` for an actor that had ended before.
 *
 * **Example** (Waiting for a worker to end)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Monitor } from "@myrmidonjs/actor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const end = Effect.gen(function*() {
 *   const worker = yield* WorkerLive.spawn()
 *   const down = yield* Monitor.make(worker)
 *   yield* Actor.kill(worker)
 *   return yield* down
 * })
 *
 * await Effect.runPromise(end.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => { _tag: "Killed" }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (ref: AnyRef): Effect.Effect<Effect.Effect<ExitReason>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(Effect.sync(() => watch(cellOf(ref))), (watching) => Effect.sync(() => watching.stop())),
    (watching) => watching.end
  )

/**
 * Monitors several actors: a stream of their ends, in the order in which they end. It ends with the last of them.
 *
 * **Example** (Until the last has ended)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Monitor } from "@myrmidonjs/actor"
 * import { Effect, Fiber, Stream } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const program = Effect.gen(function*() {
 *   const [a, b] = [yield* WorkerLive.spawn(), yield* WorkerLive.spawn()]
 *   const downs = yield* Effect.forkChild(Stream.runCollect(Monitor.downs([a, b])), { startImmediately: true })
 *   yield* Actor.kill(b)
 *   yield* Actor.stop(a)
 *   return (yield* Fiber.join(downs)).map(({ from, reason }) => [from === a.pid ? "a" : "b", reason._tag])
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [["b", "Killed"], ["a", "Shutdown"]]
 * ```
 *
 * @category streams
 * @since 0.1.0
 */
export const downs = (refs: Iterable<AnyRef>): Stream.Stream<Down> =>
  Stream.map(endsOf(refs), ({ from, name, reason, ref }): Down => ({
    _tag: "Down",
    monitor: ref as MonitorRef,
    from,
    name,
    reason
  }))
