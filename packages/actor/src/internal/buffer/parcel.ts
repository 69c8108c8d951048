/**
 * Buffers on their way to another isolate: their blocks stay where they are, and the message carries their numbers behind
 * its bytes.
 *
 * From `pack` to `unpack` a block is nobody's: it goes with the bytes. The native system frees those of bytes that nobody
 * reads; a dead letter is unpacked all the same, because its bytes are shown.
 */
import type { Parcel } from "../codec/place.ts"
import type { Host } from "../host.ts"
import { BufferHandle, State } from "./handle.ts"

/** A block: its number and its length, two doubles. */
const ENTRY = 16
/** How many there are. */
const COUNT = 4

/** Bytes with numbers of blocks behind them, which the membrane tells from others by this. */
export type Packed = Uint8Array<ArrayBuffer> & { readonly holdsBuffers: true }

export const makePacked = (length: number): Packed =>
  Object.assign(new Uint8Array(length), { holdsBuffers: true } as const)

export const isPacked = (bytes: Uint8Array): bytes is Packed => "holdsBuffers" in bytes

/** The message with the numbers of its buffers, which are the sender's no more. `undefined`: one of them is not there. */
export const pack = (bytes: Uint8Array, parcel: Parcel): Packed | undefined => {
  const packed = makePacked(bytes.length + parcel.length * ENTRY + COUNT)
  packed.set(bytes)
  const view = new DataView(packed.buffer)
  let at = bytes.length
  for (const buffer of parcel) {
    const number = buffer.leave()
    if (number === undefined) return undefined
    view.setFloat64(at, number, true)
    view.setFloat64(at + 8, buffer.byteLength, true)
    at += ENTRY
  }
  view.setUint32(at, parcel.length, true)
  return packed
}

/** The reverse; the buffers are in flight until somebody takes them. `undefined`: these are no such bytes. */
export const unpack = (
  host: Host,
  packed: Uint8Array
): { readonly bytes: Uint8Array; readonly parcel: Parcel } | undefined => {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  if (packed.length < COUNT) return undefined
  const count = view.getUint32(packed.length - COUNT, true)
  const length = packed.length - COUNT - count * ENTRY
  if (length < 0) return undefined
  const parcel: Parcel = []
  for (let at = length; at < packed.length - COUNT; at += ENTRY) {
    const block = host.buffers.enter?.(view.getFloat64(at, true), view.getFloat64(at + 8, true))
    if (block === undefined) {
      for (const buffer of parcel) buffer.release()
      return undefined
    }
    parcel.push(new BufferHandle(block, State.Flight))
  }
  return { bytes: packed.subarray(0, length), parcel }
}
