/**
 * Buffers on their way to another isolate: their blocks stay where they are, and the message carries their numbers behind
 * its bytes.
 *
 * From `pack` to `unpack` a block is nobody's: it goes with the bytes. The native system frees those of bytes that nobody
 * reads; a dead letter is unpacked all the same, because its bytes are shown. Bytes that the native system did not take
 * are `giveBack`'s, or `discard`'s.
 */
import type { Parcel } from "../codec/place.ts"
import type { Host } from "../host.ts"
import { BufferHandle, State } from "./handle.ts"

/** A block: its number and its length, two doubles. */
const ENTRY = 16
/** How many there are. */
const COUNT = 4

/** A buffer, and the number by which its block has left. */
interface Left {
  readonly buffer: BufferHandle
  readonly number: number
}

/** Bytes with numbers of blocks behind them, which the membrane tells from others by this. */
export type Packed = Uint8Array<ArrayBuffer> & { readonly holdsBuffers: true; readonly left: ReadonlyArray<Left> }

/**
 * V8 keeps a typed array of so many bytes in its heap, until somebody asks for its `buffer`: most messages with buffers are
 * no longer. The others stand in blocks that are never written again, one after the other. Memory of its own for each would
 * be a little more in V8's account of what is outside of its heap, which then collects whenever a large block arrives.
 */
const inHeap = 64
const blockBytes = 16_384
let block = new Uint8Array(blockBytes)
let used = 0

const roomFor = (length: number): Uint8Array<ArrayBuffer> => {
  if (length <= inHeap || length > blockBytes >> 2) return new Uint8Array(length)
  if (used + length > blockBytes) {
    block = new Uint8Array(blockBytes)
    used = 0
  }
  return block.subarray(used, used += length)
}

/** Where numbers become bytes: of three buffers, which is more than most messages have. */
const numbers = new Uint8Array(3 * ENTRY + COUNT)
const numbersView = new DataView(numbers.buffer)

export const makePacked = (length: number, left: ReadonlyArray<Left>): Packed => {
  const packed = roomFor(length) as Uint8Array<ArrayBuffer> & { holdsBuffers: true; left: ReadonlyArray<Left> }
  packed.holdsBuffers = true
  packed.left = left
  return packed
}

export const isPacked = (bytes: Uint8Array): bytes is Packed => "holdsBuffers" in bytes

/** How long a message with so many buffers gets. */
export const packedLength = (bytes: Uint8Array, parcel: Parcel): number => bytes.length + parcel.length * ENTRY + COUNT

/**
 * The message with the numbers of its buffers, which are the sender's no more. `undefined`: one of them is not there, and
 * nothing has changed.
 */
export const pack = (host: Host, bytes: Uint8Array, parcel: Parcel): Packed | undefined => {
  const left: Array<Left> = []
  for (const buffer of parcel) {
    const number = buffer.leave()
    if (number === undefined) {
      comeBack(host, left)
      return undefined
    }
    left.push({ buffer, number })
  }
  const packed = makePacked(packedLength(bytes, parcel), left)
  packed.set(bytes)
  packed.set(tailOf(left), bytes.length)
  return packed
}

const tailOf = (left: ReadonlyArray<Left>): Uint8Array => {
  const length = left.length * ENTRY + COUNT
  const bytes = length <= numbers.length ? numbers : new Uint8Array(length)
  const view = bytes === numbers ? numbersView : new DataView(bytes.buffer)
  let at = 0
  for (const { buffer, number } of left) {
    view.setFloat64(at, number, true)
    view.setFloat64(at + 8, buffer.byteLength, true)
    at += ENTRY
  }
  view.setUint32(at, left.length, true)
  return bytes === numbers ? numbers.subarray(0, length) : bytes
}

const comeBack = (host: Host, left: ReadonlyArray<Left>): void => {
  for (const { buffer, number } of left) buffer.comeBack(number, host.buffers)
}

/**
 * As `pack`, of a message that stands at `at` and has `length` bytes: the numbers are written behind it. How long it is
 * then. Below 0: there is no room below `limit`, or one of them is not there, and nothing has changed.
 */
export const packIn = (
  host: Host,
  view: DataView,
  at: number,
  length: number,
  limit: number,
  parcel: Parcel
): number => {
  const count = parcel.length
  if (length + count * ENTRY + COUNT > limit || (count > 1 && new Set(parcel).size < count)) return -1
  let to = at + length
  for (let i = 0; i < count; i++, to += ENTRY) {
    const buffer = parcel[i]!
    const number = buffer.leave()
    if (number === undefined) {
      for (let back = 0; back < i; back++) {
        parcel[back]!.comeBack(view.getFloat64(at + length + back * ENTRY, true), host.buffers)
      }
      return -1
    }
    view.setFloat64(to, number, true)
    view.setFloat64(to + 8, buffer.byteLength, true)
  }
  view.setUint32(to, count, true)
  return to + COUNT - at
}

/** The send was refused: what was packed for it is its sender's again. */
export const giveBack = (host: Host, bytes: Uint8Array | number | undefined): void => {
  if (typeof bytes === "object" && isPacked(bytes)) comeBack(host, bytes.left)
}

/** Where the numbers begin. Below 0: these are no such bytes. */
const lengthOf = (packed: Uint8Array, view: DataView): number =>
  packed.length < COUNT ? -1 : packed.length - COUNT - view.getUint32(packed.length - COUNT, true) * ENTRY

/** The reverse; the buffers are in flight until somebody takes them. `undefined`: these are no such bytes. */
export const unpack = (
  host: Host,
  packed: Uint8Array
): { readonly bytes: Uint8Array; readonly parcel: Parcel } | undefined => {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const parcel = unpackIn(host, view, 0, packed.length)
  return parcel === undefined ? undefined : { bytes: packed.subarray(0, endOf(packed.length, parcel)), parcel }
}

/** The same of a message that stands in `view` from `begin` up to `end`; its bytes reach up to `endOf`. */
export const unpackIn = (host: Host, view: DataView, begin: number, end: number): Parcel | undefined => {
  const last = end - COUNT
  const first = last < begin ? -1 : last - view.getUint32(last, true) * ENTRY
  if (first < begin) return undefined
  const parcel: Parcel = []
  for (let at = first; at < last; at += ENTRY) {
    const block = host.buffers.enter?.(view.getFloat64(at, true), view.getFloat64(at + 8, true))
    if (block === undefined) {
      for (const buffer of parcel) buffer.release()
      return undefined
    }
    parcel.push(new BufferHandle(block, State.Flight))
  }
  return parcel
}

export const endOf = (end: number, parcel: Parcel): number => end - COUNT - parcel.length * ENTRY

/** What nobody gets: the buffers in it are released, as far as they are there. Returns its bytes without them. */
export const discard = (host: Host, packed: Uint8Array): Uint8Array => {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  const length = lengthOf(packed, view)
  if (length < 0) return packed
  for (let at = length; at < packed.length - COUNT; at += ENTRY) {
    host.buffers.enter?.(view.getFloat64(at, true), view.getFloat64(at + 8, true))?.release()
  }
  return packed.subarray(0, length)
}
