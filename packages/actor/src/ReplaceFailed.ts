/**
 * The error of `Inspector.replaceState`.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Defect } from "./internal/defect.ts"

/**
 * The function of `replaceState` threw, what it made does not fit, or a swap of the actor is under way; the state is what
 * it was, as far as that function has not changed it in place.
 *
 * @category errors
 * @since 0.1.0
 */
export class ReplaceFailed extends Schema.TaggedError<ReplaceFailed>("myrmidon/ReplaceFailed")("ReplaceFailed", {
  cause: Defect
}) {
  override get message(): string {
    return `the state was not replaced: ${this.cause instanceof Error ? this.cause.message : String(this.cause)}`
  }
}
