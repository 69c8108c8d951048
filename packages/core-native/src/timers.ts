/**
 * What timers will deliver. When they are due is the shard's; a timer's message never leaves the isolate.
 *
 * A reference is its actor's own: two actors may use the same number.
 */
export interface Timer {
  readonly op: number
  readonly payload: unknown
  readonly repeat: boolean
}

export class Timers<C> {
  readonly #byOwner = new Map<C, Map<number, Timer>>()

  start(owner: C, ref: number, timer: Timer): void {
    const timers = this.#byOwner.get(owner)
    if (timers === undefined) this.#byOwner.set(owner, new Map([[ref, timer]]))
    else timers.set(ref, timer)
  }

  /** The timer that is due; it is forgotten unless it repeats. */
  fired(owner: C, ref: number): Timer | undefined {
    const timer = this.#byOwner.get(owner)?.get(ref)
    if (timer !== undefined && !timer.repeat) this.cancel(owner, ref)
    return timer
  }

  cancel(owner: C, ref: number): void {
    const timers = this.#byOwner.get(owner)
    if (timers?.delete(ref) === true && timers.size === 0) this.#byOwner.delete(owner)
  }

  /** Its owner has ended. */
  drop(owner: C): void {
    this.#byOwner.delete(owner)
  }
}
