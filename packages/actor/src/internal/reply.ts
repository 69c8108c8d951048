/**
 * What becomes of a handler's result: the reply to the asker, a `TellFailed` event, or the actor's end.
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { AskError } from "../AskError.ts"
import { ExitReason } from "../ExitReason.ts"
import { BadMessage } from "../TellError.ts"
import { OpFlag } from "./bound.ts"
import { depart, issueOfBuffers, releaseAll } from "./buffer/payload.ts"
import { Call, endCall } from "./call.ts"
import type { Cell } from "./cell.ts"
import { checkError, checkSuccess } from "./codecs.ts"
import { told } from "./crashed.ts"
import { Envelope } from "./envelope.ts"
import { Forward } from "./forward.ts"
import { type Begun, begunBefore, Later } from "./journal.ts"
import { lifeOf, ownFiber } from "./life.ts"
import { tagOf } from "./opcodes.ts"
import { askEnded, askRefused, passOn, sendCallOf, sendMessage, sent, sentToNobody } from "./send.ts"
import { CallEnd, Outcome } from "./shard.ts"

/**
 * A defect ends the actor, and its links, monitors and askers learn why. With a canary it does not end: the version
 * before is brought back. `call`: of the message that crashed. `begun`: given when the handler had returned before,
 * under which version it ran; only a crash of the canary's own version brings the old one back.
 */
export const crash = (cell: Cell, defect: unknown, call?: Call, begun?: Begun): void => {
  const life = cell.life
  if (life?.ended !== undefined) return
  if (cell.host.isolates?.agent === cell && life?.closing !== true) return failTo(cell, defect, call)
  const reason = cell.host.crashReasons.of(defect)
  const canary = life?.swap?.canary
  if (canary !== undefined && !life!.closing && (begun === undefined || begun.canary === canary)) {
    begun?.crashed()
    canary.crashed(told(reason))
    if (call !== undefined) abandonCall(cell, call, reason)
    return
  }
  if (begun?.hasGoneBack === true) {
    if (call !== undefined) abandonCall(cell, call, reason)
    return
  }
  cell.host.crashed(cell, reason)
  cell.host.shard.exitSelf(cell, reason, true)
}

// An agent answers for its whole isolate: what it cannot do ends the question, not the agent (G208).
const failTo = (cell: Cell, defect: unknown, call: Call | undefined): void => {
  Effect.runForkWith(cell.host.context)(Effect.logError("an isolate could not answer another one", defect))
  if (call?.pending !== true) return
  call.pending = false
  cell.host.shard.answered(call)
  const tag = tagOf(call.op)
  const issue = ExitReason.print(ExitReason.crashed(defect))
  endCall(call, Exit.fail(new AskError({ tag, reason: new BadMessage({ tag, issue }) })))
}

/** Ends a call whose handler crashed in an actor that lives on. */
export const abandonCall = (cell: Cell, call: Call, reason: ExitReason | undefined): void => {
  if (!call.pending) return
  call.pending = false
  cell.host.shard.answered(call)
  endCall(call, Exit.fail(askEnded(call, CallEnd.Exited, reason)))
}

/** Gives the asker its answer, once. An answer to a call that is over is dropped. */
export const answer = (
  cell: Cell,
  op: number,
  call: Call,
  exit: Exit.Exit<unknown, unknown>,
  isEndOfStream = false,
  begun?: Begun
): void => {
  const flags = cell.bound.flags[op] ?? 0
  if (!call.pending) {
    // Nobody will release the buffers in it.
    if ((flags & OpFlag.Answers) !== 0 && Exit.isSuccess(exit)) releaseAll(exit.value)
    return
  }
  if (call.asked !== undefined) {
    const issue = call.asked.encode(exit)
    if (issue !== undefined) return crash(cell, badReply(op, issue), call, begun)
  } else if (!(isEndOfStream && Exit.isSuccess(exit)) && (flags & OpFlag.Checked) !== 0) {
    const checked = checkedReply(cell, op, exit, call, begun)
    if (checked === undefined) return
    exit = checked
  }
  // Buffers to another isolate (`asked`) have left already, when the answer was encoded.
  if ((flags & OpFlag.Answers) !== 0 && call.asked === undefined && Exit.isSuccess(exit)) {
    const leaving = depart(exit.value)
    if (leaving === undefined) return crash(cell, badBuffers(op, exit.value), call, begun)
    exit = Exit.succeed(leaving.arrive())
  }
  call.pending = false
  begun?.answered()
  cell.host.shard.answered(call)
  if (cell.life?.wrappers !== undefined) sentReply(cell, op, call, exit, isEndOfStream)
  endCall(call, exit)
}

