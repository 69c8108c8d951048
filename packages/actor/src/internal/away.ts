/**
 * What comes to this isolate from others: messages are decoded by the behaviour that gets them, answers by the protocol
 * that was asked. Nothing that another isolate sends is taken unseen.
 *
 * Owner: the host. Called by the loop alone; the bytes it is lent are read at once.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { AskError } from "../AskError.ts"
import type { Pid } from "../Pid.ts"
import { BadMessage } from "../TellError.ts"
import { Asked, askedCall } from "./asked.ts"
import { Answer, type AwayHost, type Border } from "./border.ts"
import { type Bound, movingOps, OpFlag } from "./bound.ts"
import { type Call, endCall } from "./call.ts"
import { isOver } from "./buffer/arrival.ts"
import { discard } from "./buffer/parcel.ts"
import { type Carried, uncarry, uncarryLent } from "./carry.ts"
import type { Cell } from "./cell.ts"
import { unexpected } from "./codec/fast.ts"
import { readsOf } from "./codec/kept.ts"
import { decodePlain } from "./codec/plain.ts"
import { deliver } from "./deliver.ts"
import { Envelope } from "./envelope.ts"
import type { Host } from "./host.ts"
import { type Lent, readFrom } from "./lent.ts"
import { tagOf } from "./opcodes.ts"
import type { Passage } from "./passage.ts"
import type { Why } from "./shard.ts"
import { wireOfBound } from "./wire.ts"

// V8 compiles a constant of this module into the code; an imported one it would load each time.
const { Known, Moves } = OpFlag
const KnownMoves = Known | Moves

// A letter that nobody gets has no schema any more: it shows what was on the wire.
const plainly = (host: Host, op: number, carried: Carried): unknown => {
  if (typeof carried !== "object") return carried
  const question = host.isolates?.streams.unwrap(carried) ?? carried
  if (question.length === 0) return undefined
  const bytes = movingOps.has(op) ? discard(host, question) : question
  try {
    return decodePlain(bytes)
  } catch {
    return bytes.slice()
  }
}

const isLent = (arrived: Carried | Lent): arrived is Lent => typeof arrived === "object" && "begin" in arrived

// What needs no more than a look; `unexpected`: all the rest.
const quickly = (host: Host, passage: Passage, arrived: Carried | Lent): unknown => {
  if (typeof arrived === "number") return passage.fits?.(arrived) === true ? arrived : unexpected
  if (arrived === undefined || !isLent(arrived)) return unexpected
  readsOf(arrived)
  const { fast, read } = passage
  if (read !== null) {
    const value = read(arrived.all, arrived.view, arrived.begin, arrived.end)
    if (value !== unexpected) return value
  }
  if (fast === undefined) return unexpected
  return readFrom(host, fast, arrived.all, arrived.view, arrived.begin, arrived.end, undefined)
}

const reasonOf = (cause: Cause.Cause<BadMessage>): BadMessage => cause.reasons.filter(Cause.isFailReason)[0]!.error

export class Away implements AwayHost {
  private readonly host: Host
  private readonly border: Border
  /** What the last message was that needed no more than a look: those that follow are mostly of its kind. */
  private lastBound: Bound | undefined = undefined
  private lastBorderOp = 0
  private lastOp = 0
  private lastPassage: Passage | undefined = undefined

  constructor(host: Host, border: Border) {
    this.host = host
    this.border = border
  }

  deliver(
    cell: Cell,
    borderOp: number,
    arrived: Carried | Lent,
    from: Pid | 0,
    isAsked: boolean,
    token: number
  ): boolean {
    const { host } = this
    const { bound } = cell
    if (!isAsked && ((borderOp === this.lastBorderOp && bound === this.lastBound) || this.learn(bound, borderOp))) {
      const value = quickly(host, this.lastPassage!, arrived)
      if (value !== unexpected) return deliver(host, cell, this.lastOp, value, from, undefined)
    }
    const op = this.border.opHere(borderOp)
    const flags = bound.flags[op]
    if (flags === KnownMoves && !isAsked && isLent(arrived)) {
      const value = uncarryLent(wireOfBound(bound), op, arrived)
      if (Exit.isFailure(value)) {
        return this.refuse(cell, op, arrived.bytes(), from, isAsked, token, reasonOf(value.cause))
      }
      const isBusy = deliver(host, cell, op, value.value, from, undefined)
      isOver()
      return isBusy
    }
    const payload = isLent(arrived) ? arrived.bytes() : arrived
    if (((flags ?? 0) & OpFlag.Stream) !== 0) {
      return this.deliverStream(cell, op, payload, from, isAsked, token)
    }
    const value = uncarry(wireOfBound(bound), op, payload)
    if (Exit.isFailure(value)) return this.refuse(cell, op, payload, from, isAsked, token, reasonOf(value.cause))
    const call = !isAsked ? undefined : token === 0 ? host.spentCall : askedCall(this.border, cell, op, token, from)
    return deliver(host, cell, op, value.value, from, call)
  }

  private learn(bound: Bound, borderOp: number): boolean {
    const op = this.border.opHere(borderOp)
    if (bound.flags[op] !== Known) return false
    const passage = wireOfBound(bound).passageOf(op)
    if (passage === undefined) return false
    this.lastBound = bound
    this.lastBorderOp = borderOp
    this.lastOp = op
    this.lastPassage = passage
    return true
  }

  private deliverStream(
    cell: Cell,
    op: number,
    carried: Carried,
    from: Pid | 0,
    isAsked: boolean,
    token: number
  ): boolean {
    const { host } = this
    const streams = host.isolates?.streams
    const payload = typeof carried === "object" && isAsked ? streams?.unwrap(carried) : undefined
    if (payload === undefined) {
      const reason = new BadMessage({ tag: tagOf(op), issue: "its reply is a stream: use `stream`" })
      return this.refuse(cell, op, carried, from, isAsked, token, reason)
    }
    const value = uncarry(wireOfBound(cell.bound), op, payload.length === 0 ? undefined : payload)
    if (Exit.isFailure(value)) return this.refuse(cell, op, payload, from, isAsked, token, reasonOf(value.cause))
    const call = token === 0 ? host.spentCall : askedCall(this.border, cell, op, token, from)
    return deliver(host, cell, op, streams!.asked(carried as Uint8Array, value.value, cell, op, call), from, call)
  }

  private refuse(
    cell: Cell,
    op: number,
    payload: Carried,
    from: Pid | 0,
    isAsked: boolean,
    token: number,
    reason: BadMessage
  ): false {
    const { host } = this
    if (!isAsked) host.misunderstood(cell, from, new Envelope(op, tagOf(op), plainly(host, op, payload)), reason)
    else if (token !== 0) new Asked(this.border, wireOfBound(cell.bound), op, token).refuse(reason.issue)
    return false
  }

  replied(call: Call, status: number, payload: Carried): void {
    if (!call.pending) return
    call.pending = false
    endCall(call, this.exitOf(call, status, payload))
  }

  private exitOf(call: Call, status: number, payload: Carried): Exit.Exit<unknown, unknown> {
    const { op } = call
    const wire = wireOfBound(call.callee.bound)
    if (status === Answer.AskError) {
      const error = typeof payload === "object" ? wire.askError.decode(payload) : Exit.fail("no error")
      return Exit.isSuccess(error) ? Exit.fail(error.value) : bad(op, String(Cause.squash(error.cause)))
    }
    if (status === Answer.Success && wire.isStream(op)) return Exit.void
    const value = uncarry(wire, op, payload, status === Answer.Success ? "success" : "error")
    if (Exit.isFailure(value)) return bad(op, `the reply does not fit its schema: ${reasonOf(value.cause).issue}`)
    return status === Answer.Success ? value : Exit.fail(value.value)
  }

  deadLetter(to: Pid, from: Pid | 0, borderOp: number, payload: Carried, why: Why, asked: boolean): void {
    const op = this.border.opHere(borderOp)
    const shown = plainly(this.host, op, payload)
    this.host.publishDeadLetter(to, from === 0 ? undefined : from, new Envelope(op, tagOf(op), shown), why, asked)
  }

  up(isolate: number, shard: number): void {
    this.host.isolates?.up(isolate, shard)
  }

  down(isolate: number, shard: number): void {
    this.host.isolates?.down(isolate, shard)
  }
}

const bad = (op: number, issue: string): Exit.Exit<never, AskError> => {
  const tag = tagOf(op)
  return Exit.fail(new AskError({ tag, reason: new BadMessage({ tag, issue }) }))
}
