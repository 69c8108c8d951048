/**
 * xorshift32, so that a soak can be told by its seed; the order of a live system is its own all the same.
 */
export class Random {
  private state: number

  constructor(seed: number) {
    this.state = seed >>> 0 || 1
  }

  /** From 0 to `n - 1`. */
  below(n: number): number {
    let x = this.state
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.state = x >>> 0
    return this.state % n
  }

  of<A>(all: ReadonlyArray<A>): A | undefined {
    return all[this.below(all.length || 1)]
  }
}
