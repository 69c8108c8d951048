/**
 * The one way into a mailbox: the message's tag is resolved against its receiver, its payload checked where the system
 * asks for that, and a refusal turned into an error.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import { ActorExited, AskError, AskTimeout } from "../AskError.ts"
import { ExitReason } from "../ExitReason.ts"
import { InvalidOption } from "../InvalidOption.ts"
import type { Message } from "../Message.ts"
import type { Pid } from "../Pid.ts"
import { BadMessage, MailboxFull, NodeBusy, NoSession, TellError, type TellOutcome } from "../TellError.ts"
import type { Asked } from "./asked.ts"
import { movingOps, OpFlag } from "./bound.ts"
import { buffersIn, depart, issueOfBuffers } from "./buffer/payload.ts"
import type { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { uncarried } from "./carry.ts"
import { checkPayload } from "./codecs.ts"
import { Envelope } from "./envelope.ts"
import type { ResolvedMailbox } from "./mailbox.ts"
import { tagOf } from "./opcodes.ts"
import { invalid } from "./invalid.ts"
import { CallEnd, Flag, OnFull, Outcome } from "./shard.ts"
import { wireOfBound } from "./wire.ts"
import type { SentKind } from "./wrapper.ts"

/** The public name of each `Outcome`, by its number. */
export const outcomes: ReadonlyArray<TellOutcome> = ["Accepted", "MailboxFull", "NodeBusy", "NoSession", "BadMessage"]

// V8 compiles a constant of this module into the code; an imported one it would load with every send.
const { Known } = OpFlag
const { op: opOf } = Envelope

const shardFlags = Flag.Priority | Flag.Next | Flag.Reentrant

// A message whose tag has exactly these flags takes the short way: nothing about it has to be checked. While the
// Inspector traces any actor no tag has them. It is a field and no variable, because V8 treats a field that never
// changed as a constant.
const short = { flags: Known as number }
let traces = 0

/** The Inspector begins (1) or ends (-1) to trace what an actor sends. */
export const watchSends = (by: 1 | -1): void => {
  traces += by
  short.flags = traces === 0 ? Known : -1
}

/** Whether the Inspector traces any actor. */
export const isWatched = (): boolean => short.flags !== Known

/** Tells the traces of an actor, if it has any, what it has sent. */
export const sent = (
  from: Cell,
  kind: SentKind,
  to: Cell | Pid | undefined,
  tag: string,
  payload: unknown,
  outcome: Outcome
): void => {
  const wrappers = from.life?.wrappers
  if (wrappers === undefined) return
  for (const wrapper of wrappers) wrapper.sent?.(kind, typeof to === "object" ? to.pid : to, tag, payload, outcome)
}

/** `sent` for a message to a name that nobody has. */
export const sentToNobody = (
  from: Cell | undefined,
  kind: SentKind,
  message: Message<string, unknown>,
  outcome: Outcome
): void => {
  if (from !== undefined) sent(from, kind, undefined, Envelope.tag(message), message.payload, outcome)
}

/** `sent` for a message that was refused before it was sent. */
export const sentInVain = (
  from: Cell | undefined,
  kind: SentKind,
  to: Cell,
  message: Message<string, unknown>
): void => {
  if (from !== undefined) sent(from, kind, to, Envelope.tag(message), message.payload, Outcome.BadMessage)
}

/** Sends a message. `from`: the actor whose handler runs this, if one does. `next`: `Flag.Next`, or 0. */
export const sendMessage = (to: Cell, message: Message<string, unknown>, from: Cell | undefined, next = 0): Outcome => {
  const op = opOf(message)
  const bound = to.bound
  const flags = bound.flags[op]
  if (flags === short.flags) return bound.shard.send(to, op, message.payload, from, next)
  return sendSlow(to, op, message, from, next)
}

// The flags of a tag at its receiver; 0 when it has no such message. A PID without an actor takes every message, so
// that it becomes a dead letter and no `BadMessage`.
const flagsOf = (to: Cell, op: number): number =>
  to.bound.flags[op]
    ?? (to.bound === to.host.nobody && op !== 0 ? OpFlag.Known | (movingOps.has(op) ? OpFlag.Moves : 0) : 0)

const sendSlow = (
  to: Cell,
  op: number,
  message: Message<string, unknown>,
  from: Cell | undefined,
  next: number
): Outcome => {
  const outcome = sendAny(to, op, message, from, next)
  if (from !== undefined && isWatched()) sent(from, "tell", to, Envelope.tag(message), message.payload, outcome)
  return outcome
}

