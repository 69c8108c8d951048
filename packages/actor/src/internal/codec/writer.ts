/**
 * Writes msgpack into one growing block: the forms are always the shortest ones (docs/codec.md).
 *
 * Owner: whoever encodes, from `begin` to `end` or `rewind`. What `end` gives out is a view into the block, and is never
 * written again: the next value begins behind it, a full block is left to the collector. A program's own code that runs
 * in between (a check, an accessor) may encode too: its value is written behind, copied, and taken back.
 *
 * From `beginIn` on the block is somebody else's, and the value stands there when `endIn` says so: one that did not fit has
 * moved to a block of its own.
 */
import { NotEncodable } from "./issues.ts"

const blockBytes = 65_536
/** A header and eight bytes; what every fixed form needs. */
const roomOfFixed = 9

let bytes = new Uint8Array(blockBytes)
let view = new DataView(bytes.buffer)
let start = 0
let at = 0
let isOpen = false
/** The block of `beginIn`; our own is in the other three meanwhile. */
let lent: Uint8Array | undefined = undefined
let ownBytes = bytes
let ownView = view
let ownAt = 0
/** Where the values begin that are under way around this one. */
const around: Array<number> = []
const utf8 = new TextEncoder()
const loneSurrogate = /\p{Surrogate}/u
const twoTo32 = 4294967296

const renew = (): void => {
  bytes = new Uint8Array(blockBytes)
  view = new DataView(bytes.buffer)
  start = at = 0
}

const grow = (needed: number): void => {
  const first = around[0] ?? start
  const length = at - first
  const next = new Uint8Array(Math.max(blockBytes, (length + needed) * 2))
  next.set(bytes.subarray(first, at))
  bytes = next
  view = new DataView(next.buffer)
  for (let i = 0; i < around.length; i++) around[i]! -= first
  start -= first
  at = length
}

const reserve = (needed: number): void => {
  if (at + needed > bytes.length) grow(needed)
}

/** Nobody is writing. */
export const isFree = (): boolean => !isOpen

/** As `begin`, into a block of the caller's, from `offset` on. Only while `isFree`. */
export const beginIn = (into: Uint8Array<ArrayBuffer>, intoView: DataView<ArrayBuffer>, offset: number): void => {
  ownBytes = bytes
  ownView = view
  ownAt = at
  lent = bytes = into
  view = intoView
  start = at = offset
  isOpen = true
}

/** What was written since `beginIn`: its length where it stands in that block, else -1, and it is gone. */
export const endIn = (): number => {
  const length = bytes === lent ? at - start : -1
  leaveLent()
  return length
}

const leaveLent = (): void => {
  bytes = ownBytes
  view = ownView
  start = at = ownAt
  // To write a length is a call into V8, even where it changes nothing.
  if (around.length > 0) around.length = 0
  lent = undefined
  isOpen = false
}

export const begin = (): void => {
  if (isOpen) around.push(start)
  isOpen = true
  start = at
}

/** Takes back what was written since `begin`. */
export const rewind = (): void => {
  at = start
  leave()
}

const leave = (): void => {
  const outer = around.pop()
  if (outer === undefined) isOpen = false
  else start = outer
}

export const end = (): Uint8Array => {
  if (around.length > 0) {
    const copy = bytes.slice(start, at)
    rewind()
    return copy
  }
  isOpen = false
  const written = bytes.subarray(start, at)
  start = at
  // A large value's block goes with the value.
  if (bytes.length > blockBytes) renew()
  return written
}

/** Bytes that were encoded before: a key, a constant. */
export const writeRaw = (raw: Uint8Array): void => {
  const length = raw.length
  reserve(length)
  const into = bytes
  let to = at
  // Keys are short: a call of `set` costs more than the loop.
  if (length < 32) { for (let i = 0; i < length; i++) into[to++] = raw[i]! }
  else into.set(raw, to)
  at += length
}

export const writeNil = (): void => {
  reserve(1)
  bytes[at++] = 0xc0
}

