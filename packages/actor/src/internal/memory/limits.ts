/**
 * What bounds a mailbox. One record serves every actor that was opened alike, so that a cell pays one pointer for it.
 *
 * Owner: the shard; a record never changes.
 */
export class Limits {
  readonly capacity: number
  readonly onFull: number
  /** ms that a held message waits at most. */
  readonly sendTimeout: number
  /** Where held senders and waiters go on: half the capacity. */
  readonly lowWater: number

  constructor(capacity: number, onFull: number, sendTimeout: number) {
    this.capacity = capacity
    this.onFull = onFull
    this.sendTimeout = sendTimeout
    this.lowWater = Math.floor(capacity / 2)
  }
}

/** Hands out one record for equal limits. Programs use a handful of them; the table is bounded all the same. */
export class LimitsTable {
  private last = new Limits(65536, 0, 5000)
  private readonly known = new Map<string, Limits>()

  get(capacity: number, onFull: number, sendTimeout: number): Limits {
    const last = this.last
    if (last.capacity === capacity && last.onFull === onFull && last.sendTimeout === sendTimeout) return last
    const key = `${capacity} ${onFull} ${sendTimeout}`
    let limits = this.known.get(key)
    if (limits === undefined) {
      limits = new Limits(capacity, onFull, sendTimeout)
      if (this.known.size >= 1024) this.known.clear()
      this.known.set(key, limits)
    }
    this.last = limits
    return limits
  }
}
