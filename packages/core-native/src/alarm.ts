/**
 * What a loop at rest leaves behind: an alarm for the shard's next deadline, and a hold on the process where something is
 * still to come that no timer stands for.
 */
import { Control } from "./generated/layout.ts"
import type { MembraneClock } from "./host.ts"

const { NextDeadline: NEXT_DEADLINE, Calls: CALLS } = Control

export class Alarm {
  readonly #control: Int32Array
  readonly #clock: MembraneClock
  readonly #wake: () => void
  #armedAt = Infinity
  #keepAlive = false
  #holder: NodeJS.Timeout | undefined = undefined

  constructor(control: Int32Array, clock: MembraneClock, wake: () => void) {
    this.#control = control
    this.#clock = clock
    this.#wake = wake
  }

  /** The loop has nothing to do. */
  arm(): void {
    const delay = this.#control[NEXT_DEADLINE]!
    if (delay < 0) {
      if (this.#armedAt !== Infinity) {
        this.#armedAt = Infinity
        this.#clock.wakeIn(undefined, this.#ring)
      }
    } else {
      const at = this.#clock.now() + delay
      // A timer that rings too early finds nothing to do and is armed again: that is cheaper than moving it each time.
      if (at < this.#armedAt) {
        this.#armedAt = at
        this.#clock.wakeIn(delay, this.#ring)
      }
    }
    this.#hold()
  }

  keepAlive(on: boolean): void {
    this.#keepAlive = on
    this.#hold()
  }

  /** Lets go of the timer and of the process. */
  stop(): void {
    this.#keepAlive = false
    this.#armedAt = Infinity
    this.#clock.wakeIn(undefined, this.#wake)
    if (this.#holder !== undefined) clearInterval(this.#holder)
    this.#holder = undefined
  }

  readonly #ring = (): void => {
    this.#armedAt = Infinity
    this.#wake()
  }

  #hold(): void {
    const control = this.#control
    const hold = this.#keepAlive || (control[CALLS]! > 0 && control[NEXT_DEADLINE]! < 0)
    if (hold && this.#holder === undefined) this.#holder = setInterval(() => {}, 2 ** 30)
    else if (!hold && this.#holder !== undefined) {
      clearInterval(this.#holder)
      this.#holder = undefined
    }
  }
}
