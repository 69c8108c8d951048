/**
 * How an option, or any other argument, is refused.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * An option, or another argument, is not valid: `option` names it, `issue` says what it must be and what it is.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Schema.TaggedError<InvalidOption>("myrmidon/InvalidOption")("InvalidOption", {
  option: Schema.String,
  issue: Schema.String
}) {
  override get message(): string {
    return `option ${this.option}: ${this.issue}`
  }
}
