/**
 * Pending calls. Each is in two lists: that of its callee, whose end ends it, and a bucket of a timing wheel, so that a
 * timeout needs no timer. A bucket is for one step of 16 ms, here called a turn. The lists run through fields of the
 * call, so that adding and removing are O(1) and allocate nothing.
 *
 * Promise: a call is answered or ended, never both; whatever ends it takes it out of the lists first. A timeout is at
 * most 16 ms late, and never early.
 */
import type { Call } from "../call.ts"
import { asideOf } from "./aside.ts"
import type { MemoryCell } from "./cell.ts"

export const TURN = 16
const BUCKETS = 512

export class Calls {
  private readonly wheel = new Array<Call | undefined>(BUCKETS).fill(undefined)
  /** The last turn whose bucket was swept. */
  private swept = 0
  /** How many calls are in the wheel. */
  private timed = 0
  /** No call times out before this turn. */
  private earliest = Infinity
  pending = 0

  /** Lists a call under its callee. It has no timeout before `limit`. */
  list(call: Call, callee: MemoryCell): void {
    call.owner = callee
    const aside = asideOf(callee)
    const head = aside.calls
    call.next = head
    if (head !== undefined) head.previous = call
    aside.calls = call
    call.token = 1
    this.pending++
  }

  limit(call: Call, timeout: number, now: number): void {
    if (this.timed === 0) {
      this.swept = Math.floor(now / TURN)
      this.earliest = Infinity
    }
    call.deadline = now + timeout
    // Not a turn that was swept: its bucket is looked at again only after a whole round of the wheel.
    const turn = Math.max(Math.ceil(call.deadline / TURN), this.swept + 1)
    if (turn < this.earliest) this.earliest = turn
    const bucket = turn % BUCKETS
    const later = this.wheel[bucket]
    call.later = later
    if (later !== undefined) later.sooner = call
    this.wheel[bucket] = call
    this.timed++
  }

  /** Takes a call out of the lists. false: it was in none. */
  unlist(call: Call): boolean {
    if (call.token === 0) return false
    call.token = 0
    this.pending--
    const { next, previous } = call
    if (next !== undefined) next.previous = previous
    if (previous !== undefined) previous.next = next
    else (call.owner as MemoryCell).aside!.calls = next
    call.next = call.previous = call.owner = undefined
    if (call.deadline !== Infinity) {
      const { later, sooner } = call
      if (later !== undefined) later.sooner = sooner
      if (sooner !== undefined) sooner.later = later
      else this.wheel[this.bucketOf(call)] = later
      call.later = call.sooner = undefined
      call.deadline = Infinity
      this.timed--
    }
    return true
  }

  /** When the next sweep is due, in monotonic ms; it may be too early. Infinity: no call has a timeout. */
  get next(): number {
    return this.timed === 0 ? Infinity : this.earliest * TURN
  }

  /**
   * Makes `next` exact, by a walk over the wheel. For lockstep, where a sweep that finds nothing would be seen (G258).
   */
  tighten(): void {
    if (this.timed === 0) return
    const from = this.earliest
    this.earliest = Infinity
    for (let turn = from; turn < from + BUCKETS; turn++) {
      for (let call = this.wheel[turn % BUCKETS]; call !== undefined; call = call.later) {
        this.earliest = Math.min(this.earliest, Math.max(Math.ceil(call.deadline / TURN), turn))
      }
      if (this.earliest <= turn) return
    }
  }

  /** Calls `end` for every call that has timed out, in the order of their turns. */
  sweep(now: number, end: (call: Call) => void): void {
    this.sweepTo(Math.floor(now / TURN), end)
  }

  /** The same for those whose turn came before `deadline`. */
  sweepBefore(deadline: number, end: (call: Call) => void): void {
    this.sweepTo(Math.ceil(deadline / TURN) - 1, end)
  }

  private sweepTo(turn: number, end: (call: Call) => void): void {
    if (this.timed === 0 || turn < this.earliest || turn <= this.swept) return
    const from = Math.max(this.swept + 1, this.earliest, turn - BUCKETS + 1)
    this.swept = turn
    for (let at = from; at <= turn; at++) this.sweepBucket(at % BUCKETS, turn * TURN, end)
    this.earliest = this.timed === 0 ? Infinity : this.nextTurn(turn)
  }

  private sweepBucket(bucket: number, now: number, end: (call: Call) => void): void {
    // Newest first in the list; they end oldest first.
    let call = this.wheel[bucket]
    while (call?.later !== undefined) call = call.later
    while (call !== undefined) {
      const newer: Call | undefined = call.sooner
      if (call.deadline <= now) {
        this.unlist(call)
        end(call)
      }
      call = newer
    }
  }

  /** The first turn whose bucket is not empty: exact for calls within one round of the wheel, early for others. */
  private nextTurn(after: number): number {
    for (let turn = after + 1; turn <= after + BUCKETS; turn++) {
      if (this.wheel[turn % BUCKETS] !== undefined) return turn
    }
    return Infinity
  }

  private bucketOf(call: Call): number {
    // The bucket of an oldest-first head is found by its deadline; a deadline that had been swept went one turn
    // further.
    const bucket = Math.ceil(call.deadline / TURN) % BUCKETS
    if (this.wheel[bucket] === call) return bucket
    return this.wheel.indexOf(call)
  }
}
