/**
 * What a linked actor's end looks like to those who hear of it.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as Schema from "effect/Schema"
import { ExitReason, ExitReasonSchema } from "./ExitReason.ts"
import { ownName } from "./internal/ownName.ts"
import { titled } from "./internal/titled.ts"
import { Pid } from "./Pid.ts"

/**
 * A linked actor ended. In a fiber: an error of the channel. In a trapping actor: the value that `signals.exit` gets,
 * where `from` is 0 when the signal came from no actor.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExitSignal extends titled(
  Schema.TaggedError<ExitSignal>("myrmidon/ExitSignal")("ExitSignal", {
    from: Pid.schema,
    name: ownName("myrmidon/ExitSignal"),
    reason: ExitReasonSchema
  })
) {
  override get message(): string {
    return `linked actor ${Object.hasOwn(this, "name") && this.name || Pid.print(this.from)} has ended: ${
      ExitReason.print(this.reason)
    }`
  }
}

/**
 * Names one watch of one actor by another.
 *
 * @category models
 * @since 0.1.0
 */
export type MonitorRef = number & Brand.Brand<"~myrmidon/MonitorRef">

/**
 * The end of one monitor, exactly one per monitor. A value, never an error.
 *
 * @category models
 * @since 0.1.0
 */
export interface Down {
  readonly _tag: "Down"
  readonly monitor: MonitorRef
  readonly from: Pid
  readonly name: string | undefined
  readonly reason: ExitReason
}
