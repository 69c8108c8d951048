/**
 * What bounds an actor's queue, and in which lane a message travels.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"

/**
 * How many messages an actor's mailbox holds, and what happens to one more. Exit signals, DOWNs and stops always have
 * room.
 *
 * A plain object: the option `mailbox` of a spawn, a behaviour or a system. What the spawn leaves out is taken from the
 * behaviour, and what that leaves out from the system.
 *
 * **Example** (An actor that keeps the latest two)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, type Mailbox } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const latest: Mailbox = { capacity: 2, onFull: "drop-oldest" }
 * const Log = Actor.make("Log", [Rpc.make("Line", { payload: Schema.Int })])
 * const lines: Array<number> = []
 * const LogLive = Log.behavior({ init: () => null, handlers: { Line: (_, line) => void lines.push(line) }, mailbox: latest })
 * const program = Effect.gen(function*() {
 *   const log = yield* LogLive.spawn()
 *   yield* Actor.suspend(log)
 *   for (const line of [1, 2, 3]) yield* log.tell(Log.messages.Line(line))
 *   yield* Actor.resume(log)
 *   yield* Actor.stop(log)
 *   return lines
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [2, 3]
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface Mailbox {
  /** Messages of the normal and priority lanes together. 65,536 by default. */
  readonly capacity?: number | undefined
  /**
   * `reject` (the default) refuses with `MailboxFull`; `drop-newest` and `drop-oldest` make a dead letter; `suspend`
   * holds the sender until there is room: an actor before its next message, a fiber of none in `tell`, `ask` and `stream`.
   * Only `tellUnsafe` cannot wait.
   */
  readonly onFull?: "reject" | "drop-newest" | "drop-oldest" | "suspend" | undefined
  /** With `suspend`: how long a sender waits at most. 5 seconds by default. */
  readonly sendTimeout?: Duration.Input | undefined
}

/**
 * Annotates a message of a protocol to overtake others in the mailbox: `Rpc.make("Cancel").annotate(Lane, "priority")`.
 * Messages of the priority lane are handled before all others, in their order. A sender cannot choose the lane; DOWNs
 * and replies never overtake.
 *
 * **Example** (A message that overtakes)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Lane } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Log = Actor.make("Log", [
 *   Rpc.make("Line", { payload: Schema.String }),
 *   Rpc.make("Urgent", { payload: Schema.String }).annotate(Lane, "priority"),
 *   Rpc.make("Read", { success: Schema.Array(Schema.String) })
 * ])
 * const { Line, Read, Urgent } = Log.messages
 * const LogLive = Log.behavior({
 *   init: (): Array<string> => [],
 *   handlers: {
 *     Line: (lines, line) => void lines.push(line),
 *     Urgent: (lines, line) => void lines.push(line),
 *     Read: (lines) => lines
 *   }
 * })
 * const program = Effect.gen(function*() {
 *   const log = yield* LogLive.spawn()
 *   yield* Actor.suspend(log)
 *   yield* log.tell(Line("a"))
 *   yield* log.tell(Line("b"))
 *   yield* log.tell(Urgent("!"))
 *   yield* Actor.resume(log)
 *   return yield* log.ask(Read())
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["!", "a", "b"]
 * ```
 *
 * @category annotations
 * @since 0.1.0
 */
export const Lane: Context.Reference<"normal" | "priority"> = Context.Reference<"normal" | "priority">(
  "@myrmidonjs/actor/Lane",
  { defaultValue: () => "normal" }
)

/**
 * Annotates a message of a protocol to be handled while another handler of the same actor waits for an Effect:
 * `Rpc.make("Status").annotate(Reentrant, true)`. All others are handled one at a time.
 *
 * **Example** (An answer while another one waits)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Reentrant } from "@myrmidonjs/actor"
 * import { Deferred, Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Job = Actor.make("Job", [
 *   Rpc.make("Run", { success: Schema.String }),
 *   Rpc.make("Finish").annotate(Reentrant, true)
 * ])
 * const JobLive = Job.behavior({
 *   init: () => Deferred.makeUnsafe<string>(),
 *   handlers: {
 *     Run: (done) => Deferred.await(done),
 *     Finish: (done) => void Deferred.doneUnsafe(done, Effect.succeed("finished"))
 *   }
 * })
 * const program = Effect.gen(function*() {
 *   const job = yield* JobLive.spawn()
 *   const [answer] = yield* Effect.all([job.ask(Job.messages.Run()), job.tell(Job.messages.Finish())], {
 *     concurrency: "unbounded"
 *   })
 *   return answer
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => "finished"
 * ```
 *
 * @category annotations
 * @since 0.1.0
 */
export const Reentrant: Context.Reference<boolean> = Context.Reference<boolean>("@myrmidonjs/actor/Reentrant", {
  defaultValue: () => false
})
