/**
 * Why a question got no answer.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ExitReason, ExitReasonSchema } from "./ExitReason.ts"
import { ownName } from "./internal/ownName.ts"
import { titled } from "./internal/titled.ts"
import { Pid } from "./Pid.ts"
import { BadMessage, MailboxFull, NodeBusy } from "./TellError.ts"

/**
 * The actor ended before it answered, or was not there. `reason` is its exit reason.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorExited extends titled(
  Schema.TaggedError<ActorExited>("myrmidon/ActorExited")("ActorExited", {
    pid: Pid.schema,
    name: ownName("myrmidon/ActorExited"),
    reason: ExitReasonSchema
  })
) {
  override get message(): string {
    const name = Object.hasOwn(this, "name") && this.name || undefined
    // It was looked for by its name.
    if (name !== undefined && this.reason._tag === "NoProc" && !this.reason.everExisted) {
      return `nobody has the name "${name}"`
    }
    return `actor ${name ?? Pid.print(this.pid)} has ended: ${ExitReason.print(this.reason)}`
  }
}

/**
 * Time ran out. A reply that comes later vanishes.
 *
 * @category errors
 * @since 0.1.0
 */
export class AskTimeout extends Schema.TaggedError<AskTimeout>("myrmidon/AskTimeout")("AskTimeout", {
  after: Schema.Duration
}) {
  override get message(): string {
    return `no answer after ${Duration.format(this.after)}`
  }
}

/**
 * A question got no answer; `reason` says why, `tag` which question.
 *
 * **Example** (Why there was no answer)
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
 *   const counter = yield* CounterLive.spawn(0)
 *   yield* Actor.stop(counter)
 *   return yield* Effect.catchTag(
 *     counter.ask(Counter.messages.Add(1)),
 *     "AskError",
 *     ({ reason, tag }) => Effect.succeed(`${tag}: ${reason._tag}`)
 *   )
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => "Add: ActorExited"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class AskError extends Schema.TaggedError<AskError>("myrmidon/AskError")("AskError", {
  tag: Schema.String,
  reason: Schema.Union([ActorExited, AskTimeout, MailboxFull, NodeBusy, BadMessage])
}) {
  override get message(): string {
    return `ask ${this.tag}: ${this.reason.message}`
  }
}
