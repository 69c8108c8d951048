/**
 * Timers of actors: a 4-ary heap by (deadline, order of start), which fires equal deadlines in the order they were set.
 *
 * A heap, not a wheel: deadlines are exact, the next one is at hand for the one timer of the host, and the keys stand in
 * typed arrays, so that a step costs no pointer (100,000 timers are nine steps deep). A timer knows its place: cancel
 * is a removal, not a tombstone.
 */
import type { MemoryCell } from "./cell.ts"
import type { Letter } from "./mailbox.ts"
import type { Hold } from "./room.ts"

export class Timer {
  readonly cell: MemoryCell
  readonly ref: number
  readonly op: number
  readonly payload: unknown
  readonly flags: number
  /** ms between two messages; 0: it fires once. */
  readonly period: number
  /** The message that waits for room, when that is what it times. */
  readonly hold: Hold | undefined
  /** Its place in the heap; -1: it is not armed. */
  place = -1
  /** Its message, while that is queued: at most one (G45). */
  letter: Letter | undefined = undefined

  constructor(
    cell: MemoryCell,
    ref: number,
    op: number,
    payload: unknown,
    flags: number,
    period: number,
    hold: Hold | undefined
  ) {
    this.cell = cell
    this.ref = ref
    this.op = op
    this.payload = payload
    this.flags = flags
    this.period = period
    this.hold = hold
  }
}

export class Timers {
  private readonly timers: Array<Timer> = []
  private deadlines = new Float64Array(64)
  /** Order of start: a double, because 2^31 timers are some hours of work. */
  private orders = new Float64Array(64)
  private started = 0
  /** The deadline of the timer that `due` took last. */
  lastDue = 0

  get size(): number {
    return this.timers.length
  }

  /** Monotonic ms; Infinity: none is armed. */
  get next(): number {
    return this.timers.length === 0 ? Infinity : this.deadlines[0]!
  }

  arm(timer: Timer, deadline: number): void {
    const place = this.timers.length
    if (place === this.deadlines.length) {
      this.deadlines = doubled(this.deadlines)
      this.orders = doubled(this.orders)
    }
    this.timers.push(timer)
    this.up(place, timer, deadline, ++this.started)
  }

  deadlineOf(timer: Timer): number {
    return this.deadlines[timer.place]!
  }

  disarm(timer: Timer): void {
    const place = timer.place
    if (place < 0) return
    timer.place = -1
    const end = this.timers.length - 1
    const last = this.timers.pop()!
    if (place === end) return
    const deadline = this.deadlines[end]!
    const order = this.orders[end]!
    if (place > 0 && this.before(deadline, order, (place - 1) >> 2)) this.up(place, last, deadline, order)
    else this.down(place, last, deadline, order)
  }

  /** Takes the next timer that is due. */
  due(now: number): Timer | undefined {
    if (this.timers.length === 0 || this.deadlines[0]! > now) return undefined
    const timer = this.timers[0]!
    this.lastDue = this.deadlines[0]!
    this.disarm(timer)
    return timer
  }

  private before(deadline: number, order: number, place: number): boolean {
    const other = this.deadlines[place]!
    return deadline < other || (deadline === other && order < this.orders[place]!)
  }

  private up(start: number, timer: Timer, deadline: number, order: number): void {
    let place = start
    while (place > 0) {
      const parent = (place - 1) >> 2
      if (!this.before(deadline, order, parent)) break
      this.set(place, this.timers[parent]!, this.deadlines[parent]!, this.orders[parent]!)
      place = parent
    }
    this.set(place, timer, deadline, order)
  }

  private down(start: number, timer: Timer, deadline: number, order: number): void {
    const size = this.timers.length
    let place = start
    for (;;) {
      const first = place * 4 + 1
      if (first >= size) break
      let least = first
      const end = Math.min(first + 4, size)
      for (let child = first + 1; child < end; child++) {
        if (this.before(this.deadlines[child]!, this.orders[child]!, least)) least = child
      }
      if (this.before(deadline, order, least)) break
      this.set(place, this.timers[least]!, this.deadlines[least]!, this.orders[least]!)
      place = least
    }
    this.set(place, timer, deadline, order)
  }

  private set(place: number, timer: Timer, deadline: number, order: number): void {
    this.timers[place] = timer
    this.deadlines[place] = deadline
    this.orders[place] = order
    timer.place = place
  }
}

const doubled = (array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> => {
  const grown = new Float64Array(array.length * 2)
  grown.set(array)
  return grown
}
