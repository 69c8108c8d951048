/**
 * Any plain value as msgpack: null, booleans, numbers, bigints, strings, bytes, arrays, records. `undefined` is nil.
 */
import { plainOf } from "../crashed.ts"
import { maxDepth, NotEncodable } from "./issues.ts"
import {
  isAtEnd,
  malformed,
  peek,
  readArrayHeader,
  readBytes,
  reading,
  readMapHeader,
  readNumber,
  readString,
  skip
} from "./reader.ts"
import {
  writeArrayHeader,
  writeBigInt,
  writeBoolean,
  writeBytes,
  writeMapHeader,
  writeNil,
  writeNumber,
  writeString
} from "./writer.ts"

const nameOf = (value: object): string => {
  const constructor: unknown = Object.getPrototypeOf(value)?.constructor
  return typeof constructor === "function" && constructor.name !== "" ? constructor.name : "class"
}

const writeAt = (key: PropertyKey, value: unknown, depth: number): void => {
  try {
    writePlain(value, depth)
  } catch (error) {
    if (error instanceof NotEncodable) error.path.unshift(key)
    throw error
  }
}

const writeObject = (value: object, depth: number): void => {
  if (depth > maxDepth) throw new NotEncodable(`more than ${maxDepth} levels cannot be encoded: does it hold itself?`)
  if (Array.isArray(value)) {
    writeArrayHeader(value.length)
    for (let i = 0; i < value.length; i++) writeAt(i, value[i], depth + 1)
    return
  }
  if (value instanceof Uint8Array) return writeBytes(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && prototype !== Object.prototype) {
    const plain = plainOf(value)
    if (plain !== undefined) return writeObject(plain, depth)
    throw new NotEncodable(`an instance of ${nameOf(value)} cannot be encoded: its schema does not say how`)
  }
  const keys = Object.keys(value)
  writeMapHeader(keys.length)
  for (const key of keys) {
    writeString(key)
    writeAt(key, (value as Record<string, unknown>)[key], depth + 1)
  }
}

/** Writes it. Throws `NotEncodable`. */
export const writePlain = (value: unknown, depth = 0): void => {
  switch (typeof value) {
    case "string":
      return writeString(value)
    case "number":
      return writeNumber(value)
    case "boolean":
      return writeBoolean(value)
    case "bigint":
      return writeBigInt(value)
    case "undefined":
      return writeNil()
    case "object":
      return value === null ? writeNil() : writeObject(value, depth)
    default:
      throw new NotEncodable(`a ${typeof value} cannot be encoded`)
  }
}

const readArray = (length: number, depth: number): Array<unknown> => {
  const array: Array<unknown> = []
  for (let i = 0; i < length; i++) array.push(readPlain(depth + 1))
  return array
}

const readMap = (size: number, depth: number): object => {
  const record: Record<string, unknown> = {}
  for (let i = 0; i < size; i++) {
    const key = readString()
    if (key === undefined) return malformed("a key is no string")
    const value = readPlain(depth + 1)
    if (key !== "__proto__") record[key] = value
    // Assigned, it would be the prototype.
    else Object.defineProperty(record, key, { value, writable: true, enumerable: true, configurable: true })
  }
  return record
}

/** Reads one value. Throws `Malformed`. */
export const readPlain = (depth = 0): unknown => {
  if (depth > maxDepth) return malformed(`more than ${maxDepth} levels`)
  const token = peek()
  if (token < 0) return malformed("it ends early")
  if (token === 0xc0 || token === 0xc2 || token === 0xc3) {
    skip()
    return token === 0xc0 ? null : token === 0xc3
  }
  const text = readString()
  if (text !== undefined) return text
  const number = readNumber()
  if (number !== undefined) return number
  const bytes = readBytes()
  if (bytes !== undefined) return bytes
  const length = readArrayHeader()
  if (length >= 0) return readArray(length, depth)
  const size = readMapHeader()
  if (size >= 0) return readMap(size, depth)
  return malformed(token === 0xc1 ? "0xc1 is no form" : "extension types are not read")
}

/** One value and no more. Throws `Malformed`. */
export const decodePlain = (source: Uint8Array): unknown => reading(source, readWhole)

const readWhole = (): unknown => {
  const value = readPlain()
  if (!isAtEnd()) malformed("bytes behind the end")
  return value
}