const sendAny = (
  to: Cell,
  op: number,
  message: Message<string, unknown>,
  from: Cell | undefined,
  next: number
): Outcome => {
  to = to.target()
  const bound = to.bound
  const flags = flagsOf(to, op)
  if (flags === 0 || (flags & OpFlag.Stream) !== 0) return Outcome.BadMessage
  let payload = message.payload
  if ((flags & OpFlag.Checked) !== 0) {
    const checked = checkPayload(bound, op, payload)
    if (Exit.isFailure(checked)) return Outcome.BadMessage
    payload = checked.value
  }
  // Buffers to another isolate leave when the message is written there.
  if ((flags & OpFlag.Moves) === 0 || isElsewhere(to)) {
    return bound.shard.send(to, op, payload, from, flags & shardFlags | next)
  }
  const leaving = depart(payload)
  if (leaving === undefined) return Outcome.BadMessage
  const outcome = bound.shard.send(to, op, leaving.payload, from, flags & shardFlags | next)
  if (outcome !== Outcome.Accepted) leaving.undo()
  return outcome
}

/**
 * For a sender that cannot wait and does not get its message back: what a full mailbox refused becomes a dead letter.
 */
export const refused = (
  to: Cell,
  message: Message<string, unknown>,
  from: Cell | undefined,
  outcome: Outcome
): TellOutcome => {
  if (outcome === Outcome.MailboxFull) to.host.publishDeadLetter(to.pid, from?.pid, message, "MailboxFull", false)
  return outcomes[outcome]!
}

const issueOf = (to: Cell, message: Message<string, unknown>, isStream: boolean): string => {
  to = to.target()
  const op = Envelope.op(message)
  const flags = flagsOf(to, op)
  if (flags === 0) return `${to.bound.program.protocol} has no such message`
  if ((flags & OpFlag.Stream) !== 0) {
    if (!isStream) return "its reply is a stream: use `stream`"
    if (!canStream(to)) return "the isolate that it lives in is not ready"
  } else if (isStream) return "its reply is no stream: use `ask`"
  if ((flags & OpFlag.Checked) !== 0) {
    const checked = checkPayload(to.bound, op, message.payload)
    if (Exit.isFailure(checked)) return String(Cause.squash(checked.cause))
  }
  const buffers = (flags & OpFlag.Moves) === 0 ? undefined : issueOfBuffers(message.payload)
  if (buffers !== undefined) return buffers
  if (isElsewhere(to)) return uncarried(wireOfBound(to.bound), op, message.payload)
  if ((flags & OpFlag.Moves) !== 0) return "the memory of a buffer was taken away"
  return "refused by the receiver"
}

const mailboxOf = (ref: Cell): ResolvedMailbox => {
  const to = ref.target()
  return to.life?.mailbox ?? to.bound.mailbox
}

const unchecked = { disableChecks: true }

const tellReason = (
  to: Cell,
  message: Message<string, unknown>,
  outcome: Outcome,
  isStream = false
): TellError["reason"] => {
  switch (outcome) {
    case Outcome.NodeBusy:
      return new NodeBusy({ node: "" })
    case Outcome.NoSession:
      return new NoSession({ node: "" })
    case Outcome.BadMessage:
      return new BadMessage({ tag: Envelope.tag(message), issue: issueOf(to, message, isStream) })
    default:
      return new MailboxFull({ pid: to.pid, capacity: mailboxOf(to).capacity }, unchecked)
  }
}

/** The error of a refused tell. */
export const tellError = (to: Cell, message: Message<string, unknown>, outcome: Outcome): TellError =>
  new TellError({ reason: tellReason(to, message, outcome) }, unchecked)

const asksItself = "an actor that asks itself would wait for itself: tell it, or call what the handler calls"

/** The error of a refused ask; `from` is the actor that asks. */
export const askRefused = (
  to: Cell,
  message: Message<string, unknown>,
  outcome: Outcome,
  isStream = false,
  from?: Cell
): AskError => {
  const reason = outcome === Outcome.BadMessage && from !== undefined && to.target() === from
    ? new BadMessage({ tag: Envelope.tag(message), issue: asksItself })
    : tellReason(to, message, outcome, isStream)
  return new AskError({
    tag: Envelope.tag(message),
    reason: reason._tag === "NoSession" ? new NodeBusy({ node: reason.node }) : reason
  }, unchecked)
}

/** The error of an ask that was accepted and got no answer. */
export const askEnded = (
  call: Call,
  end: CallEnd,
  reason: ExitReason | undefined,
  capacity?: number
): AskError => {
  const callee = call.callee
  const name = callee.life?.name
  return new AskError({
    tag: tagOf(call.op),
    reason: end === CallEnd.Timeout
      ? new AskTimeout({ after: Duration.millis(call.timeout) }, unchecked)
      : end === CallEnd.MailboxFull
      ? new MailboxFull({ pid: callee.pid, capacity: capacity ?? mailboxOf(callee).capacity }, unchecked)
      : new ActorExited(
        // A `name` that is undefined would stand before that of the class.
        { pid: callee.pid, ...name === undefined ? undefined : { name }, reason: reason ?? ExitReason.noProc(true) },
        unchecked
      )
  }, unchecked)
}

