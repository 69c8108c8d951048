/**
 * `ref.ask(message)`: an Effect of three fields; a `Call` is made when it runs.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type { AskOptions } from "../ActorRef.ts"
import { AskError } from "../AskError.ts"
import type { Message } from "../Message.ts"
import { InvalidOption } from "../SpawnError.ts"
import { BadMessage } from "../TellError.ts"
import { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { senderOf } from "./current.ts"
import { Envelope } from "./envelope.ts"
import { checkKnown } from "./known.ts"
import { millisOf } from "./mailbox.ts"
import { primitive } from "./primitive.ts"
import { knowEnd, room } from "./queued.ts"
import { rethrow } from "./rethrow.ts"
import { askEnded, askRefused, holdsSenders, sendCall, sendCallOf, sendTimeoutOf } from "./send.ts"
import { CallEnd, Outcome } from "./shard.ts"

const defaultTimeout = 5_000

// V8 compiles a constant of this module into the code; an imported one it would load with every question.
const { Accepted } = Outcome

const askOptions: ReadonlySet<string> = new Set(["timeout"] satisfies ReadonlyArray<keyof AskOptions>)

const resolved = Promise.resolve()

/** ms; an option that is none is an error of the ask, not a defect of the asker. */
export const timeoutOf = (message: Message<string, unknown>, options: AskOptions | undefined): number | AskError => {
  if (options === undefined) return defaultTimeout
  try {
    checkKnown(options, askOptions)
    return options.timeout === undefined ? defaultTimeout : millisOf("timeout", options.timeout, Infinity)
  } catch (error) {
    const issue = error instanceof InvalidOption ? `${error.option}: ${error.issue}` : "timeout"
    const tag = Envelope.tag(message)
    return new AskError({ tag, reason: new BadMessage({ tag, issue }) })
  }
}

export interface Ask extends Effect.Effect<unknown, unknown> {}
export class Ask {
  declare readonly to: Cell
  declare readonly message: Message<string, unknown>
  declare readonly options: AskOptions | undefined

  constructor(to: Cell, message: Message<string, unknown>, options: AskOptions | undefined) {
    this.to = to
    this.message = message
    this.options = options
  }
}

primitive<Ask>(Ask, "ActorRef.ask", function(fiber) {
  const { message, options, to } = this
  const timeout = timeoutOf(message, options)
  if (typeof timeout !== "number") return Exit.fail(timeout)
  const op = Envelope.op(message)
  const { shard } = to.host
  if (fiber !== alone || !shard.canHelp()) return askAside(to, op, message, senderOf(fiber, to.host), timeout, fiber)
  const call = new Call(op, to, undefined, timeout)
  const outcome = sendCall(to, op, message, undefined, call, undefined)
  if (outcome !== Accepted) return askDenied(call, message, undefined, outcome, fiber, to.host.clock.now())
  // It lends the pump its stack: most answers are there before it would have been put aside.
  shard.help(call)
  return call.exit ?? waitFor(call, fiber)
})

type Asker = Fiber.Fiber<unknown, unknown>

/**
 * The fiber of no actor that goes on after an answer, with nothing below it on the stack. Only such a one may run the
 * pump: below any other there may be a host, or a supervisor, that is not done with what it does.
 */
let alone: Asker | undefined = undefined

const goOn = (
  fiber: Asker,
  resume: (exit: Exit.Exit<unknown, unknown>) => void,
  exit: Exit.Exit<unknown, unknown>
): void => {
  alone = fiber
  try {
    resume(exit)
  } catch (error) {
    rethrow(error)
  }
  alone = undefined
}

/** The fiber of no actor that asked last, by its number: when it asks again, that is a conversation. */
let lastAsker = -1

/** Goes on outside of the pump, so that the next question finds it at rest. */
const apart =
  (fiber: Asker, resume: (exit: Exit.Exit<unknown, unknown>) => void) => (exit: Exit.Exit<unknown, unknown>): void =>
    void resolved.then(() => goOn(fiber, resume, exit))

/** Of a question that has waited for room: when it was first asked, what is left of its time, and how its end is known. */
interface Waited {
  readonly since: number
  readonly left: number
  readonly end: ReturnType<typeof knowEnd>
}

