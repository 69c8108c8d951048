/**
 * Buffers in payloads: found, handed over, taken in, given back. They may stand anywhere in arrays, plain objects,
 * instances, maps and sets.
 *
 * Only payloads whose schema speaks of buffers come here (`schema.ts`).
 */
import { BufferHandle } from "./handle.ts"

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
  if (item instanceof BufferHandle) found.push(item)
  else if (isLeaf(item)) return
  else if (above === undefined) find(item, found, new Set([value, item]))
  else if (!above.has(item)) find(item, found, above.add(item))
}

/** The buffers of a payload, in order; one that stands in it twice comes twice. */
export const buffersIn = (value: unknown): Array<BufferHandle> => {
  const found: Array<BufferHandle> = []
  if (value instanceof BufferHandle) found.push(value)
  else if (!isLeaf(value)) find(value, found, undefined)
  return found
}

type Handles = ReadonlyMap<BufferHandle, BufferHandle>

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
const replace = (value: unknown, by: Handles, above: ReadonlyArray<unknown>): unknown => {
  if (isLeaf(value)) return value
  if (value instanceof BufferHandle) return by.get(value) ?? value
  if (above.includes(value)) return value
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

/** A payload whose buffers have left their sender, and the way back. */
export class Departure {
  readonly payload: unknown
  readonly #handles: Handles

  constructor(payload: unknown, handles: Handles) {
    this.payload = payload
    this.#handles = handles
  }

  /** The send was refused. */
  undo(): void {
    for (const [from, travelling] of this.#handles) from.restore(travelling)
  }

  /** For a receiver that is here already. */
  arrive(): unknown {
    for (const travelling of this.#handles.values()) travelling.arrive()
    return this.payload
  }
}

const issueOf = (found: ReadonlyArray<BufferHandle>): string | undefined => {
  if (found.length > 1 && new Set(found).size < found.length) return "the same buffer stands in it twice: copy it"
  return found.every((handle) => handle.isHeld) ? undefined : "it holds a buffer that was sent or released before"
}

/** What is wrong with the buffers of a payload, for its sender. */
export const issueOfBuffers = (payload: unknown): string | undefined => issueOf(buffersIn(payload))

/** Takes the buffers of a payload from their sender. `undefined`: see `issueOfBuffers`; nothing has changed. */
export const depart = (payload: unknown): Departure | undefined => {
  const found = buffersIn(payload)
  if (issueOf(found) !== undefined) return undefined
  const handles = new Map<BufferHandle, BufferHandle>()
  for (const from of found) {
    const travelling = from.depart()
    if (travelling === undefined) {
      new Departure(payload, handles).undo()
      return undefined
    }
    handles.set(from, travelling)
  }
  return new Departure(found.length === 0 ? payload : replace(payload, handles, []), handles)
}

/** Nobody will have them. */
export const releaseAll = (payload: unknown): void => {
  for (const handle of buffersIn(payload)) handle.release()
}
