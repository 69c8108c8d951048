/**
 * `ref.ask(message)`: an Effect of three fields; a `Call` is made when it runs.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AskOptions } from "../ActorRef.ts"
import { AskError } from "../AskError.ts"
import type { Message } from "../Message.ts"
import { BadMessage } from "../TellError.ts"
import { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { senderOf } from "./current.ts"
import { Envelope } from "./envelope.ts"
import { millisOf } from "./mailbox.ts"
import { primitive } from "./primitive.ts"
import { askRefused, sendCall } from "./send.ts"
import { Outcome } from "./shard.ts"

const defaultTimeout = 5_000

// A constant of this module is part of the code; an imported one would be read with every question.
const { Accepted } = Outcome

const resolved = Promise.resolve()

/** ms; a bad duration is an error of the ask, not a defect of the asker. */
export const timeoutOf = (message: Message<string, unknown>, input: Duration.Input | undefined): number | AskError => {
  if (input === undefined) return defaultTimeout
  try {
    return millisOf("timeout", input, Infinity)
  } catch (error) {
    const issue = error instanceof Error && "issue" in error ? `timeout: ${String(error.issue)}` : "timeout"
    const tag = Envelope.tag(message)
    return new AskError({ tag, reason: new BadMessage({ tag, issue }) })
  }
}

export interface Ask extends Effect.Effect<unknown, unknown> {}
export class Ask {
  readonly to: Cell
  readonly message: Message<string, unknown>
  readonly options: AskOptions | undefined

  constructor(to: Cell, message: Message<string, unknown>, options: AskOptions | undefined) {
    this.to = to
    this.message = message
    this.options = options
  }
}

primitive<Ask>(Ask, "ActorRef.ask", function(fiber) {
  const { message, options, to } = this
  const timeout = options === undefined ? defaultTimeout : timeoutOf(message, options.timeout)
  if (typeof timeout !== "number") return Exit.fail(timeout)
  const from = senderOf(fiber, to.host)
  return Effect.callback((resume) => question(to, message, from, timeout, resume))
})

const question = (
  to: Cell,
  message: Message<string, unknown>,
  from: Cell | undefined,
  timeout: number,
  resume: (exit: Exit.Exit<unknown, unknown>) => void
): GiveUp | undefined => {
  const op = Envelope.op(message)
  const call = new Call(op, to, from === undefined ? undefined : resume, timeout)
  const outcome = sendCall(to, op, message, from, call, undefined)
  if (outcome !== Accepted) {
    call.pending = false
    return resume(Exit.fail(askRefused(to, message, outcome))), undefined
  }
  // An actor waits aside of the pump that runs it. Whoever is none lends the pump its stack: most answers are there
  // before it would have been put aside.
  if (from === undefined) {
    const isRefused = to.host.shard.help(call)
    if (call.exit !== undefined) return resume(call.exit), undefined
    // The pump runs below it, or will; its next question is to find the pump at rest.
    call.resume = isRefused ? (exit) => void resolved.then(() => resume(exit)) : resume
  }
  return new GiveUp(call)
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
  const call = this.call.latest ?? this.call
  if (call.pending) {
    call.pending = false
    call.callee.host.shard.answered(call)
  }
  return Exit.void
})
