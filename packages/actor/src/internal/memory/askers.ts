/**
 * The time of askers: whoever goes on inside of the handler that answers does so on its own time, not its callee's (G305).
 *
 * Where what runs is measured alone, the clock is read around it. Where it is measured together with others, only that
 * somebody went on is known: then the whole of a long group is nobody's. Owner: the scheduler.
 */
import type { ShardClock } from "../shard.ts"

/** What `stepOut` says where there is nothing to measure, and `stepIn` has nothing to be told. */
const UNMEASURED = -1

export class Askers {
  private readonly clock: ShardClock
  private isOut = false
  /** Somebody went on since `take`. */
  wentOn = false
  private away = 0

  constructor(clock: ShardClock) {
    this.clock = clock
  }

  /** What `stepIn` is to be told, if it is not below 0. */
  stepOut(isExact: boolean): number {
    this.wentOn = true
    if (!isExact || this.isOut) return UNMEASURED
    this.isOut = true
    return this.clock.now()
  }

  /** The ms that it took. */
  stepIn(since: number): number {
    this.isOut = false
    const took = this.clock.now() - since
    this.away += took
    return took
  }

  /** The ms that they took since this was last asked, as far as they were measured. */
  take(): number {
    const { away } = this
    this.wentOn = false
    this.away = 0
    return away
  }
}
