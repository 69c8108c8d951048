/**
 * PIDs that are taken ahead of their spawns, a block at a time, so that a spawn is one record and no call.
 */
import type { Ring } from "./ring.ts"

export class Reserve {
  readonly #ring: Ring
  readonly #block: number
  #reserved = 0
  #taken = 0
  /** The words of the PID taken last. Together, as a double, they would be boxed on their way to the cell. */
  low = 0
  generation = 0

  constructor(ring: Ring, block: number) {
    this.#ring = ring
    this.#block = block
  }

  /** The next one; false: the shard has none to give. */
  take(): boolean {
    const ring = this.#ring
    if (this.#taken === this.#reserved) {
      this.#taken = 0
      this.#reserved = ring.native.reserve(this.#block)
      if (this.#reserved === 0) return false
    }
    const at = this.#taken++ * 2
    this.low = ring.reserve[at]!
    this.generation = ring.reserve[at + 1]!
    return true
  }
}
