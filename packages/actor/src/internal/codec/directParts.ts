/**
 * What the functions of `direct.ts` call: the forms of numbers, strings and bytes, at a place of a block, with no state
 * between two calls. The forms are those of `writer.ts` and `reader.ts` (docs/codec.md).
 */
import { asciiAt } from "./ascii.ts"

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const loneSurrogate = /\p{Surrogate}/u
const twoTo32 = 4294967296
/** Longer ones cost less by the encoder, or the decoder. */
const longestShort = 40

/** Where the last `numberAt` ended. */
export const stand = { at: 0 }

/** Nine bytes are there. Where it ends. */
export const putNumber = (value: number, bytes: Uint8Array, view: DataView, at: number): number => {
  if (value >>> 0 === value && (value !== 0 || 1 / value > 0)) {
    if (value < 0x80) {
      bytes[at] = value
      return at + 1
    }
    if (value < 0x100) {
      bytes[at] = 0xcc
      bytes[at + 1] = value
      return at + 2
    }
    if (value < 0x10000) {
      bytes[at] = 0xcd
      view.setUint16(at + 1, value)
      return at + 3
    }
    bytes[at] = 0xce
    view.setUint32(at + 1, value)
    return at + 5
  }
  return putOther(value, bytes, view, at)
}

const putOther = (value: number, bytes: Uint8Array, view: DataView, at: number): number => {
  if ((value | 0) === value && value < 0) {
    if (value >= -0x20) {
      bytes[at] = value
      return at + 1
    }
    if (value >= -0x80) {
      bytes[at] = 0xd0
      bytes[at + 1] = value
      return at + 2
    }
    if (value >= -0x8000) {
      bytes[at] = 0xd1
      view.setInt16(at + 1, value)
      return at + 3
    }
    bytes[at] = 0xd2
    view.setInt32(at + 1, value)
    return at + 5
  }
  if (Number.isSafeInteger(value) && value !== 0) {
    const high = Math.floor(value / twoTo32)
    bytes[at] = value < 0 ? 0xd3 : 0xcf
    view.setInt32(at + 1, high)
    view.setUint32(at + 5, value - high * twoTo32)
    return at + 9
  }
  bytes[at] = 0xcb
  view.setFloat64(at + 1, value)
  return at + 9
}

/** Where it ends. Below 0: it has no UTF-8, or no room before `limit`. */
export const putString = (value: string, bytes: Uint8Array, at: number, limit: number): number => {
  const { length } = value
  if (at + 2 + length > limit) return -1
  if (length > longestShort) return putLong(value, bytes, at, limit)
  let to = at
  if (length < 32) bytes[to++] = 0xa0 | length
  else {
    bytes[to++] = 0xd9
    bytes[to++] = length
  }
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0x7f) return putLong(value, bytes, at, limit)
    bytes[to++] = code
  }
  return to
}

// Its length is known when it is written: behind the longest header, then moved.
const putLong = (value: string, bytes: Uint8Array, at: number, limit: number): number => {
  const body = at + 3
  if (body + value.length * 3 > limit || loneSurrogate.test(value)) return -1
  const { written } = utf8.encodeInto(value, bytes.subarray(body, limit))
  let to = at
  if (written < 32) bytes[to++] = 0xa0 | written
  else if (written < 0x100) {
    bytes[to++] = 0xd9
    bytes[to++] = written
  } else {
    bytes[to++] = 0xda
    bytes[to++] = written >> 8
    bytes[to++] = written
  }
  if (to !== body) bytes.copyWithin(to, body, body + written)
  return to + written
}

/** Where they end. Below 0: there is no room before `limit`. */
export const putBytes = (value: Uint8Array, bytes: Uint8Array, at: number, limit: number): number => {
  const { length } = value
  if (at + 3 + length > limit) return -1
  let to = at
  if (length < 0x100) {
    bytes[to++] = 0xc4
    bytes[to++] = length
  } else {
    bytes[to++] = 0xc5
    bytes[to++] = length >> 8
    bytes[to++] = length
  }
  bytes.set(value, to)
  return to + length
}

/** A number of any form but a bigint's; `undefined`: none is there. */
export const numberAt = (bytes: Uint8Array, view: DataView, at: number, limit: number): number | undefined => {
  const token = at < limit ? bytes[at]! : 0xc1
  const left = limit - at
  if (token < 0x80 || token >= 0xe0) {
    stand.at = at + 1
    return token < 0x80 ? token : token - 0x100
  }
  switch (token) {
    case 0xca:
      return left < 5 ? undefined : stood(at + 5, view.getFloat32(at + 1))
    case 0xcb:
      return left < 9 ? undefined : stood(at + 9, view.getFloat64(at + 1))
    case 0xcc:
      return left < 2 ? undefined : stood(at + 2, bytes[at + 1]!)
    case 0xcd:
      return left < 3 ? undefined : stood(at + 3, view.getUint16(at + 1))
    case 0xce:
      return left < 5 ? undefined : stood(at + 5, view.getUint32(at + 1))
    case 0xd0:
      return left < 2 ? undefined : stood(at + 2, view.getInt8(at + 1))
    case 0xd1:
      return left < 3 ? undefined : stood(at + 3, view.getInt16(at + 1))
    case 0xd2:
      return left < 5 ? undefined : stood(at + 5, view.getInt32(at + 1))
    case 0xcf:
    case 0xd3: {
      if (left < 9) return undefined
      const high = token === 0xcf ? view.getUint32(at + 1) : view.getInt32(at + 1)
      const value = high * twoTo32 + view.getUint32(at + 5)
      return Number.isSafeInteger(value) ? stood(at + 9, value) : undefined
    }
    default:
      return undefined
  }
}

const stood = (at: number, value: number): number => {
  stand.at = at
  return value
}

/** So many bytes as text; `undefined`: they are no UTF-8. */
export const textAt = (bytes: Uint8Array, at: number, length: number): string | undefined =>
  (length > longestShort ? undefined : asciiAt(bytes, at, length)) ?? decoded(bytes, at, length)

const decoded = (bytes: Uint8Array, at: number, length: number): string | undefined => {
  try {
    return fromUtf8.decode(bytes.subarray(at, at + length))
  } catch {
    return undefined
  }
}
