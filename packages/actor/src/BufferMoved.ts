/**
 * The error of a buffer that was used after it was sent or released.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The buffer was sent or released, and its memory is not this holder's any more.
 *
 * @category errors
 * @since 0.1.0
 */
export class BufferMoved extends Schema.TaggedError<BufferMoved>("myrmidon/BufferMoved")("BufferMoved", {}) {
  override get message(): string {
    return "this buffer was sent or released: whoever received it has the bytes"
  }
}
