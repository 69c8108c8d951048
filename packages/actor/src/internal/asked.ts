/**
 * A question of another isolate: who is to be answered, and how the answer crosses.
 *
 * An answer that its protocol cannot express is a defect of whoever gives it, as it is inside an isolate; so it is
 * encoded before the call counts as answered (`encode`), and sent when it does (`send`).
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { ActorExited, AskError } from "../AskError.ts"
import type { Pid } from "../Pid.ts"
import { BadMessage } from "../TellError.ts"
import type { Border } from "./border.ts"
import { discard, isPacked } from "./buffer/parcel.ts"
import { Call } from "./call.ts"
import { type Carried, carry } from "./carry.ts"
import type { Cell } from "./cell.ts"
import { wellFormed, wellFormedData } from "./defect.ts"
import { tagOf } from "./opcodes.ts"
import { Answer } from "./border.ts"
import { type Wire, wireOfBound } from "./wire.ts"

export class Asked {
  private readonly border: Border
  private readonly wire: Wire
  private readonly op: number
  private readonly token: number
  private ready: { readonly status: number; readonly carried: Carried } | undefined = undefined

  constructor(border: Border, wire: Wire, op: number, token: number) {
    this.border = border
    this.wire = wire
    this.op = op
    this.token = token
  }

  /** What is wrong with it, if anything is. */
  encode(exit: Exit.Exit<unknown, unknown>): string | undefined {
    if (Exit.isSuccess(exit) && this.wire.isStream(this.op)) {
      // Its items have arrived.
      this.ready = { status: Answer.Success, carried: undefined }
      return undefined
    }
    const failure = Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason) : undefined
    const part = Exit.isSuccess(exit) ? "success" : "error"
    const carried = carry(this.wire, this.op, Exit.isSuccess(exit) ? exit.value : failure?.error, part)
    if (Exit.isFailure(carried)) return carried.cause.reasons.filter(Cause.isFailReason)[0]?.error.issue ?? ""
    this.ready = { status: Exit.isSuccess(exit) ? Answer.Success : Answer.Failure, carried: carried.value }
    return undefined
  }

  /** As `Call.resume`. What was not encoded before comes from elsewhere: forwarded, or an end of the call itself. */
  readonly send = (exit: Exit.Exit<unknown, unknown>): void => {
    let { ready } = this
    if (ready === undefined) {
      const error = Exit.isFailure(exit) ? exit.cause.reasons.find(Cause.isFailReason)?.error : undefined
      if (error instanceof AskError) return this.fail(error)
      const issue = this.encode(exit)
      if (issue !== undefined) return this.refuse(issue)
      ready = this.ready!
    }
    if (this.border.reply(this.token, ready.status, ready.carried)) return
    this.drop(ready.carried)
    this.refuse("the reply is too large")
  }

  // It was not sent: nobody else knows of the buffers in it.
  private drop(carried: Carried): void {
    if (typeof carried === "object" && isPacked(carried)) discard(this.wire.host, carried)
  }

  /** Someone else answers. `flags`: of the message, as its receiver takes it. false: nobody does, and the asker was told. */
  pass(to: Cell, op: number, payload: unknown, from: Cell, flags: number): boolean {
    const carried = carry(wireOfBound(to.bound), op, payload, "payload", true)
    const there = this.border.opThere(op)
    if (Exit.isFailure(carried)) {
      this.refuse(carried.cause.reasons.filter(Cause.isFailReason)[0]?.error.issue ?? "")
      return false
    }
    const bytes = carried.value as Uint8Array | undefined
    if (there !== 0 && this.border.forward(this.token, to, there, bytes, from, flags)) return true
    this.drop(bytes)
    this.refuse("the message cannot be passed on")
    return false
  }

  /** Ends it with the answer that the message was wrong, or the reply to it is. */
  refuse(issue: string): void {
    const tag = tagOf(this.op)
    this.fail(new AskError({ tag, reason: new BadMessage({ tag, issue }) }))
  }

  // It always gets there: as it is, as its bare text, or, where even that has no encoding, as an error without words.
  private fail(error: AskError): void {
    const { askError } = this.wire
    let bytes = askError.encode(error)
    if (Exit.isFailure(bytes)) bytes = askError.encode(plainly(error))
    this.border.reply(this.token, Answer.AskError, Exit.isSuccess(bytes) ? bytes.value : undefined)
  }
}

const plainly = ({ reason, tag }: AskError): AskError => {
  const plain = wellFormed(tag)
  switch (reason._tag) {
    case "ActorExited": {
      const { name, pid } = reason
      const why = wellFormedData(reason.reason)
      return new AskError({
        tag: plain,
        reason: new ActorExited({ pid, name: name === undefined ? undefined : wellFormed(name), reason: why })
      })
    }
    case "BadMessage":
      return new AskError({ tag: plain, reason: new BadMessage({ tag: plain, issue: wellFormed(reason.issue) }) })
    default:
      return new AskError({ tag: plain, reason })
  }
}

/** The call of a question: as any other, but that its answer crosses. */
export const askedCall = (border: Border, cell: Cell, op: number, token: number, from: Pid | 0): Call => {
  const asked = new Asked(border, wireOfBound(cell.bound), op, token)
  const call = new Call(op, cell, asked.send)
  call.asked = asked
  if (from !== 0) call.asker = from
  return call
}
