/**
 * The object that message constructors make. Its number is private: equality, spread and JSON see `{ _tag, payload }`.
 */
import type { Message } from "../Message.ts"
import { lookup } from "./opcodes.ts"

export class Envelope<out Tag extends string, out Payload> implements Message<Tag, Payload> {
  readonly #op: number
  readonly _tag: Tag
  readonly payload: Payload

  constructor(op: number, tag: Tag, payload: Payload) {
    this.#op = op
    this._tag = tag
    this.payload = payload
  }

  /** The number of a message's tag; a literal is looked up by its tag. 0: no protocol has it, or it is no message. */
  static op(this: void, message: Message<string, unknown>): number {
    // What is no object throws. Asking for its type would make a message an object where the compiler needs none: one
    // that is made where it is sent.
    try {
      if (#op in message) return message.#op
    } catch {
      return 0
    }
    return lookup(message._tag)
  }

  /** The tag of a message, for an error; also of what is none. */
  static tag(message: Message<string, unknown>): string {
    const tag: unknown = (message as Message<string, unknown> | null | undefined)?._tag
    return typeof tag === "string" ? tag : ""
  }
}
