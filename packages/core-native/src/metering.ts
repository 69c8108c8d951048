/**
 * Who is charged for the time that handlers take.
 *
 * - A message of a behaviour that is not proven short (`meter.ts`) is measured alone. Others form a group, which shares
 *   the time between two looks at the clock, slice by slice.
 * - A group that was long puts everyone in it to the proof again. Who of several held the thread is not known then, so
 *   that nobody is reported.
 * - What an asker goes on with, inside of the handler that answers it, is not its callee's time (G305). Where a message is
 *   measured alone the clock is read around it, and who asked is charged. A long group in which somebody went on is
 *   charged with what the messages before took, and nobody of it is reported: they are measured alone next.
 *
 * Charges are whole microseconds, written into the header of a slice in the completion ring. Owner: the loop.
 */
import { Word } from "./generated/layout.ts"
import type { MembraneCell, MembraneHost } from "./host.ts"
import { GROUP, GROUP_OF_QUICK, LONG_GROUP, Meter, PROOF, QUICK, SHORT } from "./meter.ts"
import type { Table } from "./table.ts"

const { To: TO, From: FROM } = Word

/** ms above which a slice ends its batch. */
const LONG_SLICE = 1
/** What `stepOut` says where there is nothing to measure, and `stepIn` has nothing to be told. */
const UNMEASURED = -1
/** Slices that a group can have. */
const MOST = Math.max(GROUP, GROUP_OF_QUICK) + 2

export class Metering<C extends MembraneCell> {
  /** When the clock was last read. */
  last = 0
  /** Messages since then. */
  since = 0
  readonly #words: Uint32Array
  readonly #table: Table<C>
  readonly #longSchedule: number
  readonly #report: (cell: C, millis: number) => void
  /** Slices of the group; its first and last may be of other groups too. */
  readonly #meters: Array<Meter> = Array.from({ length: MOST }, () => new Meter())
  readonly #heads: Array<number> = Array.from({ length: MOST }, () => 0)
  #slices = 0
  /** Messages of the next group: more while they are quick. */
  group = GROUP
  /** What a message of the last group took, ms. */
  #pace = 0
  /** Parts of a microsecond that no slice has been charged with yet. */
  #carry = 0
  /** What runs is measured alone: time of askers is to be known. */
  isExact = false
  /** An asker goes on, below the handler or task that answered it. */
  #isOut = false
  /** Since the clock was last read: how often somebody did unmeasured, and the ms of those who were measured. */
  #outs = 0
  #away = 0
  readonly #now: () => number

  constructor(
    words: Uint32Array,
    table: Table<C>,
    host: { readonly longSchedule: MembraneHost<C, never>["longSchedule"] },
    longSchedule: number,
    now: () => number
  ) {
    this.#now = now
    this.#words = words
    this.#table = table
    this.#longSchedule = longSchedule
    this.#report = (cell, millis) => host.longSchedule(cell, millis)
  }

  /** What comes next begins now. */
  restart(now: number): void {
    this.last = now
    this.#outs = this.#away = 0
  }

  /** A slice begins. */
  begin(head: number, meter: Meter): void {
    if (this.since === 0) this.#slices = 0
    const at = this.#slices++
    this.#heads[at] = head
    this.#meters[at] = meter
  }

  /** The slice that runs is measured as far as it got. true: it was long, the batch is to be left. */
  measure(now: number, head: number, meter: Meter): boolean {
    if (this.since > 1) {
      const isLong = this.close(now)
      // The rest of it is of the next group.
      this.#slices = 1
      this.#heads[0] = head
      this.#meters[0] = meter
      return isLong
    }
    const whole = now - this.last
    const took = whole - this.takeAway()
    this.last = now
    this.since = 0
    if (took > SHORT) meter.unproven = PROOF
    else if (meter.unproven > 0) meter.unproven--
    this.#charge(head, took * 1000)
    if (took > this.#longSchedule) this.#reportSlice(head, took)
    return whole > LONG_SLICE || this.#words[head + FROM]! > LONG_SLICE * 1000
  }

  /** The ms that askers took, of what has been measured alone. */
  takeAway(): number {
    const away = this.#away
    this.#outs = this.#away = 0
    return away
  }

  /** An asker goes on. What `stepIn` is to be told, if it is not below 0. */
  stepOut(): number {
    if (!this.isExact) {
      this.#outs++
      return UNMEASURED
    }
    if (this.#isOut) return UNMEASURED
    this.#isOut = true
    return this.#now()
  }

  /** It is done for now. The ms that it took. */
  stepIn(since: number): number {
    this.#isOut = false
    const took = this.#now() - since
    this.#away += took
    return took
  }

  /** Whether somebody did unmeasured since this was last asked, or the clock was read. */
  takeOuts(): boolean {
    const isAny = this.#outs > 0
    this.#outs = 0
    return isAny
  }

  /** The messages of the group share the time since the last look. true: it was long, the batch is to be left. */
  close(now: number): boolean {
    const slices = this.#slices
    const messages = this.since
    const isClear = this.#outs === 0
    const away = this.takeAway()
    let took = now - this.last - away
    const whole = took
    this.last = now
    this.since = 0
    const isLong = took > LONG_GROUP
    const held = took + away
    if (isLong && !isClear) took = this.#pace * messages
    const share = (took * 1000) / slices
    let due = this.#carry
    for (let i = 0; i < slices; i++) {
      due += share
      // Most shares are parts of a microsecond: they add up until one slice is charged with a whole one.
      if (due >= 1) due = this.#chargeWhole(this.#heads[i]!, due)
    }
    this.#carry = due
    if (isLong) {
      for (let i = 0; i < slices; i++) this.#meters[i]!.unproven = PROOF
      if (slices === 1 && isClear && whole > this.#longSchedule) this.#reportSlice(this.#heads[0]!, whole)
    }
    this.#slices = 0
    this.#pace = took / messages
    this.group = this.#pace < QUICK ? GROUP_OF_QUICK : GROUP
    return held > LONG_SLICE
  }

  #charge(head: number, micros: number): void {
    this.#carry = this.#chargeWhole(head, micros + this.#carry)
  }

  /** Charges whole microseconds; what is left. */
  #chargeWhole(head: number, micros: number): number {
    const whole = Math.floor(micros)
    this.#words[head + FROM]! += whole
    return micros - whole
  }

  #reportSlice(head: number, took: number): void {
    const cell = this.#table.at(this.#words[head + TO]! & 0xffffff)
    if (cell !== undefined) this.#report(cell, took)
  }
}
