/**
 * Ending actors, in order or by force, and suspending them. Part of the module `Actor`.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AnyRef } from "./ActorRef.ts"
import type { ActorExited } from "./AskError.ts"
import { ExitReason } from "./ExitReason.ts"
import { setSuspended } from "./internal/about.ts"
import { cellOf } from "./internal/cell.ts"
import { senderOf } from "./internal/current.ts"
import { checkKnown } from "./internal/known.ts"
import { millisOf } from "./internal/mailbox.ts"
import { checkedReason } from "./internal/reason.ts"
import { stopCell } from "./internal/stop.ts"
import { InvalidOption } from "./SpawnError.ts"

const stopOptions: ReadonlySet<string> = new Set(["timeout"])

/**
 * Stops an actor in order: it handles what was sent before, runs its `terminate`, and ends. Waits for that, and
 * succeeds with the exit reason. After `timeout`, if there is one, the actor is killed. A timeout that is no duration
 * above zero fails with `InvalidOption`, and nothing is asked.
 *
 * **Example** (An end in order, and one by force)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Worker = Actor.make("Worker", [Rpc.make("Hang")])
 * const WorkerLive = Worker.behavior({ init: () => 0, handlers: { Hang: () => Effect.never } })
 * const program = Effect.gen(function*() {
 *   const idle = yield* WorkerLive.spawn()
 *   const stuck = yield* WorkerLive.spawn()
 *   yield* stuck.tell(Worker.messages.Hang())
 *   return [yield* Actor.stop(idle), yield* Actor.stop(stuck, { timeout: "10 millis" })]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [{ _tag: "Shutdown" }, { _tag: "Killed" }]
 * ```
 *
 * @category lifecycle
 * @since 0.1.0
 */
export function stop(ref: AnyRef): Effect.Effect<ExitReason>
export function stop(
  ref: AnyRef,
  options: { readonly timeout?: Duration.Input | undefined } | undefined
): Effect.Effect<ExitReason, InvalidOption>
export function stop(
  ref: AnyRef,
  options?: { readonly timeout?: Duration.Input | undefined }
): Effect.Effect<ExitReason, InvalidOption> {
  return Effect.suspend((): Effect.Effect<ExitReason, InvalidOption> => {
    let timeout = Infinity
    if (options !== undefined) {
      try {
        checkKnown(options, stopOptions)
        if (options.timeout !== undefined) timeout = millisOf("timeout", options.timeout, Infinity)
      } catch (error) {
        return error instanceof InvalidOption ? Effect.fail(error) : Effect.die(error)
      }
    }
    return stopCell(cellOf(ref), ExitReason.shutdown(), timeout)
  })
}

/** Sends an exit signal: from the actor whose handler runs this, or from nobody. */
const signal = (ref: AnyRef, reason: ExitReason): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const cell = cellOf(ref)
    cell.host.shard.exit(cell, senderOf(fiber, cell.host), checkedReason(reason))
    return Effect.void
  })

/**
 * Kills an actor: it ends at once, whatever is in its mailbox, and without running its `terminate`. It cannot prevent
 * it.
 *
 * **Example** (Ending somebody who hangs)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Monitor } from "@myrmidonjs/actor"
 * import { Effect } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Worker = Actor.make("Worker", [Rpc.make("Hang")])
 * const WorkerLive = Worker.behavior({ init: () => 0, handlers: { Hang: () => Effect.never } })
 * const program = Effect.gen(function*() {
 *   const worker = yield* WorkerLive.spawn()
 *   const down = yield* Monitor.make(worker)
 *   yield* worker.tell(Worker.messages.Hang())
 *   yield* Actor.kill(worker)
 *   return yield* down
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => { _tag: "Killed" }
 * ```
 *
 * @category lifecycle
 * @since 0.1.0
 */
export const kill = (ref: AnyRef): Effect.Effect<void> => signal(ref, ExitReason.killed)

/**
 * Sends an actor an exit signal, as if a linked actor had ended with this reason. An actor whose behaviour has
 * `signals.exit` handles it. Any other one ends, unless the reason is `Normal`; `Normal` ends only an actor that sends
 * it to itself. The signal comes from the actor whose handler runs this, if one does. What is no `ExitReason` is a
 * defect, `InvalidOption`, and nothing is sent.
 *
 * **Example** (A signal as a value, for who traps)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, ExitReason } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Worker = Actor.make("Worker", [Rpc.make("Seen", { success: Schema.Array(Schema.String) })])
 * const WorkerLive = Worker.behavior({
 *   init: (): Array<string> => [],
 *   handlers: { Seen: (state) => state },
 *   signals: { exit: (state, signal) => void state.push(signal.reason._tag) }
 * })
 * const program = Effect.gen(function*() {
 *   const worker = yield* WorkerLive.spawn()
 *   yield* Actor.exit(worker, ExitReason.shutdown("maintenance"))
 *   return yield* worker.ask(Worker.messages.Seen())
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["Shutdown"]
 * ```
 *
 * @category lifecycle
 * @since 0.1.0
 */
export const exit = (ref: AnyRef, reason: ExitReason): Effect.Effect<void> => signal(ref, reason)

/**
 * Suspends an actor: it handles no message until `resume`. Its mailbox fills meanwhile, up to its bound; kills, exit
 * signals and links act as ever. A stop waits in the mailbox as messages do, so that a scope that closes kills the
 * actor after `shutdownTimeout`. Suspending twice is the same as once.
 *
 * **Example** (What is sent meanwhile waits)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* CounterLive.spawn(40)
 *   yield* Actor.suspend(counter)
 *   yield* counter.tell(Counter.messages.Add(2))
 *   const { mailbox, status } = yield* Actor.info(counter)
 *   yield* Actor.resume(counter)
 *   return [status, mailbox, yield* counter.ask(Counter.messages.Add(0))]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["suspended", 1, 42]
 * ```
 *
 * @category lifecycle
 * @since 0.1.0
 */
export const suspend = (ref: AnyRef): Effect.Effect<void, ActorExited> =>
  Effect.suspend(() => setSuspended(cellOf(ref), true))

/**
 * Resumes a suspended actor, which handles its messages from where it left off. One that is not suspended is left as it
 * is.
 *
 * **Example** (What has waited is handled, in its order)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* CounterLive.spawn(39)
 *   yield* Actor.suspend(counter)
 *   yield* counter.tell(Counter.messages.Add(1))
 *   yield* Actor.resume(counter)
 *   return yield* counter.ask(Counter.messages.Add(2))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category lifecycle
 * @since 0.1.0
 */
export const resume = (ref: AnyRef): Effect.Effect<void, ActorExited> =>
  Effect.suspend(() => setSuspended(cellOf(ref), false))
