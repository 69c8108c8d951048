/**
 * What a buffer says that somebody else has.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The buffer was sent or released: its bytes are somebody else's, or nobody's.
 *
 * @category errors
 * @since 0.1.0
 */
export class BufferMoved extends Schema.TaggedError<BufferMoved>("myrmidon/BufferMoved")("BufferMoved", {}) {
  override get message(): string {
    return "this buffer was sent or released: whoever received it has the bytes"
  }
}
