/**
 * Actors to which a message has to go through the shard, because only the shard knows whether it may be delivered.
 *
 * An actor is doubted from its first moment and whenever something about it changes, until the shard delivers to it. One
 * with a budget of its own always is: the shard alone counts its turns (G105).
 *
 * Owner: the isolate's thread. A bit for each index.
 */
const INDEX = 0xffffff

export class Doubts {
  readonly #doubted: Uint32Array
  readonly #weighted: Uint32Array

  constructor(maxActors: number) {
    const words = Math.ceil((maxActors + 1) / 32)
    this.#doubted = new Uint32Array(words)
    this.#weighted = new Uint32Array(words)
  }

  has(low: number): boolean {
    return (this.#doubted[(low & INDEX) >>> 5]! & (1 << (low & 31))) !== 0
  }

  /** Something about it changes. */
  add(low: number): void {
    this.#doubted[(low & INDEX) >>> 5]! |= 1 << (low & 31)
  }

  /** The shard delivers to it, and no handler of it waits. */
  delete(low: number): void {
    const at = (low & INDEX) >>> 5
    const word = this.#doubted[at]!
    const bit = 1 << (low & 31)
    if ((word & bit & ~this.#weighted[at]!) !== 0) this.#doubted[at] = word & ~bit
  }

  /** A new actor. */
  open(low: number, isWeighted: boolean): void {
    const at = (low & INDEX) >>> 5
    const bit = 1 << (low & 31)
    if (isWeighted) this.#weighted[at]! |= bit
    else this.#weighted[at]! &= ~bit
  }
}
