/**
 * Stream replies: a call whose payload carries the reader's queue.
 *
 * The actor's half is a child fiber of it, which holds up neither mailbox nor handler, ends with the actor, and waits
 * where the reader is slow. The call ends when the stream does; it has no timeout. The reader that goes away interrupts
 * the fiber.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Message } from "../Message.ts"
import { OpFlag } from "./bound.ts"
import { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { checkSuccess } from "./codecs.ts"
import { senderOf } from "./current.ts"
import { Envelope } from "./envelope.ts"
import { hold, lifeOf } from "./life.ts"
import { answer, crash } from "./reply.ts"
import { Runner } from "./runner.ts"
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
            if (Exit.isSuccess(exit)) Queue.endUnsafe(queue as Queue.Queue<unknown, Cause.Done>)
            else Queue.failCauseUnsafe(queue, exit.cause)
          })
          const outcome = sendCall(to, op, message, senderOf(fiber, to.host), call, (payload) =>
            request = new StreamRequest(payload, queue))
          if (outcome !== Outcome.Accepted) {
            call.resume = undefined
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
            if (call.resume === undefined) return
            call.resume = undefined
            to.host.shard.answered(call)
          })
      )
    ), { bufferSize: options?.bufferSize ?? defaultBuffer, strategy: "suspend" })

/** The actor's half. */
export const startStream = (cell: Cell, op: number, request: StreamRequest, call: Call | undefined): void => {
  const stream = request.produce
  if (call === undefined || request.cancelled) return
  if (!Stream.isStream(stream)) return crash(cell, new TypeError("the handler of a stream must return a Stream"))
  const life = lifeOf(cell)
  const runner = new Runner(cell, Scope.makeUnsafe())
  const isChecked = ((cell.bound.flags[op] ?? 0) & OpFlag.Checked) !== 0
  const offer = (items: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown> =>
    Queue.offerAll(request.queue, isChecked ? items.map((item) => checked(cell, op, item)) : items)
  const fiber = runner.run(Effect.onExit(
    Stream.runForEachArray(stream as Stream.Stream<unknown, unknown>, offer),
    (exit) => Scope.close(runner.scope, exit)
  ))
  hold(life, fiber)
  request.cancel = () => fiber.interruptUnsafe()
  fiber.addObserver((exit) => {
    life.fibers?.delete(fiber)
    request.cancel = undefined
    if (life.closing || request.cancelled) return
    // A stream that dies is a defect of the actor, as any handler's is.
    if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) return crash(cell, Cause.squash(exit.cause))
    answer(cell, op, call, Exit.isSuccess(exit) ? Exit.void : exit, true)
  })
}

const checked = (cell: Cell, op: number, item: unknown): unknown => {
  const found = checkSuccess(cell.bound, op, item)
  if (Exit.isSuccess(found)) return found.value
  throw new TypeError(`a stream item does not fit its schema: ${String(Cause.squash(found.cause))}`)
}
