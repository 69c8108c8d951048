/**
 * Messages to actors of other isolates: encoded here, in the sender's turn, so that what cannot be encoded is the
 * sender's own error, and nothing was sent.
 *
 * The cell of such an actor stands on a `Bound` whose sends are these, so that a send inside the isolate asks nothing.
 */
import * as Exit from "effect/Exit"
import { giveBack, packIn } from "../buffer/parcel.ts"
import type { Call } from "../call.ts"
import { carry } from "../carry.ts"
import type { Cell } from "../cell.ts"
import type { Fast } from "../codec/fast.ts"
import type { Parcel } from "../codec/place.ts"
import { writeBeside, writeDirectly, writeInto } from "../lent.ts"
import { intern, tagOf } from "../opcodes.ts"
import { Reading, StreamRequest } from "../stream.ts"
import { Outcome, type ShardClock } from "../shard.ts"
import type { Passage } from "../passage.ts"
import { wireOfBound } from "../wire.ts"
import type { NativeAway } from "./membrane.ts"
import type { RustBinding } from "./rust.ts"

const { Accepted, BadMessage } = Outcome
/** The bit that the ops of the border have. */
const BORDER = 0x8000

/** The ops of this isolate and those of the border, as far as they were needed. */
export class Ops {
  readonly #away: NativeAway
  readonly #there: Array<number> = []
  readonly #here: Array<number> = []
  readonly #binding: Pick<RustBinding, "tagMoves">
  readonly #moving = new Set<number>()

  constructor(away: NativeAway, binding: Pick<RustBinding, "tagMoves">) {
    this.#away = away
    this.#binding = binding
  }

  /** Before the first message with buffers: a receiver in Rust has no schema to know it by. */
  moves(there: number): void {
    if (this.#moving.has(there)) return
    this.#moving.add(there)
    this.#binding.tagMoves(there & ~BORDER)
  }

  /** 0: the process has as many tags as it may send. */
  there(op: number): number {
    const known = this.#there[op]
    return known === undefined ? this.#learn(op) : known
  }

  #learn(op: number): number {
    while (this.#there.length < op) this.#there.push(this.#away.opOf(tagOf(this.#there.length)))
    return this.#there[op] = this.#away.opOf(tagOf(op))
  }

  here(border: number): number {
    const known = this.#here[border & ~BORDER]
    return known === undefined || known === 0 ? this.#recall(border) : known
  }

  #recall(border: number): number {
    const at = border & ~BORDER
    while (this.#here.length < at) this.#here.push(0)
    return this.#here[at] = intern(this.#away.tagOf(border))
  }
}

export class Sends {
  readonly #away: NativeAway
  readonly #ops: Ops
  readonly #clock: ShardClock

  constructor(away: NativeAway, ops: Ops, clock: ShardClock) {
    this.#away = away
    this.#ops = ops
    this.#clock = clock
  }

  // Buffers are gone once they are packed: so the way is asked first, and not again afterwards.
  #ask(to: Cell, there: number, from: Cell | undefined): Outcome {
    this.#ops.moves(there)
    return this.#away.mayLeave(to.low, to.generation, from?.low ?? 0, from?.generation ?? 0)
  }

  readonly send = (to: Cell, op: number, payload: unknown, from: Cell | undefined, flags: number): Outcome => {
    const wire = wireOfBound(to.bound)
    const there = this.#ops.there(op)
    if (there === 0) return BadMessage
    const passage = wire.passageOf(op)
    let fromLow = 0, fromGeneration = 0
    if (from !== undefined) {
      fromLow = from.low
      fromGeneration = from.generation
    }
    if (passage !== undefined) {
      if (typeof payload === "number" && passage.fits?.(payload) === true) {
        return this.#away.send(to.low, to.generation, there, payload, fromLow, fromGeneration, flags)
      }
      if (passage.moves) {
        const refusal = this.#ask(to, there, from)
        if (refusal !== Accepted) return refusal
        if (this.#load(passage, to, there, payload, fromLow, fromGeneration, flags)) return Accepted
      } else {
        const { fast } = passage
        if (fast !== undefined && this.#write(passage, fast, to, there, payload, fromLow, fromGeneration, flags)) {
          return Accepted
        }
      }
    }
    const carried = carry(wire, op, payload)
    if (Exit.isFailure(carried)) return BadMessage
    const outcome = this.#away.send(to.low, to.generation, there, carried.value, fromLow, fromGeneration, flags)
    if (outcome !== Accepted) giveBack(wire.host, carried.value)
    return outcome
  }

  // Straight into the arena. false: nothing was sent, and the long way decides.
  #write(
    passage: Passage,
    fast: Fast,
    to: Cell,
    there: number,
    payload: unknown,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): boolean {
    const away = this.#away
    const offset = away.beginPayload(to.low)
    if (offset < 0) return false
    const { room } = away
    const { write } = passage
    const length = write === null
      ? writeInto(to.host, fast, room, offset, payload)
      : writeDirectly(write, room, offset, payload)
    return away.sendPayload(length, to.low, to.generation, there, fromLow, fromGeneration, flags)
  }

  // The same of a message with buffers.
  #load(
    passage: Passage,
    to: Cell,
    there: number,
    payload: unknown,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): boolean {
    const { write } = passage
    if (write === null) return false
    const away = this.#away
    const offset = away.beginPayload(to.low)
    if (offset < 0) return false
    const { room } = away
    const parcel: Parcel = []
    const written = writeBeside(write, room, offset, payload, parcel)
    const length = written < 0 ? -1 : packIn(to.host, room.view, offset, written, room.most, parcel)
    if (length < 0) return away.sendPayload(-1, 0, 0, 0, 0, 0, 0)
    away.sendLoaded(length, to.low, to.generation, there, fromLow, fromGeneration, flags)
    return true
  }

  readonly call = (
    to: Cell,
    op: number,
    payload: unknown,
    from: Cell | undefined,
    flags: number,
    call: Call,
    timeout: number
  ): Outcome => {
    const wire = wireOfBound(to.bound)
    const there = this.#ops.there(op)
    if (there === 0) return BadMessage
    const refusal = wire.crossingOf(op, "payload")?.moves === true ? this.#ask(to, there, from) : Accepted
    if (refusal !== Accepted) return refusal
    const reading = StreamRequest.is(payload) && payload instanceof Reading ? payload : undefined
    const carried = carry(wire, op, reading === undefined ? payload : reading.payload, "payload", true)
    if (Exit.isFailure(carried)) return BadMessage
    const question = carried.value as Uint8Array | undefined
    const bytes = reading === undefined ? question : to.host.isolates!.streams.ask(reading, to, question)
    if (timeout !== Infinity) call.deadline = this.#clock.now() + timeout
    const outcome = from === undefined
      ? this.#away.call(to.low, to.generation, there, bytes, 0, 0, flags, call, timeout)
      : this.#away.call(to.low, to.generation, there, bytes, from.low, from.generation, flags, call, timeout)
    if (outcome !== Accepted) giveBack(wire.host, question)
    return outcome
  }
}
