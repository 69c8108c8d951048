/**
 * How long the event loop was away, and what of that was not this program's doing: collections, and the time in which the
 * processor was somebody else's, or the whole machine was put aside. So a long absence is either explained, or ours.
 */
import { PerformanceObserver } from "node:perf_hooks"
import { now } from "../measure.ts"
import { Processor } from "./processor.ts"

export interface Absence {
  readonly from: number
  readonly to: number
  /** ms in which the thread could have run and did not. */
  readonly waited: number
  /** ms in which it ran. Less than the rest where it slept, or the host had put the machine aside. */
  readonly computed: number
}

/** As Node reports it. */
export interface Collection {
  readonly startTime: number
  readonly duration: number
}

export interface Absences {
  /** ms, of the longest. */
  readonly longest: number
  /** ms, of the longest without its collections and waits, as far as that is known: what certainly was ours. */
  readonly own: number
  /** Those longer than a millisecond. */
  readonly over: number
  /** Of them, those that would be without their collections and waits. */
  readonly overOwn: number
  /** Those that may be: the thread waited, and it collected, and nobody says how much of it at the same time. */
  readonly overUnsure: number
}

/** What of them was whose. */
export const explain = (absences: ReadonlyArray<Absence>, collections: ReadonlyArray<Collection>): Absences => {
  let longest = 0, longestOwn = 0, over = 0, overOwn = 0, overUnsure = 0
  for (const { computed, from, to, waited } of absences) {
    const collected = collections
      .filter(({ duration, startTime }) => startTime + duration > from && startTime < to)
      .reduce((sum, { duration }) => sum + duration, 0)
    const took = to - from
    // A wait may be a part of a collection, or be beside it.
    const most = Math.min(computed, took - Math.max(collected, waited))
    const least = Math.min(computed, took - collected - waited)
    longest = Math.max(longest, took)
    longestOwn = Math.max(longestOwn, least)
    if (took > 1) over++
    if (least > 1) overOwn++
    else if (most > 1) overUnsure++
  }
  return { longest, own: longestOwn, over, overOwn, overUnsure }
}

/** Shorter ones are not kept: nothing is asked of them. */
const notable = 0.5

export class AbsenceMeter {
  private readonly processor = new Processor()
  private readonly collections: Array<Collection> = []
  private readonly observer = new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) this.collections.push({ duration, startTime })
  })
  private seen: Array<Absence> = []
  private left = 0
  private waitedBefore = 0
  private computedBefore = 0

  constructor() {
    this.away()
    this.observer.observe({ entryTypes: ["gc"] })
  }

  /** The event loop has its turn. */
  back(): void {
    const to = now()
    if (to - this.left <= notable) return
    this.processor.read()
    const { computed, waited } = this.processor
    this.seen.push({
      from: this.left,
      to,
      waited: waited - this.waitedBefore,
      computed: computed - this.computedBefore
    })
  }

  /** It goes away again. */
  away(): void {
    this.processor.read()
    this.waitedBefore = this.processor.waited
    this.computedBefore = this.processor.computed
    this.left = now()
  }

  /** Those since the last call. To be read by `explain`, when their collections have been told of: in a later turn. */
  take(): ReadonlyArray<Absence> {
    const { seen } = this
    this.seen = []
    return seen
  }

  explain(absences: ReadonlyArray<Absence>): Absences {
    return explain(absences, this.collections)
  }

  close(): void {
    this.observer.disconnect()
    this.processor.close()
  }
}