const sentReply = (cell: Cell, op: number, call: Call, exit: Exit.Exit<unknown, unknown>, isEnd: boolean): void => {
  const { asker } = call.origin ?? call
  if (Exit.isSuccess(exit)) {
    return sent(cell, isEnd ? "end" : "reply", asker, tagOf(op), exit.value, Outcome.Accepted)
  }
  const error = exit.cause.reasons.find(Cause.isFailReason)?.error
  sent(cell, "failure", asker, tagOf(op), error, Outcome.Accepted)
}

// A reply that its own protocol does not allow is a defect of the actor.
const checkedReply = (
  cell: Cell,
  op: number,
  exit: Exit.Exit<unknown, unknown>,
  call: Call,
  begun: Begun | undefined
): Exit.Exit<unknown, unknown> | undefined => {
  if (Exit.isSuccess(exit)) {
    const checked = checkSuccess(cell.bound, op, exit.value)
    if (Exit.isSuccess(checked)) return checked
    return crash(cell, badReply(op, String(Cause.squash(checked.cause))), call, begun), undefined
  }
  const failure = exit.cause.reasons.find(Cause.isFailReason)
  if (failure === undefined) return exit
  const checked = checkError(cell.bound, op, failure.error)
  if (Exit.isSuccess(checked)) return Exit.fail(checked.value)
  return crash(cell, badReply(op, String(Cause.squash(checked.cause))), call, begun), undefined
}

/**
 * What is wrong with a handler's reply, as `answer` would find it; `undefined` also for one that is not there yet. For
 * whoever has to know before it leaves.
 */
export const issueOfReply = (cell: Cell, op: number, exit: Exit.Exit<unknown, unknown>): Error | undefined => {
  const flags = cell.bound.flags[op] ?? 0
  if ((flags & (OpFlag.Checked | OpFlag.Answers)) === 0 || (flags & OpFlag.Stream) !== 0) return undefined
  if (Exit.isSuccess(exit)) {
    const { value } = exit
    if (Deferred.isDeferred(value) || value instanceof Forward) return undefined
    if ((flags & OpFlag.Checked) !== 0) {
      const checked = checkSuccess(cell.bound, op, value)
      if (Exit.isFailure(checked)) return badReply(op, String(Cause.squash(checked.cause)))
    }
    return (flags & OpFlag.Answers) !== 0 && issueOfBuffers(value) !== undefined ? badBuffers(op, value) : undefined
  }
  const failure = exit.cause.reasons.find(Cause.isFailReason)
  if (failure === undefined || (flags & OpFlag.Checked) === 0) return undefined
  const checked = checkError(cell.bound, op, failure.error)
  return Exit.isFailure(checked) ? badReply(op, String(Cause.squash(checked.cause))) : undefined
}

const badReply = (op: number, issue: string): Error =>
  new TypeError(`the reply to "${tagOf(op)}" does not fit its schema: ${issue}`)

const badBuffers = (op: number, value: unknown): Error =>
  new TypeError(`the reply to "${tagOf(op)}": ${issueOfBuffers(value) ?? "the memory of a buffer was taken away"}`)

