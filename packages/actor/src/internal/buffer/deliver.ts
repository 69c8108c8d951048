/**
 * A message with buffers, and the handler that gets them: they are the actor's while the handler runs or waits, and are
 * released when it is done, but for those that it retained, sent on or answers with.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Forward } from "../forward.ts"
import { StreamRequest } from "../stream.ts"
import { handlesOf } from "./arrival.ts"
import type { BufferHandle } from "./handle.ts"
import { buffersIn } from "./payload.ts"

// What the result still needs of them: an answer, or the message of a forward, leaves after the handler.
const neededBy = (result: unknown, asked: boolean): ReadonlyArray<BufferHandle> =>
  result instanceof Forward ? buffersIn(result.message.payload) : asked ? buffersIn(result) : []

const handled = (handles: ReadonlyArray<BufferHandle>, result: unknown, asked: boolean): void => {
  const needed = neededBy(result, asked)
  if (result instanceof Forward) result.lent = handles.filter((handle) => needed.includes(handle))
  for (const handle of handles) if (!needed.includes(handle)) handle.handled()
}

/** Runs `handler` with a payload that has arrived. `asked`: somebody waits for the result. */
export const withBuffers = (payload: unknown, asked: boolean, handler: () => unknown): unknown => {
  const handles = handlesOf(payload)
  for (const handle of handles) handle.arrive()
  let result: unknown
  try {
    result = handler()
  } catch (error) {
    handled(handles, undefined, false)
    throw error
  }
  if (typeof result !== "object" || result === null) {
    for (const handle of handles) handle.handled()
    return result
  }
  if (Exit.isExit(result)) {
    handled(handles, Exit.isSuccess(result) ? result.value : undefined, asked)
    return result
  }
  if (Effect.isEffect(result)) {
    return Effect.onExit(
      result,
      (exit) => Effect.sync(() => handled(handles, Exit.isSuccess(exit) ? exit.value : undefined, asked))
    )
  }
  if (result instanceof Promise) {
    return result.then(
      (value: unknown) => {
        handled(handles, value, asked)
        return value
      },
      (error: unknown) => {
        handled(handles, undefined, false)
        throw error
      }
    )
  }
  // A stream goes on by itself: what it needs it retains.
  handled(handles, StreamRequest.is(result) ? undefined : result, asked)
  return result
}