/** Whether the mailbox makes senders wait for room (`suspend`). */
export const holdsSenders = (to: Cell): boolean => mailboxOf(to).onFull === OnFull.suspend

/** How long they wait at most, in ms. */
export const sendTimeoutOf = (to: Cell): number => mailboxOf(to).sendTimeout

/**
 * Sends a question. When it is accepted, `call` ends by a reply or by `host.callEnded`; else the outcome is its end.
 * `wrap`: given for a stream, whose request is sent in place of the payload. `timeout`: ms that are left of the call's.
 */
export const sendCall = (
  to: Cell,
  op: number,
  message: Message<string, unknown>,
  from: Cell | undefined,
  call: Call,
  wrap: ((payload: unknown) => unknown) | undefined,
  timeout = call.timeout
): Outcome => {
  if (to.bound.flags[op] === undefined) to = to.target()
  const bound = to.bound
  const flags = flagsOf(to, op)
  const isStream = (flags & OpFlag.Stream) !== 0
  if (wrap !== undefined && !canStream(to)) return Outcome.BadMessage
  if (flags === 0 || (isStream !== (wrap !== undefined) && bound !== to.host.nobody) || to === from) {
    return Outcome.BadMessage
  }
  let payload = message.payload
  if ((flags & OpFlag.Checked) !== 0) {
    const checked = checkPayload(bound, op, payload)
    if (Exit.isFailure(checked)) return Outcome.BadMessage
    payload = checked.value
  }
  const moves = (flags & OpFlag.Moves) !== 0 && !isElsewhere(to)
  const leaving = moves ? depart(payload) : undefined
  if (leaving !== undefined) payload = leaving.payload
  else if (moves) return Outcome.BadMessage
  if (wrap !== undefined) payload = wrap(payload)
  const outcome = bound.shard.call(to, op, payload, from, flags & shardFlags, call, timeout)
  if (outcome !== Outcome.Accepted) leaving?.undo()
  return outcome
}

/** `sendCall` for an actor that asks: the call knows its asker, and the asker's traces are told. */
export const sendCallOf = (
  kind: "ask" | "stream" | "forward",
  to: Cell,
  op: number,
  message: Message<string, unknown>,
  from: Cell | undefined,
  call: Call,
  wrap: ((payload: unknown) => unknown) | undefined,
  timeout = call.timeout
): Outcome => {
  if (from === undefined) return sendCall(to, op, message, undefined, call, wrap, timeout)
  call.asker = from
  const outcome = sendCall(to, op, message, from, call, wrap, timeout)
  if (isWatched()) sent(from, kind, to, Envelope.tag(message), message.payload, outcome)
  return outcome
}

/**
 * Forwards a question that came from another isolate. `unknown`: the receiver has no such message. `refused`: the asker
 * was told why.
 */
export const passOn = (
  asked: Asked,
  to: Cell,
  message: Message<string, unknown>,
  from: Cell
): "passed" | "refused" | "unknown" => {
  const op = Envelope.op(message)
  const flags = flagsOf(to, op)
  if (flags === 0 || (flags & OpFlag.Stream) !== 0 || to === from) return "unknown"
  const isPassed = asked.pass(to, op, message.payload, from, flags & shardFlags)
  if (isWatched()) sent(from, "forward", to, Envelope.tag(message), message.payload, Outcome.Accepted)
  return isPassed ? "passed" : "refused"
}

/** Whether an actor lives in another isolate. */
const isElsewhere = (to: Cell): boolean => to.bound.shard !== to.host.shard

const canStream = (to: Cell): boolean => !isElsewhere(to) || to.host.isolates?.canStream(to) === true

/** The error that is thrown at an actor for a message to itself that it does not understand. */
export const wrongMessage = (
  to: Cell,
  message: Message<string, unknown>,
  issue = issueOf(to, message, false)
): InvalidOption =>
  Envelope.tag(message) === ""
    ? invalid("message", `one of ${to.bound.program.protocol}`, message)
    : new InvalidOption({ option: "message", issue })

/** Checks the message of a timer when it is armed, since nobody could be told when it fires. Throws `InvalidOption`. */
export const payloadFor = (
  to: Cell,
  op: number,
  message: Message<string, unknown>
): { readonly flags: number; readonly payload: unknown } => {
  const flags = flagsOf(to, op)
  if (flags === 0 || (flags & OpFlag.Stream) !== 0) throw wrongMessage(to, message)
  if ((flags & OpFlag.Moves) !== 0 && buffersIn(message.payload).length > 0) {
    throw wrongMessage(to, message, "a timer cannot carry a buffer: keep it in the state")
  }
  if ((flags & OpFlag.Checked) === 0) return { flags: flags & shardFlags, payload: message.payload }
  const checked = checkPayload(to.bound, op, message.payload)
  if (Exit.isFailure(checked)) throw wrongMessage(to, message, String(Cause.squash(checked.cause)))
  return { flags: flags & shardFlags, payload: checked.value }
}