/** A handler is done. `op` is 0 for a handler of a signal: there a failure is a crash, since nobody reads it. */
export const finish = (
  cell: Cell,
  op: number,
  exit: Exit.Exit<unknown, unknown>,
  call: Call | undefined,
  begun?: Begun
): void => {
  if (Exit.isSuccess(exit)) {
    const value = exit.value
    if (typeof value === "object" && value !== null) {
      if (Deferred.isDeferred(value)) return answerLater(cell, op, value, call, begun ?? begunBefore)
      if (value instanceof Later) return answerLater(cell, op, value.deferred, call, value.begun)
      if (value instanceof Forward) return forward(cell, value, call)
    }
    if (call !== undefined) answer(cell, op, call, exit, false, begun)
    return
  }
  const cause = exit.cause
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure === undefined || op === 0 || Cause.hasDies(cause)) {
    // It was interrupted because the actor ends: no crash.
    if (Cause.hasInterruptsOnly(cause) && cell.life !== undefined && cell.life.closing) return
    return crash(cell, Cause.squash(cause), call, begun)
  }
  if (call !== undefined) answer(cell, op, call, exit, false, begun)
  else cell.host.tellFailed(cell, op, failure.error)
}

/** The handler returned a Deferred: the asker waits for it, the actor goes on. */
const answerLater = (
  cell: Cell,
  op: number,
  deferred: Deferred.Deferred<unknown, unknown>,
  call: Call | undefined,
  begun: Begun
): void => {
  if (call === undefined) return
  const fiber = Effect.runForkWith(cell.bound.context)(Deferred.await(deferred))
  const done = fiber.pollUnsafe()
  if (done !== undefined) return finish(cell, op, done, call, begun)
  const life = lifeOf(cell)
  ownFiber(life, fiber)
  fiber.addObserver((exit) => {
    life.fibers?.delete(fiber)
    if (!life.closing) finish(cell, op, exit, call, begun)
  })
}

/**
 * The handler returned `self.forward(...)`: the asker waits for another actor from now on, and for this one no more.
 */
const forward = (cell: Cell, forwarded: Forward, call: Call | undefined): void => {
  const { message, to } = forwarded
  const target = to.target()
  if (call === undefined) {
    if (target === undefined) {
      sentToNobody(cell, "tell", message, outcomeOf(to.tellUnsafe(message) !== "Accepted"))
    } else if (sendMessage(target, message, cell) === Outcome.Accepted) return
    return stays(forwarded)
  }
  if (!call.pending) return stays(forwarded)
  call.pending = false
  // The asker's timeout goes on (G20). It is read here because the shard forgets it with the call.
  const left = call.deadline === Infinity ? call.timeout : call.deadline - cell.host.clock.now()
  cell.host.shard.answered(call)
  if (target === undefined) {
    const error = to.askFailed(message)
    sentToNobody(cell, "forward", message, outcomeOf(error.reason._tag === "BadMessage"))
    return fails(forwarded, call, error)
  }
  if (call.asked !== undefined) {
    const outcome = passOn(call.asked, target, message, cell)
    if (outcome === "unknown") fails(forwarded, call, askRefused(target, message, Outcome.BadMessage))
    else if (outcome === "refused") stays(forwarded)
    return
  }
  if (left <= 0) return fails(forwarded, call, askEnded(call, CallEnd.Timeout, undefined))
  const next = new Call(Envelope.op(message), target, undefined, call.timeout)
  // When the asker gives up, it gives up the latest call (G18).
  next.origin = call.origin ?? call
  next.origin.latest = next
  const outcome = sendCallOf("forward", target, next.op, message, cell, next, undefined, left)
  if (outcome === Outcome.Accepted) return
  next.pending = false
  fails(forwarded, next, askRefused(target, message, outcome))
}

const outcomeOf = (isBad: boolean): Outcome => isBad ? Outcome.BadMessage : Outcome.Accepted

// The message was not sent: its buffers are released, since the handler that had them is done (G140).
const stays = ({ lent }: Forward): void => {
  for (const buffer of lent ?? []) buffer.handled()
}

// Last, because the asker goes on inside of `endCall`.
const fails = (forwarded: Forward, call: Call, error: AskError): void => {
  stays(forwarded)
  endCall(call, Exit.fail(error))
}
