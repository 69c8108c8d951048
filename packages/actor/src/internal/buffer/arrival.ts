/**
 * The payload from another isolate that is being delivered, with the buffers that came with it: nobody has to look for
 * them in it.
 *
 * Owner: `away.ts`, from `cameWith` to `isOver`.
 */
import type { BufferHandle } from "./handle.ts"
import { buffersIn } from "./payload.ts"

const nothing: ReadonlyArray<BufferHandle> = []

const arrival = { payload: undefined as unknown, handles: nothing }

/** To be followed by `isOver`, when it was delivered. */
export const cameWith = (payload: unknown, handles: ReadonlyArray<BufferHandle>): void => {
  arrival.payload = payload
  arrival.handles = handles
}

export const isOver = (): void => {
  arrival.payload = undefined
  arrival.handles = nothing
}

/** The buffers of a payload, once. */
export const handlesOf = (payload: unknown): ReadonlyArray<BufferHandle> => {
  if (typeof payload !== "object" || payload !== arrival.payload) return buffersIn(payload)
  const { handles } = arrival
  isOver()
  return handles
}