/** An actor waits aside of the pump that runs it, and so does who cannot help. */
const askAside = (
  to: Cell,
  op: number,
  message: Message<string, unknown>,
  from: Cell | undefined,
  timeout: number,
  fiber: Asker,
  waited?: Waited
): Effect.Effect<unknown, unknown> => {
  // Everybody goes on at once, inside of the pump, but for who converses; in lockstep that one too.
  let isApart = false
  if (from === undefined) {
    isApart = fiber.id === lastAsker && !to.host.shard.seeded
    lastAsker = fiber.id
  }
  return Effect.callback((resume) => {
    const call = new Call(op, to, isApart ? apart(fiber, resume) : resume, timeout)
    if (from?.bound.hasReentrant === true) call.resume = inTurn(from, call, resume)
    if (waited !== undefined) {
      const goOn = call.resume!
      call.resume = (exit) => goOn(waited.end(call, exit))
    }
    const outcome = sendCallOf("ask", to, op, message, from, call, undefined, waited?.left)
    if (outcome === Accepted) return new GiveUp(call)
    return resume(askDenied(call, message, from, outcome, fiber, waited?.since ?? to.host.clock.now())), undefined
  })
}

/**
 * It did not get into the mailbox. An actor is held by the shard, between its slices; whoever is none is held here, as in
 * `tell` (G308). `since` is when the question was first asked: what it waits for room is a part of its time.
 */
const askDenied = (
  call: Call,
  message: Message<string, unknown>,
  from: Cell | undefined,
  outcome: Outcome,
  fiber: Asker,
  since: number
): Effect.Effect<unknown, unknown> => {
  call.pending = false
  const to = call.callee
  if (outcome !== Outcome.MailboxFull || from !== undefined || !holdsSenders(to)) {
    return Exit.fail(askRefused(to, message, outcome, false, from))
  }
  const { timeout } = call
  const waited = to.host.clock.now() - since
  const [patience, held] = [timeout - waited, sendTimeoutOf(to) - waited]
  const end = knowEnd(to)
  const again = Effect.suspend(() => {
    const left = Math.max(1, timeout - (to.host.clock.now() - since))
    return askAside(to, call.op, message, undefined, timeout, fiber, { since, left, end })
  })
  return Effect.flatMap(Effect.timeoutOption(room(to), Math.min(patience, held)), (found) => {
    if (Option.isSome(found)) return again
    return Exit.fail(
      patience <= held ? askEnded(call, CallEnd.Timeout, undefined) : askRefused(to, message, Outcome.MailboxFull)
    )
  })
}

/** What a callee has sent before its answer, or before it ended, may enter beside the handler that waits: that comes first. */
const inTurn =
  (asker: Cell, call: Call, resume: (exit: Exit.Exit<unknown, unknown>) => void) =>
  (exit: Exit.Exit<unknown, unknown>): void => {
    // It had no answer: its time was over, or its question was dropped.
    if (call.exit !== undefined) resume(exit)
    else asker.host.shard.behind(asker, () => resume(exit))
  }

/** Its asker has helped, and has no answer yet. It may be interrupted before it has begun to wait. */
const waitFor = (call: Call, fiber: Asker): Effect.Effect<unknown, unknown> => {
  const forget = fiber.addObserver(() => giveUp(call))
  return Effect.callback((resume) => {
    forget()
    if (call.exit !== undefined) return resume(call.exit), undefined
    call.resume = apart(fiber, resume)
    return new GiveUp(call)
  })
}

/** The asker is interrupted: whatever comes later is nobody's. */
export interface GiveUp extends Effect.Effect<void> {}
export class GiveUp {
  readonly call: Call

  constructor(call: Call) {
    this.call = call
  }
}

primitive<GiveUp>(GiveUp, "ActorRef.ask/giveUp", function() {
  giveUp(this.call)
  return Exit.void
})

const giveUp = (asked: Call): void => {
  const call = asked.latest ?? asked
  if (!call.pending) return
  call.pending = false
  call.callee.host.shard.answered(call)
}
