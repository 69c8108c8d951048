/**
 * Makes buffers, and says what they are in payloads: on the wire the place of the block among those that travel beside
 * the message, or, where none can, their bytes.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { BufferMoved } from "../../BufferMoved.ts"
import type { SharedBuffer } from "../../SharedBuffer.ts"
import { type InvalidOption, LimitReached } from "../../SpawnError.ts"
import { numberAt, putNumber } from "../codec/directParts.ts"
import { unexpected } from "../codec/fast.ts"
import { hostHere, parcelHere } from "../codec/place.ts"
import { readNumber } from "../codec/reader.ts"
import { makeForm, wireForm } from "../codec/wireSchema.ts"
import { writeNumber } from "../codec/writer.ts"
import type { Host } from "../host.ts"
import { invalid } from "../invalid.ts"
import { BufferHandle, isBuffer, State } from "./handle.ts"
import { bufferFormName } from "./schema.ts"

const limitReached = (host: Host): LimitReached =>
  new LimitReached({ what: "bytes", limit: host.options.maxBufferBytes })

export const allocateBuffer = (
  host: Host,
  bytes: number
): Effect.Effect<BufferHandle, LimitReached | InvalidOption> => {
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    return Effect.fail(invalid("bytes", "a whole number from 0", bytes))
  }
  const block = host.buffers.allocate(bytes)
  return typeof block === "string"
    ? Effect.fail(limitReached(host))
    : Effect.succeed(new BufferHandle(block, State.Held))
}

const copyOf = (host: Host, bytes: Uint8Array): BufferHandle | undefined => {
  const block = host.buffers.allocate(bytes.byteLength)
  if (typeof block === "string") return undefined
  const copy = new BufferHandle(block, State.Held)
  copy.bytes().set(bytes)
  return copy
}

export const copyBuffer = (
  host: Host,
  buffer: SharedBuffer
): Effect.Effect<BufferHandle, LimitReached | BufferMoved> => {
  if (!isBuffer(buffer)) throw invalid("buffer", "a SharedBuffer", buffer)
  if (!buffer.isHeld) return Effect.fail(new BufferMoved())
  const copy = copyOf(host, buffer.bytes())
  return copy === undefined ? Effect.fail(limitReached(host)) : Effect.succeed(copy)
}

const unfit = (value: unknown, message: string) => Effect.fail(new SchemaIssue.InvalidValue({ message }, value))

const moved = "this buffer was sent or released before"
const noPlace = "a buffer arrives in a message of its system alone"

const received = (bytes: Uint8Array): Effect.Effect<BufferHandle, SchemaIssue.Issue> => {
  const host = hostHere()
  if (host === undefined) return unfit(bytes, noPlace)
  const copy = copyOf(host, bytes)
  return copy === undefined ? unfit(bytes, limitReached(host).message) : Effect.succeed(copy)
}

// Of bytes on the wire: a copy, both ways.
const asBytes = SchemaTransformation.transformEffect<BufferHandle, Uint8Array>({
  decode: received,
  encode: (buffer) => buffer.isHeld ? Effect.succeed(buffer.bytes().slice()) : unfit(buffer, moved)
})

const form = makeForm<BufferHandle, number | Uint8Array>(
  bufferFormName,
  Schema.Union([Schema.Int, Schema.Uint8Array]),
  SchemaTransformation.transformEffect<BufferHandle, number | Uint8Array>({
    decode: (wire) => {
      if (typeof wire !== "number") return received(wire)
      const buffer = parcelHere()?.[wire]
      return isBuffer(buffer) ? Effect.succeed(buffer) : unfit(wire, "no buffer came with it")
    },
    encode: (buffer) => {
      if (!buffer.isHeld) return unfit(buffer, moved)
      const parcel = parcelHere()
      return Effect.succeed(parcel === undefined ? buffer.bytes() : parcel.push(buffer) - 1)
    }
  }),
  {
    write: (value) => {
      const parcel = parcelHere()
      if (parcel === undefined || !isBuffer(value) || !value.isHeld) return false
      writeNumber(parcel.push(value) - 1)
      return true
    },
    read: () => {
      const place = readNumber()
      const buffer = typeof place === "number" ? parcelHere()?.[place] : undefined
      return isBuffer(buffer) ? buffer : unexpected
    }
  },
  {
    room: 9,
    write: (value, bytes, view, at) => {
      const parcel = parcelHere()
      if (parcel === undefined || !isBuffer(value) || !value.isHeld) return -1
      return putNumber(parcel.push(value) - 1, bytes, view, at)
    },
    read: (bytes, view, at, limit) => {
      const place = numberAt(bytes, view, at, limit)
      const buffer = place === undefined ? undefined : parcelHere()?.[place]
      return isBuffer(buffer) ? buffer : undefined
    }
  }
)

const schema: Schema.Codec<BufferHandle, Uint8Array> = Schema.Uint8Array.pipe(Schema.decodeTo(
  Schema.declare(isBuffer, { identifier: "SharedBuffer", [wireForm]: form }),
  asBytes
))

export const bufferSchema: Schema.Codec<SharedBuffer, Uint8Array> = schema