export const writeBoolean = (value: boolean): void => {
  reserve(1)
  bytes[at++] = value ? 0xc3 : 0xc2
}

/** An integer as an integer, where it is exact as a number; else a double. */
export const writeNumber = (value: number): void => {
  reserve(roomOfFixed)
  if (value >>> 0 === value && !Object.is(value, -0)) {
    if (value < 0x80) bytes[at++] = value
    else if (value < 0x100) {
      bytes[at++] = 0xcc
      bytes[at++] = value
    } else if (value < 0x10000) {
      bytes[at++] = 0xcd
      bytes[at++] = value >> 8
      bytes[at++] = value
    } else {
      bytes[at++] = 0xce
      view.setUint32(at, value)
      at += 4
    }
  } else if ((value | 0) === value && value < 0) {
    if (value >= -0x20) bytes[at++] = value
    else if (value >= -0x80) {
      bytes[at++] = 0xd0
      bytes[at++] = value
    } else if (value >= -0x8000) {
      bytes[at++] = 0xd1
      bytes[at++] = value >> 8
      bytes[at++] = value
    } else {
      bytes[at++] = 0xd2
      view.setInt32(at, value)
      at += 4
    }
  } else if (Number.isSafeInteger(value) && value !== 0) {
    const high = Math.floor(value / twoTo32)
    bytes[at++] = value < 0 ? 0xd3 : 0xcf
    view.setInt32(at, high)
    view.setUint32(at + 4, value - high * twoTo32)
    at += 8
  } else {
    bytes[at++] = 0xcb
    view.setFloat64(at, value)
    at += 8
  }
}

/** Throws `NotEncodable` for one of more than 64 bits. */
export const writeBigInt = (value: bigint): void => {
  if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) return writeNumber(Number(value))
  if (BigInt.asIntN(64, value) !== value && BigInt.asUintN(64, value) !== value) {
    throw new NotEncodable("a bigint of more than 64 bits cannot be encoded")
  }
  reserve(roomOfFixed)
  bytes[at++] = value < 0 ? 0xd3 : 0xcf
  view.setBigUint64(at, BigInt.asUintN(64, value))
  at += 8
}

// `small` 0: there is no form with the length in the first byte, `byte` 0: none with one byte of length.
const writeLength = (length: number, small: number, limit: number, byte: number, two: number): void => {
  if (length < limit) bytes[at++] = small | length
  else if (byte !== 0 && length < 0x100) {
    bytes[at++] = byte
    bytes[at++] = length
  } else if (length < 0x10000) {
    bytes[at++] = two
    bytes[at++] = length >> 8
    bytes[at++] = length
  } else {
    bytes[at++] = two + 1
    view.setUint32(at, length)
    at += 4
  }
}

export const writeArrayHeader = (length: number): void => {
  reserve(roomOfFixed)
  writeLength(length, 0x90, 16, 0, 0xdc)
}

export const writeMapHeader = (size: number): void => {
  reserve(roomOfFixed)
  writeLength(size, 0x80, 16, 0, 0xde)
}

export const writeBytes = (value: Uint8Array): void => {
  const { length } = value
  reserve(roomOfFixed + length)
  writeLength(length, 0, 0, 0xc4, 0xc5)
  bytes.set(value, at)
  at += length
}

/** Throws `NotEncodable` for one that has no UTF-8. */
export const writeString = (value: string): void => {
  const { length } = value
  reserve(roomOfFixed + length * 3)
  if (length < 32) {
    const into = bytes
    let to = at
    into[to++] = 0xa0 | length
    let i = 0
    for (; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) break
      into[to++] = code
    }
    if (i === length) {
      at = to
      return
    }
  }
  if (loneSurrogate.test(value)) throw new NotEncodable("a string with a lone surrogate cannot be encoded")
  // Its length is known when it is written: it is written behind the longest header, then moved.
  const body = at + 5
  const { written } = utf8.encodeInto(value, bytes.subarray(body))
  writeLength(written, 0xa0, 32, 0xd9, 0xda)
  if (at !== body) bytes.copyWithin(at, body, body + written)
  at += written
}
