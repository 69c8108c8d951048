/**
 * Stream replies, the reader's half: a call whose payload carries the reader's queue. The actor's is `produce.ts`.
 *
 * The call ends when the stream does; it has no timeout. A reader that goes away interrupts the producer.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Message } from "../Message.ts"
import { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { senderOf } from "./current.ts"
import { Envelope } from "./envelope.ts"
import { askRefused, sendCall } from "./send.ts"
import { Outcome } from "./shard.ts"

const defaultBuffer = 16

/** What travels in the mailbox in place of the payload. */
export class StreamRequest {
  readonly payload: unknown
  readonly queue: Queue.Queue<unknown, unknown>
  /** What the handler returned. */
  produce: unknown = undefined
  /** Ends the producer: the reader has gone. */
  cancel: (() => void) | undefined = undefined
  cancelled = false

  constructor(payload: unknown, queue: Queue.Queue<unknown, unknown>) {
    this.payload = payload
    this.queue = queue
  }
}

/** The reader's half: nothing is sent before the stream runs. */
export const streamFrom = (
  to: Cell,
  message: Message<string, unknown>,
  options: { readonly bufferSize?: number | undefined } | undefined
): Stream.Stream<unknown, unknown> =>
  Stream.callback<unknown, unknown>((queue) =>
    Effect.withFiber((fiber) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          const op = Envelope.op(message)
          let request: StreamRequest | undefined
          const call = new Call(op, to, (exit) => {
            if (Exit.isSuccess(exit)) Queue.endUnsafe(queue)
            else Queue.failCauseUnsafe(queue, exit.cause)
          })
          const outcome = sendCall(
            to,
            op,
            message,
            senderOf(fiber, to.host),
            call,
            (payload) => request = new StreamRequest(payload, queue)
          )
          if (outcome !== Outcome.Accepted) {
            call.pending = false
            Queue.failCauseUnsafe(queue, Cause.fail(askRefused(to, message, outcome)))
          }
          return { call, request }
        }),
        ({ call, request }) =>
          Effect.sync(() => {
            if (request !== undefined) {
              request.cancelled = true
              request.cancel?.()
            }
            if (!call.pending) return
            call.pending = false
            to.host.shard.answered(call)
          })
      )
    ), { bufferSize: options?.bufferSize ?? defaultBuffer, strategy: "suspend" })
