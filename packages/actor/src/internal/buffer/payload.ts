/**
 * Buffers in payloads: found, handed over, taken in, given back. They may stand anywhere in arrays, plain objects,
 * instances, maps and sets.
 *
 * Only payloads whose schema speaks of buffers come here (`schema.ts`).
 */
import { BufferHandle } from "./handle.ts"

const isLeaf = (value: unknown): boolean =>
  typeof value !== "object" || value === null || ArrayBuffer.isView(value) || "~myrmidon/ActorRef" in value

const find = (value: unknown, found: Array<BufferHandle>, seen: Set<unknown>): void => {
  if (isLeaf(value) || seen.has(value)) return
  if (value instanceof BufferHandle) {
    found.push(value)
    return
  }
  seen.add(value)
  if (value instanceof Map || value instanceof Set) {
    for (const item of value) find(item, found, seen)
    return
  }
  for (const item of Object.values(value as object)) find(item, found, seen)
}

/** The buffers of a payload, in order; one that stands in it twice comes twice. */
export const buffersIn = (value: unknown): Array<BufferHandle> => {
  const found: Array<BufferHandle> = []
  find(value, found, new Set())
  return found
}

type Handles = ReadonlyMap<BufferHandle, BufferHandle>

// Copies what stands above a buffer, and nothing else.
const replace = (value: unknown, by: Handles, seen: Map<unknown, unknown>): unknown => {
  if (isLeaf(value)) return value
  if (value instanceof BufferHandle) return by.get(value) ?? value
  const known = seen.get(value)
  if (known !== undefined) return known
  if (buffersIn(value).length === 0) return value
  if (value instanceof Map) {
    const map = new Map<unknown, unknown>()
    seen.set(value, map)
    for (const [key, item] of value) map.set(replace(key, by, seen), replace(item, by, seen))
    return map
  }
  if (value instanceof Set) {
    const set = new Set<unknown>()
    seen.set(value, set)
    for (const item of value) set.add(replace(item, by, seen))
    return set
  }
  const made: Record<string, unknown> | Array<unknown> = Array.isArray(value)
    ? []
    : Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>
  seen.set(value, made)
  for (const [key, item] of Object.entries(value as object)) {
    Object.defineProperty(made, key, {
      value: replace(item, by, seen),
      writable: true,
      enumerable: true,
      configurable: true
    })
  }
  return made
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

/** What is wrong with the buffers of a payload, for its sender. */
export const issueOfBuffers = (payload: unknown): string | undefined => {
  const found = buffersIn(payload)
  if (new Set(found).size < found.length) return "the same buffer stands in it twice: copy it"
  return found.every((handle) => handle.isHeld) ? undefined : "it holds a buffer that was sent or released before"
}

/** Takes the buffers of a payload from their sender. `undefined`: see `issueOfBuffers`; nothing has changed. */
export const depart = (payload: unknown): Departure | undefined => {
  if (issueOfBuffers(payload) !== undefined) return undefined
  const handles = new Map<BufferHandle, BufferHandle>()
  for (const from of buffersIn(payload)) {
    const travelling = from.depart()
    if (travelling === undefined) {
      new Departure(payload, handles).undo()
      return undefined
    }
    handles.set(from, travelling)
  }
  return new Departure(handles.size === 0 ? payload : replace(payload, handles, new Map()), handles)
}

/** Nobody will have them. */
export const releaseAll = (payload: unknown): void => {
  for (const handle of buffersIn(payload)) handle.release()
}
