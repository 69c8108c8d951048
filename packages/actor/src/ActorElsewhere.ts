/**
 * What cannot be done from another isolate.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Pid } from "./Pid.ts"

/**
 * The actor lives in another isolate, and its state and behaviour with it: what reads, traces or changes them has to run
 * there.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorElsewhere extends Schema.TaggedError<ActorElsewhere>("myrmidon/ActorElsewhere")("ActorElsewhere", {
  pid: Pid.schema
}) {
  override get message(): string {
    return `actor ${Pid.print(this.pid)} lives in another isolate: what reads, traces or swaps it has to run there`
  }
}
