/**
 * Why a message was not accepted. A dead receiver is no error of a tell: it makes a dead letter.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Pid } from "./Pid.ts"

/**
 * The receiver's mailbox was full, and its policy is `reject`; or, with `suspend`, there was no room within
 * `sendTimeout`.
 *
 * @category errors
 * @since 0.1.0
 */
export class MailboxFull extends Schema.TaggedError<MailboxFull>("myrmidon/MailboxFull")("MailboxFull", {
  pid: Pid.schema,
  capacity: Schema.Int
}) {
  override get message(): string {
    return `the mailbox of ${Pid.print(this.pid)} is full (${this.capacity} messages)`
  }
}

/**
 * Too much is on its way to the node or isolate of the receiver already.
 *
 * @category errors
 * @since 0.1.0
 */
export class NodeBusy extends Schema.TaggedError<NodeBusy>("myrmidon/NodeBusy")("NodeBusy", { node: Schema.String }) {
  override get message(): string {
    return `the lane to node ${this.node} is above its high-water mark`
  }
}

/**
 * There is no connection to the receiver's node: nothing was sent.
 *
 * @category errors
 * @since 0.1.0
 */
export class NoSession extends Schema.TaggedError<NoSession>("myrmidon/NoSession")("NoSession", {
  node: Schema.String
}) {
  override get message(): string {
    return `there is no session with node ${this.node}`
  }
}

/**
 * The receiver's protocol has no such message, or the payload does not fit its schema; `issue` says what is wrong.
 *
 * @category errors
 * @since 0.1.0
 */
export class BadMessage extends Schema.TaggedError<BadMessage>("myrmidon/BadMessage")("BadMessage", {
  tag: Schema.String,
  issue: Schema.String
}) {
  override get message(): string {
    return `message ${this.tag}: ${this.issue}`
  }
}

/**
 * A tell was refused; `reason` says why.
 *
 * **Example** (A mailbox that is full)
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
 *   const counter = yield* CounterLive.spawn(0, { mailbox: { capacity: 1 } })
 *   yield* Actor.suspend(counter)
 *   yield* counter.tell(Counter.messages.Add(1))
 *   const outcome = yield* counter.tell(Counter.messages.Add(2)).pipe(
 *     Effect.as("taken"),
 *     Effect.catchTag("TellError", ({ reason }) => Effect.succeed(reason._tag))
 *   )
 *   yield* Actor.resume(counter)
 *   return outcome
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => "MailboxFull"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class TellError extends Schema.TaggedError<TellError>("myrmidon/TellError")("TellError", {
  reason: Schema.Union([MailboxFull, NodeBusy, NoSession, BadMessage])
}) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * What became of a message that was sent without an Effect (`tellUnsafe`, `self.send`).
 *
 * @category models
 * @since 0.1.0
 */
export type TellOutcome = "Accepted" | "MailboxFull" | "NodeBusy" | "NoSession" | "BadMessage"
