/**
 * The slot table: where a payload waits while its record is in Rust.
 *
 * Every slot that is put is taken exactly once: by the delivery that consumes it, or by its dead letter. Slot 0 stands
 * for `undefined` and is never taken. A free slot holds the number of the next free one, so that `put` and `take` touch
 * one element each.
 */
export class Slots {
  // A hole would make every access slower: the array is filled as it grows.
  readonly #values: Array<unknown> = [0]
  #free = 0
  #used = 0

  /** Slots in use. */
  get used(): number {
    return this.#used
  }

  /** The slot of a payload; 0 for `undefined`. */
  put(value: unknown): number {
    if (value === undefined) return 0
    this.#used++
    const slot = this.#free
    if (slot === 0) return this.#values.push(value) - 1
    this.#free = this.#values[slot] as number
    this.#values[slot] = value
    return slot
  }

  /** The payload of a slot, which is free afterwards. */
  take(slot: number): unknown {
    if (slot === 0) return undefined
    const value = this.#values[slot]
    this.#values[slot] = this.#free
    this.#free = slot
    this.#used--
    return value
  }
}
