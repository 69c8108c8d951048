/**
 * Payloads as plain msgpack: the door of this folder. What cannot be encoded and what is malformed comes out as the
 * text of an issue, with its path or its offset; nothing is thrown.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type { Codec, PayloadCodec } from "../../Codec.ts"
import { type DirectRead, directRead, type DirectWrite, directWrite } from "./direct.ts"
import { compile, type Fast, unexpected } from "./fast.ts"
import { Malformed, NotEncodable } from "./issues.ts"
import { parcelHere } from "./place.ts"
import { decodePlain, writePlain } from "./plain.ts"
import { isAtEnd, reading } from "./reader.ts"
import { toWire } from "./wireSchema.ts"
import { begin, end, rewind } from "./writer.ts"

const issueOf = (error: unknown): string =>
  error instanceof NotEncodable || error instanceof Malformed
    ? error.issue
    : error instanceof Error
    ? error.message
    : String(error)

const causeText = (cause: Cause.Cause<unknown>): string => issueOf(Cause.squash(cause))

export class MsgpackCodec implements PayloadCodec {
  readonly #schema: Schema.Codec<unknown, unknown>
  /** The shortcut, where its schema has one. */
  readonly fast: Fast | undefined
  readonly #ast: SchemaAST.AST
  #write: DirectWrite | null | undefined = undefined
  #read: DirectRead | null | undefined = undefined
  #toPlain: ((value: unknown) => Exit.Exit<unknown, unknown>) | undefined = undefined
  #fromPlain: ((value: unknown) => Exit.Exit<unknown, unknown>) | undefined = undefined

  constructor(schema: Schema.Top) {
    this.#schema = toWire(schema)
    this.#ast = this.#schema.ast
    this.fast = compile(this.#ast)
  }

  /** The shortest way into a block of somebody else's, where its schema has one; made when it is asked for. */
  get write(): DirectWrite | null {
    return this.#write ??= directWrite(this.#ast) ?? null
  }

  /** The reverse. */
  get read(): DirectRead | null {
    return this.#read ??= directRead(this.#ast) ?? null
  }

  readonly encode = (value: unknown): Exit.Exit<Uint8Array, string> => {
    const { fast } = this
    if (fast !== undefined) {
      const parcel = parcelHere()
      const before = parcel?.length
      begin()
      try {
        if (fast.write(value)) return Exit.succeed(end())
      } catch {
        // The other way says what is wrong, with its path.
      }
      rewind()
      if (parcel !== undefined) parcel.length = before!
    }
    return this.#encodeBySchema(value)
  }

  #encodeBySchema(value: unknown): Exit.Exit<Uint8Array, string> {
    let plain: Exit.Exit<unknown, unknown>
    try {
      this.#toPlain ??= Schema.encodeUnknownExit(this.#schema)
      plain = this.#toPlain(value)
    } catch (error) {
      return Exit.fail(issueOf(error))
    }
    if (Exit.isFailure(plain)) return Exit.fail(causeText(plain.cause))
    begin()
    try {
      writePlain(plain.value)
      return Exit.succeed(end())
    } catch (error) {
      rewind()
      return Exit.fail(issueOf(error))
    }
  }

  readonly decode = (bytes: Uint8Array): Exit.Exit<unknown, string> => {
    const { fast } = this
    try {
      if (fast !== undefined) {
        const value = reading(bytes, () => {
          const value = fast.read()
          return isAtEnd() ? value : unexpected
        })
        if (value !== unexpected) return Exit.succeed(value)
      }
      this.#fromPlain ??= Schema.decodeUnknownExit(this.#schema)
      const value = this.#fromPlain(decodePlain(bytes))
      return Exit.isFailure(value) ? Exit.fail(causeText(value.cause)) : Exit.succeed(value.value)
    } catch (error) {
      return Exit.fail(issueOf(error))
    }
  }
}

const codecs = new WeakMap<Schema.Top, PayloadCodec>()

/** Compiled once per schema. */
const msgpackOf = (schema: Schema.Top): PayloadCodec => {
  let codec = codecs.get(schema)
  if (codec === undefined) codecs.set(schema, codec = new MsgpackCodec(schema))
  return codec
}

/** The format of systems that are given no other. */
export const msgpack: Codec["Service"] = { format: "msgpack", of: msgpackOf }
