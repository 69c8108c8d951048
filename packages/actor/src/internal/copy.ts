/**
 * Copies of states: plain data by one walk, which is also the check that it is plain.
 *
 * What `structuredClone` copies is copied here for a tenth of its price on small objects, as far as it has no hidden
 * meaning: objects, arrays, maps, sets, dates, regular expressions, bytes. Cycles and shared parts stay what they are.
 * Refs, PIDs and buffers are handles: the copy has the same. A class, a function, a symbol or an accessor is no plain data, and a
 * copy that loses what it means would be worse than none.
 */
import { isBuffer } from "./buffer/handle.ts"
import { Cell } from "./cell.ts"
import { plainOf } from "./crashed.ts"

/** What cannot be copied, and where: `$.cart.items[3].price`. */
export class NotCopyable extends Error {
  readonly path: string

  constructor(path: string) {
    super(`${path} is no plain data`)
    this.path = path
  }
}

type Seen = Map<object, unknown>

const name = /^[\p{ID_Start}$_][\p{ID_Continue}$_]*$/u
const step = (key: PropertyKey): string =>
  typeof key !== "string" ? `[${String(key)}]` : name.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`

const objectPrototype = Object.prototype

/** Nothing to copy, and nothing that cannot be. */
const isLeaf = (value: unknown): boolean =>
  value === null || (typeof value !== "object" && typeof value !== "function" && typeof value !== "symbol")

// The key of an entry may be anything, also what cannot be made a text of.
const entry = (key: unknown): string =>
  typeof key === "string" ? JSON.stringify(key) : typeof key === "object" && key !== null ? "…" : String(key)

const copy = (value: unknown, path: string, seen: Seen): unknown => {
  if (typeof value === "function" || typeof value === "symbol") throw new NotCopyable(path)
  if (typeof value !== "object" || value === null) return value
  const known = seen.get(value)
  if (known !== undefined) return known
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === objectPrototype || prototype === null) return copyObject(value, prototype, path, seen)
  if (Array.isArray(value)) {
    if (prototype !== Array.prototype) throw new NotCopyable(path)
    return copyArray(value, path, seen)
  }
  if (value instanceof Cell || isBuffer(value) || "~myrmidon/NamedRef" in value) return value
  const plain = plainOf(value)
  if (plain !== undefined) return copyObject(plain, objectPrototype, path, seen)
  return copyBuiltIn(value, prototype, path, seen)
}

const copyArray = (value: ReadonlyArray<unknown>, path: string, seen: Seen): Array<unknown> => {
  const made = new Array<unknown>(value.length)
  seen.set(value, made)
  let items = 0
  for (let at = 0; at < value.length; at++) {
    // A hole stays one.
    if (!(at in value)) continue
    items++
    const item = value[at]
    made[at] = isLeaf(item) ? item : copy(item, `${path}[${at}]`, seen)
  }
  // Beside its items and its length: what somebody hung on it, as `match` does.
  const names = Reflect.ownKeys(value)
  if (names.length > items + 1) throw new NotCopyable(path + step(names.find((name) => !Object.hasOwn(made, name))!))
  return made
}

const copyObject = (value: object, prototype: object | null, path: string, seen: Seen): object => {
  const made: Record<string, unknown> = prototype === null ? Object.create(null) : {}
  seen.set(value, made)
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === "symbol") throw new NotCopyable(path + step(key))
    const own = Object.getOwnPropertyDescriptor(value, key)!
    if (!("value" in own)) throw new NotCopyable(path + step(key))
    const copied = copy(own.value, path + step(key), seen)
    if (key === "__proto__" || !own.enumerable) Object.defineProperty(made, key, { ...own, value: copied })
    else made[key] = copied
  }
  return made
}

const copyBuiltIn = (value: object, prototype: unknown, path: string, seen: Seen): unknown => {
  let made: object
  if (prototype === Map.prototype) {
    const map = made = new Map<unknown, unknown>()
    seen.set(value, map)
    for (const [key, item] of value as Map<unknown, unknown>) {
      const at = `${path}.get(${entry(key)})`
      map.set(copy(key, at, seen), copy(item, at, seen))
    }
  } else if (prototype === Set.prototype) {
    const set = made = new Set<unknown>()
    seen.set(value, set)
    for (const item of value as Set<unknown>) set.add(copy(item, `${path}.has(${entry(item)})`, seen))
  } else if (prototype === Date.prototype) made = new Date((value as Date).getTime())
  else if (prototype === RegExp.prototype) made = new RegExp(value as RegExp)
  else if (prototype === ArrayBuffer.prototype) made = (value as ArrayBuffer).slice(0)
  else if (ArrayBuffer.isView(value) && globals.has(prototype)) {
    const buffer = copy(value.buffer, `${path}.buffer`, seen) as ArrayBuffer
    const View = value.constructor as new(buffer: ArrayBuffer, offset: number, length: number) => object
    made = new View(buffer, value.byteOffset, "length" in value ? (value.length as number) : value.byteLength)
  } else throw new NotCopyable(path)
  seen.set(value, made)
  // What somebody hung on it would be lost.
  if (!ArrayBuffer.isView(value) && Reflect.ownKeys(value).some((key) => key !== "lastIndex")) {
    throw new NotCopyable(path)
  }
  return made
}

const globals: ReadonlySet<unknown> = new Set([
  Int8Array.prototype,
  Uint8Array.prototype,
  Uint8ClampedArray.prototype,
  Int16Array.prototype,
  Uint16Array.prototype,
  Int32Array.prototype,
  Uint32Array.prototype,
  Float32Array.prototype,
  Float64Array.prototype,
  BigInt64Array.prototype,
  BigUint64Array.prototype,
  DataView.prototype
])

// A small object of primitives, which most states are, needs neither map nor paths: it is spread, once it is known that
// nothing of it is hidden, computed or another object.
const isFlat = (value: object): boolean => {
  if (Object.getPrototypeOf(value) !== objectPrototype || Object.getOwnPropertySymbols(value).length > 0) return false
  const names = Object.getOwnPropertyNames(value)
  for (let at = 0; at < names.length; at++) {
    const own = Object.getOwnPropertyDescriptor(value, names[at]!)!
    if (!own.enumerable || !("value" in own) || names[at] === "__proto__") return false
    const item: unknown = own.value
    const type = typeof item
    if ((type === "object" && item !== null) || type === "function" || type === "symbol") return false
  }
  return true
}

/** A copy that shares nothing but handles. Throws `NotCopyable`. */
export const copyPlain = (value: unknown): unknown => {
  if (typeof value === "object" && value !== null && isFlat(value)) return { ...value }
  return copy(value, "$", new Map())
}
