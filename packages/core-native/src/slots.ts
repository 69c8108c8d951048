/**
 * The slot table: where a payload waits while its record is in Rust.
 *
 * Every slot that is put is taken exactly once: by the delivery that consumes it, or by its dead letter. Slot 0 stands
 * for `undefined` and is never taken. A free slot holds the number of the next free one, so that `put` and `take` touch
 * one element each.
 *
 * What a burst made it hold is given back by the rule that the core has for its own stores (`tide.rs`): when it is empty
 * at an idle moment, and did not grow between two looks. `put` and `take` know nothing of it.
 */

/** Slots that are kept at least. */
export const KEPT = 16_384
/** Idle moments between two looks. */
export const QUIET = 64

export class Slots {
  // A hole would make every access slower: the array is filled as it grows.
  readonly #values: Array<unknown> = [0]
  #free = 0
  #moments = 0
  // Its length when last looked.
  #high = 0

  /** Slots in use. Linear: neither `put` nor `take` counts. */
  get used(): number {
    let used = this.#values.length - 1
    for (let slot = this.#free; slot !== 0; slot = this.#values[slot] as number) used--
    return used
  }

  /** Slots that there is room for. */
  get size(): number {
    return this.#values.length
  }

  /** The loop has nothing to do. `isEmpty`: the shard holds no message either. */
  idle(isEmpty: boolean): void {
    if (++this.#moments < QUIET) return
    this.#moments = 0
    const values = this.#values
    if (isEmpty && values.length > KEPT && values.length === this.#high && this.used === 0) {
      values.length = 1
      this.#free = 0
    }
    this.#high = values.length
  }

  /** The slot of a payload; 0 for `undefined`. */
  put(value: unknown): number {
    if (value === undefined) return 0
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
    return value
  }
}
