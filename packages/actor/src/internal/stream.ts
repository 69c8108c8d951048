/**
 * Stream replies, the reader's half: a call whose payload carries the reader's queue. The actor's is `produce.ts`; what
 * is between them, when they live in two isolates, is `isolate/streams.ts`.
 *
 * The call ends when the stream does; it has no timeout. A reader that goes away interrupts the producer.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { AskError } from "../AskError.ts"
import type { Message } from "../Message.ts"
import { InvalidOption } from "../SpawnError.ts"
import { BadMessage } from "../TellError.ts"
import { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { senderOf } from "./current.ts"
import { Envelope } from "./envelope.ts"
import { checkKnown } from "./known.ts"
import { knowEnd, room } from "./queued.ts"
import { askRefused, holdsSenders, sendCallOf, sendTimeoutOf } from "./send.ts"
import { Outcome } from "./shard.ts"
import { show } from "./show.ts"

const defaultBuffer = 16

/** What travels in the mailbox in place of the payload. */
export abstract class StreamRequest {
  /** Whether it is one. A payload may be anything, a proxy too, whose traps are not for us to call: so no `instanceof`. */
  static is(payload: unknown): payload is StreamRequest {
    return typeof payload === "object" && payload !== null && #mark in payload
  }

  // oxlint-disable-next-line no-unused-private-class-members -- `is` looks for it
  readonly #mark = true
  readonly payload: unknown
  /** What the handler returned. */
  produce: unknown = undefined
  /** Ends the producer: the reader has gone. */
  cancel: (() => void) | undefined = undefined
  cancelled = false

  constructor(payload: unknown) {
    this.payload = payload
  }

  /** Done when there is room for more. */
  abstract offer(items: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown>

  /** Done when the reader has all that was offered; undefined: it has it at once. */
  get drained(): Effect.Effect<void> | undefined {
    return undefined
  }

  /** Nothing more is offered. */
  over(): void {}
}

/** Of a reader in this isolate, or one that is about to ask another. */
export class Reading extends StreamRequest {
  readonly queue: Queue.Queue<unknown, unknown>
  readonly bufferSize: number
  readonly call: Call
  /** Of one that reads from another isolate: to be called once it does not any more. */
  close: (() => void) | undefined = undefined
  /** Of such a one: takes an end that nobody has told, which must not overtake what came before. */
  behind: ((exit: Exit.Exit<unknown, unknown>) => void) | undefined = undefined
  /** That end, until it is its turn. */
  exit: Exit.Exit<unknown, unknown> | undefined = undefined

  constructor(payload: unknown, queue: Queue.Queue<unknown, unknown>, bufferSize: number, call: Call) {
    super(payload)
    this.queue = queue
    this.bufferSize = bufferSize
    this.call = call
  }

  offer(items: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown> {
    return Queue.offerAll(this.queue, items)
  }

  ended(exit: Exit.Exit<unknown, unknown>): void {
    if (this.behind === undefined || Exit.isSuccess(exit)) this.end(exit)
    else this.behind(exit)
  }

  end(exit: Exit.Exit<unknown, unknown>): void {
    if (Exit.isSuccess(exit)) Queue.endUnsafe(this.queue)
    else Queue.failCauseUnsafe(this.queue, exit.cause)
  }
}

const streamOptions: ReadonlySet<string> = new Set(["bufferSize"])

const issueWith = (options: unknown, bufferSize: number): string | undefined => {
  try {
    checkKnown(options, streamOptions)
  } catch (error) {
    if (error instanceof InvalidOption) return `${error.option}: ${error.issue}`
    throw error
  }
  if (bufferSize === Infinity || (Number.isInteger(bufferSize) && bufferSize >= 0)) return undefined
  return `bufferSize: must be a whole number, or Infinity, is ${show(bufferSize)}`
}

/** The reader's half: nothing is sent before the stream runs. */
export const streamFrom = (
  to: Cell,
  message: Message<string, unknown>,
  options: { readonly bufferSize?: number | undefined } | undefined
): Stream.Stream<unknown, unknown> => {
  const { bufferSize = defaultBuffer } = options ?? {}
  const issue = issueWith(options, bufferSize)
  if (issue !== undefined) {
    const tag = Envelope.tag(message)
    return Stream.fail(new AskError({ tag, reason: new BadMessage({ tag, issue }) }))
  }
  return Stream.callback<unknown, unknown>((queue) =>
    Effect.withFiber((fiber) => {
      const from = senderOf(fiber, to.host)
      return Effect.flatMap(
        Effect.acquireRelease(
          Effect.sync(() => new Question(to, message, from, queue, bufferSize)),
          (question) => Effect.sync(() => question.close())
        ),
        (question) => question.outcome === Outcome.Accepted ? Effect.void : question.denied()
      )
    }), { bufferSize, strategy: "suspend" })
}

/** One for a stream, from its reader. */
class Question {
  private readonly to: Cell
  private readonly message: Message<string, unknown>
  private readonly from: Cell | undefined
  private readonly queue: Queue.Queue<unknown, unknown>
  private readonly bufferSize: number
  private call: Call
  private request: Reading | undefined = undefined
  outcome: Outcome

  constructor(
    to: Cell,
    message: Message<string, unknown>,
    from: Cell | undefined,
    queue: Queue.Queue<unknown, unknown>,
    bufferSize: number
  ) {
    this.to = to
    this.message = message
    this.from = from
    this.queue = queue
    this.bufferSize = bufferSize
    this.call = new Call(Envelope.op(message), to, (exit) => this.request?.ended(exit))
    this.outcome = this.send()
  }

  private send(): Outcome {
    const { call } = this
    const wrap = (payload: unknown) => this.request = new Reading(payload, this.queue, this.bufferSize, call)
    const outcome = sendCallOf("stream", this.to, call.op, this.message, this.from, call, wrap)
    if (outcome !== Outcome.Accepted) call.pending = false
    return outcome
  }

  /** It did not get into the mailbox. Whoever is no actor waits for room, as in `ask`; the stream itself has no timeout. */
  denied(): Effect.Effect<void, AskError> {
    const { from, message, to } = this
    const refused = Effect.suspend(() => Exit.fail(askRefused(to, message, this.outcome, true, from)))
    if (this.outcome !== Outcome.MailboxFull || from !== undefined || !holdsSenders(to)) return refused
    const end = knowEnd(to)
    const again = Effect.suspend((): Effect.Effect<void, AskError> => {
      const call = new Call(Envelope.op(message), to, (exit) => this.request?.ended(end(call, exit)))
      this.call = call
      this.outcome = this.send()
      if (this.outcome === Outcome.Accepted) return Effect.void
      return this.outcome === Outcome.MailboxFull ? Effect.andThen(room(to), again) : refused
    })
    return Effect.timeoutOrElse(Effect.andThen(room(to), again), { duration: sendTimeoutOf(to), orElse: () => refused })
  }

  close(): void {
    const { call, request } = this
    if (request !== undefined) {
      request.cancelled = true
      request.cancel?.()
      request.close?.()
    }
    if (!call.pending) return
    call.pending = false
    this.to.host.shard.answered(call)
  }
}
