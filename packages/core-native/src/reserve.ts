/**
 * PIDs that are taken ahead of their spawns, a block at a time, so that a spawn is one record and no call.
 */
import type { Ring } from "./ring.ts"
import { pidOf } from "./words.ts"

export class Reserve {
  readonly #ring: Ring
  readonly #block: number
  #reserved = 0
  #taken = 0

  constructor(ring: Ring, block: number) {
    this.#ring = ring
    this.#block = block
  }

  /** The next one; 0: the shard has none to give. */
  take(): number {
    const ring = this.#ring
    if (this.#taken === this.#reserved) {
      this.#taken = 0
      this.#reserved = ring.native.reserve(this.#block)
      if (this.#reserved === 0) return 0
    }
    const at = this.#taken++ * 2
    return pidOf(ring.reserve[at]!, ring.reserve[at + 1]!)
  }
}
