/**
 * Buffers in payloads: found, handed over, taken in, given back. They may stand anywhere in arrays, plain objects,
 * instances, maps and sets.
 *
 * Only payloads whose schema speaks of buffers come here (`schema.ts`).
 */
import { show } from "../show.ts"
import { type BufferHandle, isBuffer } from "./handle.ts"

const isLeaf = (value: unknown): value is string | number | boolean | bigint | symbol | undefined | null =>
  typeof value !== "object" || value === null || ArrayBuffer.isView(value) || "~myrmidon/ActorRef" in value

const isPlain = (value: object): value is Record<string, unknown> => Object.getPrototypeOf(value) === Object.prototype

const find = (value: object, found: Array<BufferHandle>, above: Set<object> | undefined): void => {
  // What nearly all payloads are; `Object.values` is a call into V8's runtime.
  if (isPlain(value)) { for (const key in value) visit(value, value[key], found, above) }
  else {
    const items = value instanceof Map || value instanceof Set
      ? Array.from(value as Iterable<unknown>)
      : Object.values(value)
    for (const item of items) visit(value, item, found, above)
  }
}

const visit = (
  value: object,
  item: unknown,
  found: Array<BufferHandle>,
  above: Set<object> | undefined
): void => {
  if (isBuffer(item)) found.push(item)
  else if (isLeaf(item) || item === value) return
  else if (above === undefined) find(item, found, new Set([value, item]))
  else if (!above.has(item)) find(item, found, above.add(item))
}

/** The buffers of a payload, in order; one that stands in it twice comes twice. */
export const buffersIn = (value: unknown): Array<BufferHandle> => {
  const found: Array<BufferHandle> = []
  if (isBuffer(value)) found.push(value)
  else if (!isLeaf(value)) find(value, found, undefined)
  return found
}

/** Of so many buffers a look at each costs less than a map. */
const few = 16

/** Those that travel instead of those that were found in a payload. */
class Travelling {
  readonly #from: ReadonlyArray<BufferHandle>
  readonly #to: Array<BufferHandle> = []
  #map: Map<BufferHandle, BufferHandle> | undefined = undefined

  constructor(from: ReadonlyArray<BufferHandle>) {
    this.#from = from
  }

  /** false: one of them has no block to give. Those before it travel. */
  depart(): boolean {
    for (const from of this.#from) {
      const travelling = from.depart()
      if (travelling === undefined) return false
      this.#to.push(travelling)
    }
    return true
  }

  of(from: BufferHandle): BufferHandle {
    const all = this.#from
    if (all.length > few) {
      this.#map ??= new Map(all.map((from, i) => [from, this.#to[i]!]))
      return this.#map.get(from) ?? from
    }
    for (let i = 0; i < all.length; i++) if (all[i] === from) return this.#to[i]!
    return from
  }

  undo(): void {
    for (const [i, travelling] of this.#to.entries()) this.#from[i]!.restore(travelling)
  }

  arrive(): void {
    for (const travelling of this.#to) travelling.arrive()
  }
}

const copyWith = (value: object, key: string, item: unknown): void => {
  Object.defineProperty(value, key, { value: item, writable: true, enumerable: true, configurable: true })
}

const shallow = (value: object): object => {
  if (Array.isArray(value)) return value.slice()
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as object
  for (const [key, item] of Object.entries(value)) copyWith(copy, key, item)
  return copy
}

// Copies what stands above a buffer, and nothing else. `above`: what holds itself stays as it is.
const replace = (value: unknown, by: Travelling, above: ReadonlyArray<unknown>): unknown => {
  if (isBuffer(value)) return by.of(value)
  if (isLeaf(value) || above.includes(value)) return value
  if (isPlain(value)) return replaceIn(value, by, above)
  const within = [...above, value]
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, item]) => [replace(key, by, within), replace(item, by, within)] as const))
  }
  if (value instanceof Set) return new Set(Array.from(value, (item) => replace(item, by, within)))
  let copy: object | undefined
  for (const [key, item] of Object.entries(value)) {
    const replaced = replace(item, by, within)
    if (replaced !== item) copyWith(copy ??= shallow(value), key, replaced)
  }
  return copy ?? value
}

// The same of what nearly all payloads are: to define their properties one by one costs ten times as much.
const replaceIn = (value: Record<string, unknown>, by: Travelling, above: ReadonlyArray<unknown>): unknown => {
  let within: ReadonlyArray<unknown> | undefined
  let copy: Record<string, unknown> | undefined
  for (const key in value) {
    const item = value[key]
    let replaced = item
    if (isBuffer(item)) replaced = by.of(item)
    else if (!isLeaf(item)) replaced = replace(item, by, within ??= [...above, value])
    // It has that property of its own by then, whatever its name is.
    if (replaced !== item) (copy ??= { ...value })[key] = replaced
  }
  return copy ?? value
}

/** A payload whose buffers have left their sender, and the way back. */
export class Departure {
  readonly payload: unknown
  readonly #handles: Travelling

  constructor(payload: unknown, handles: Travelling) {
    this.payload = payload
    this.#handles = handles
  }

  /** The send was refused. */
  undo(): void {
    this.#handles.undo()
  }

  /** For a receiver that is here already. */
  arrive(): unknown {
    this.#handles.arrive()
    return this.payload
  }
}

const issueOf = (found: ReadonlyArray<BufferHandle>): string | undefined => {
  if (found.length > 1 && new Set(found).size < found.length) return "the same buffer stands in it twice: copy it"
  return found.every((handle) => handle.isHeld) ? undefined : "it holds a buffer that was sent or released before"
}

// A payload's own accessors run, and may throw: that is the sender's mistake as any other.
const foundIn = (payload: unknown): Array<BufferHandle> | string => {
  try {
    const found = buffersIn(payload)
    return issueOf(found) ?? found
  } catch (error) {
    return `it cannot be read: ${error instanceof Error ? error.message : show(error)}`
  }
}

/** What is wrong with the buffers of a payload, for its sender. */
export const issueOfBuffers = (payload: unknown): string | undefined => {
  const found = foundIn(payload)
  return typeof found === "string" ? found : undefined
}

/** Takes the buffers of a payload from their sender. `undefined`: see `issueOfBuffers`; nothing has changed. */
export const depart = (payload: unknown): Departure | undefined => {
  const found = foundIn(payload)
  if (typeof found === "string") return undefined
  const travelling = new Travelling(found)
  if (!travelling.depart()) {
    travelling.undo()
    return undefined
  }
  return new Departure(found.length === 0 ? payload : replace(payload, travelling, []), travelling)
}

/** Nobody will have them. */
export const releaseAll = (payload: unknown): void => {
  for (const handle of buffersIn(payload)) handle.release()
}
