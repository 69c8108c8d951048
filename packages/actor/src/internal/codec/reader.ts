/**
 * Reads msgpack from bytes that anybody may have sent.
 *
 * Nothing is allocated for a length before that many bytes are there, nothing is read beyond the end, and what is not
 * well-formed is `Malformed`. Owner: whoever decodes, inside of `reading`, which may be entered again from there: by a
 * program's own check.
 */
import { asciiAt } from "./ascii.ts"
import { keptAt } from "./kept.ts"
import { Malformed } from "./issues.ts"

const empty = new Uint8Array(0)
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const twoTo32 = 4294967296

let bytes: Uint8Array = empty
let view: DataView = new DataView(empty.buffer)
let begin = 0
let at = 0
let limit = 0

/** Reads in `source`. Whatever was read before goes on afterwards, and none of the bytes is held any more. */
export const reading = <A>(source: Uint8Array, read: () => A): A =>
  readingIn(source, new DataView(source.buffer, source.byteOffset, source.byteLength), 0, source.length, read)

/** The same from `from` up to `to`, with a view of all of `source`. */
export const readingIn = <A>(source: Uint8Array, sourceView: DataView, from: number, to: number, read: () => A): A => {
  const before = bytes, viewBefore = view, beginBefore = begin, atBefore = at, limitBefore = limit
  bytes = source
  view = sourceView
  begin = at = from
  limit = to
  try {
    return read()
  } finally {
    bytes = before
    view = viewBefore
    begin = beginBefore
    at = atBefore
    limit = limitBefore
  }
}

export const position = (): number => at - begin
export const seek = (to: number): void => {
  at = begin + to
}
export const isAtEnd = (): boolean => at === limit

export const malformed = (issue: string): never => {
  throw new Malformed(issue, at - begin)
}

/** The first byte of what comes next; it stays there. -1: nothing does. */
export const peek = (): number => at < limit ? bytes[at]! : -1

export const skip = (): void => {
  at++
}

/** Whether `raw` comes next; then it is behind. */
export const readRaw = (raw: Uint8Array): boolean => {
  const { length } = raw
  if (at + length > limit) return false
  const from = bytes, offset = at
  for (let i = 0; i < length; i++) {
    if (from[offset + i] !== raw[i]) return false
  }
  at += length
  return true
}

const need = (count: number): number => {
  const from = at
  if (count > limit - from) malformed("it ends early")
  at = from + count
  return from
}

/** An unsigned integer of 1, 2 or 4 bytes. */
export const readUint = (size: number): number => {
  const from = need(size)
  return size === 1 ? bytes[from]! : size === 2 ? view.getUint16(from) : view.getUint32(from)
}

/**
 * A number of any form, or, where 53 bits do not hold it, the bigint of a 64-bit one. `undefined`: what comes next is no
 * number, and is still there.
 */
export const readNumber = (): number | bigint | undefined => {
  const token = peek()
  if (token >= 0 && token < 0x80) {
    at++
    return token
  }
  if (token >= 0xe0) {
    at++
    return token - 0x100
  }
  if (token < 0xca || token > 0xd3) return undefined
  at++
  switch (token) {
    case 0xca:
      return view.getFloat32(need(4))
    case 0xcb:
      return view.getFloat64(need(8))
    case 0xcc:
      return readUint(1)
    case 0xcd:
      return readUint(2)
    case 0xce:
      return readUint(4)
    case 0xd0:
      return view.getInt8(need(1))
    case 0xd1:
      return view.getInt16(need(2))
    case 0xd2:
      return view.getInt32(need(4))
    default: {
      const from = need(8)
      const high = token === 0xcf ? view.getUint32(from) : view.getInt32(from)
      const value = high * twoTo32 + view.getUint32(from + 4)
      if (Number.isSafeInteger(value)) return value
      return token === 0xcf ? view.getBigUint64(from) : view.getBigInt64(from)
    }
  }
}

/** The bytes of a string, or -1: what comes next is none. They are behind the header, and there. */
const stringLength = (): number => {
  const token = peek()
  let length: number
  if (token >= 0xa0 && token < 0xc0) {
    at++
    length = token & 0x1f
  } else if (token >= 0xd9 && token <= 0xdb) {
    at++
    length = readUint(1 << (token - 0xd9))
  } else return -1
  if (length > limit - at) malformed("a string is longer than what is left")
  return length
}

const textOf = (from: number, length: number): string => {
  try {
    return utf8.decode(bytes.subarray(from, from + length))
  } catch {
    at = from
    return malformed("a string is not UTF-8")
  }
}

/** A decoder costs more than so many characters do. */
const longestShort = 40

/** `undefined`: what comes next is no string, and is still there. */
export const readString = (): string | undefined => {
  const length = stringLength()
  if (length < 0) return undefined
  const from = at
  at = from + length
  return (length > longestShort ? undefined : asciiAt(bytes, from, length)) ?? textOf(from, length)
}

/** A copy. `undefined`: what comes next is not bytes, and is still there. */
export const readBytes = (): Uint8Array | undefined => {
  const token = peek()
  if (token < 0xc4 || token > 0xc6) return undefined
  at++
  const length = readUint(1 << (token - 0xc4))
  return keptAt(bytes, need(length), length)
}

// Each item takes a byte or more, so what a header claims is bounded by what is left.
const items = (token: number, small: number, two: number, least: number): number => {
  if (token >= small && token < small + 16) {
    at++
    return token & 0x0f
  }
  if (token !== two && token !== two + 1) return -1
  at++
  const length = readUint(token === two ? 2 : 4)
  if (length * least > limit - at) malformed("a header claims more than what is left")
  return length
}

/** -1: what comes next is no array, and is still there. */
export const readArrayHeader = (): number => items(peek(), 0x90, 0xdc, 1)

/** -1: what comes next is no map, and is still there. */
export const readMapHeader = (): number => items(peek(), 0x80, 0xde, 2)
