/**
 * What an `ask` rejects with and a `spawn` throws. Each has a `_tag`; the tags are those of `@myrmidonjs/actor`, and the
 * fields as far as they mean something here: times are ms, and `name` is that of the class, as of every Error.
 *
 * @since 0.1.0
 */
import type { ExitReason } from "./ExitReason.ts"
import type { Pid } from "./Pid.ts"
import { printPid } from "./words.ts"

const because = (reason: ExitReason): string => {
  switch (reason._tag) {
    case "Crashed":
      return `it crashed: ${reason.error.name}: ${reason.error.message}`
    case "NoProc":
      return reason.everExisted ? "it had ended" : "there never was such an actor"
    case "Shutdown":
      return reason.detail === undefined ? "it was shut down" : `it was shut down: ${reason.detail}`
    default:
      return reason._tag
  }
}

/**
 * The asked actor ended, or was not there.
 *
 * @category errors
 * @since 0.1.0
 */
export class ActorExited extends Error {
  readonly _tag = "ActorExited"
  override readonly name = "ActorExited"
  readonly pid: Pid
  readonly reason: ExitReason
  constructor(pid: Pid, reason: ExitReason) {
    super(`${printPid(pid)} gave no answer: ${because(reason)}`)
    this.pid = pid
    this.reason = reason
  }
}

/**
 * No answer came in time. The actor may still be at work on it; its late answer goes nowhere.
 *
 * @category errors
 * @since 0.1.0
 */
export class AskTimeout extends Error {
  readonly _tag = "AskTimeout"
  override readonly name = "AskTimeout"
  /** ms */
  readonly after: number
  constructor(after: number) {
    super(`no answer within ${after} ms`)
    this.after = after
  }
}

/**
 * The mailbox was full, or dropped the question.
 *
 * @category errors
 * @since 0.1.0
 */
export class MailboxFull extends Error {
  readonly _tag = "MailboxFull"
  override readonly name = "MailboxFull"
  readonly pid: Pid
  readonly capacity: number
  constructor(pid: Pid, capacity: number) {
    super(`the mailbox of ${printPid(pid)} is full (${capacity})`)
    this.pid = pid
    this.capacity = capacity
  }
}

/**
 * The actor has no handler for it, or would have asked itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class BadMessage extends Error {
  readonly _tag = "BadMessage"
  override readonly name = "BadMessage"
  readonly pid: Pid
  readonly issue: string
  constructor(pid: Pid, issue: string) {
    super(issue)
    this.pid = pid
    this.issue = issue
  }
}

/**
 * The name belongs to another live actor.
 *
 * @category errors
 * @since 0.1.0
 */
export class NameTaken extends Error {
  readonly _tag = "NameTaken"
  override readonly name = "NameTaken"
  readonly taken: string
  readonly holder: Pid
  constructor(taken: string, holder: Pid) {
    super(`the name "${taken}" belongs to ${printPid(holder)}`)
    this.taken = taken
    this.holder = holder
  }
}

/**
 * There are as many actors as the runtime may have.
 *
 * @category errors
 * @since 0.1.0
 */
export class LimitReached extends Error {
  readonly _tag = "LimitReached"
  override readonly name = "LimitReached"
  readonly what = "actors"
  readonly limit: number
  constructor(limit: number) {
    super(`there are ${limit} actors, which is the limit (maxActors)`)
    this.limit = limit
  }
}

/**
 * The runtime has been shut down.
 *
 * @category errors
 * @since 0.1.0
 */
export class SystemStopped extends Error {
  readonly _tag = "SystemStopped"
  override readonly name = "SystemStopped"
  constructor() {
    super("the runtime has been shut down")
  }
}

/**
 * An option is out of its range.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidOption extends Error {
  readonly _tag = "InvalidOption"
  override readonly name = "InvalidOption"
  readonly option: string
  readonly issue: string
  constructor(option: string, issue: string) {
    super(`${option} ${issue}`)
    this.option = option
    this.issue = issue
  }
}
