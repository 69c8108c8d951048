/**
 * The limits of an actor: the bound of its mailbox and its budget. Actors with equal limits share one record, so that
 * each cell has one pointer for it.
 *
 * Owner: the shard; a record never changes.
 */
import { mostBudget } from "../shard.ts"

export class Limits {
  readonly capacity: number
  readonly onFull: number
  /** ms that a held message waits at most. */
  readonly sendTimeout: number
  /** Messages of a slice at most. */
  readonly budget: number
  /** Senders that wait for room go on when no more messages than this are left: half the capacity. */
  readonly lowWater: number

  constructor(capacity: number, onFull: number, sendTimeout: number, budget: number) {
    this.capacity = capacity
    this.onFull = onFull
    this.sendTimeout = sendTimeout
    this.budget = budget
    this.lowWater = Math.floor(capacity / 2)
  }
}

/** Gives out the shared records. Programs use a handful; the table is bounded all the same. */
export class LimitsTable {
  private last = new Limits(65536, 0, 5000, mostBudget)
  private readonly known = new Map<string, Limits>()

  get(capacity: number, onFull: number, sendTimeout: number, budget: number): Limits {
    const last = this.last
    if (
      last.capacity === capacity && last.onFull === onFull && last.sendTimeout === sendTimeout && last.budget === budget
    ) return last
    const key = `${capacity} ${onFull} ${sendTimeout} ${budget}`
    let limits = this.known.get(key)
    if (limits === undefined) {
      limits = new Limits(capacity, onFull, sendTimeout, budget)
      if (this.known.size >= 1024) this.known.clear()
      this.known.set(key, limits)
    }
    this.last = limits
    return limits
  }
}
