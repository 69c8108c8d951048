/**
 * How long the event loop was away, and what of that was not this program's doing: collections, and the time in which the
 * processor was somebody else's. So a long absence is either explained, or ours.
 */
import { closeSync, openSync, readSync } from "node:fs"
import { PerformanceObserver } from "node:perf_hooks"
import { now } from "../measure.ts"

export interface Absence {
  readonly from: number
  readonly to: number
  /** ms in which the thread could have run and did not. */
  readonly waited: number
}

/** As Node reports it. */
export interface Collection {
  readonly startTime: number
  readonly duration: number
}

export interface Absences {
  /** ms, of the longest. */
  readonly longest: number
  /** ms, of the longest without its collections and waits. */
  readonly own: number
  /** Those longer than a millisecond. */
  readonly over: number
  /** Of them, those that would be without their collections and waits. */
  readonly overOwn: number
}

/** The thread's wait for a processor so far, ms; 0 where the system does not say. */
const waiter = (): { readonly read: () => number; readonly close: () => void } => {
  let file: number
  try {
    file = openSync("/proc/thread-self/schedstat", "r")
  } catch {
    return { read: () => 0, close: () => {} }
  }
  const bytes = Buffer.alloc(96)
  return {
    read: () => Number(bytes.toString("latin1", 0, readSync(file, bytes, 0, bytes.length, 0)).split(" ")[1]) / 1e6,
    close: () => closeSync(file)
  }
}

/** What of them was whose. */
export const explain = (absences: ReadonlyArray<Absence>, collections: ReadonlyArray<Collection>): Absences => {
  let longest = 0, longestOwn = 0, over = 0, overOwn = 0
  for (const { from, to, waited } of absences) {
    const collected = collections
      .filter(({ duration, startTime }) => startTime + duration > from && startTime < to)
      .reduce((sum, { duration }) => sum + duration, 0)
    // A wait may be a part of a collection: what is subtracted is the greater of both, so that it is never too much.
    const own = to - from - Math.max(collected, waited)
    longest = Math.max(longest, to - from)
    longestOwn = Math.max(longestOwn, own)
    if (to - from > 1) over++
    if (own > 1) overOwn++
  }
  return { longest, own: longestOwn, over, overOwn }
}

/** Shorter ones are not kept: nothing is asked of them. */
const notable = 0.5

export class AbsenceMeter {
  private readonly waits = waiter()
  private readonly collections: Array<Collection> = []
  private readonly observer = new PerformanceObserver((list) => {
    for (const { duration, startTime } of list.getEntries()) this.collections.push({ duration, startTime })
  })
  private seen: Array<Absence> = []
  private left = now()
  private waitedBefore = this.waits.read()

  constructor() {
    this.observer.observe({ entryTypes: ["gc"] })
  }

  /** The event loop has its turn. */
  back(): void {
    const to = now(), waited = this.waits.read()
    if (to - this.left > notable) this.seen.push({ from: this.left, to, waited: waited - this.waitedBefore })
  }

  /** It goes away again. */
  away(): void {
    this.waitedBefore = this.waits.read()
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
    this.waits.close()
  }
}
