/**
 * The turns of the event loop: when the loop has to let it have one, and until when callers may help in between.
 *
 * A caller that asks in a loop, and helps each time, would never leave its own stack. So the first to help asks for a
 * turn of the event loop, and once that has been waited for long enough nobody may help before it has come.
 */
export class Turns {
  /** The loop goes on when the event loop has had its turn. */
  yielded = false
  #isAsked = false
  #patience = 0
  readonly #length: number
  readonly #resume: () => void

  /** `length`: ms that the event loop waits. `resume` is called by it when the loop has yielded. */
  constructor(length: number, resume: () => void) {
    this.#length = length
    this.#resume = resume
  }

  /** The loop lets the event loop have its turn. */
  yield(): void {
    this.yielded = true
    if (!this.#isAsked) this.#ask()
  }

  /** Whether somebody may help now. No: whatever is asked now waits for the turn. */
  allows(now: number): boolean {
    if (!this.#isAsked) {
      this.#patience = now + this.#length
      this.#ask()
      return true
    }
    if (now <= this.#patience) return true
    this.yielded = true
    return false
  }

  #ask(): void {
    this.#isAsked = true
    setImmediate(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isAsked = false
    if (!this.yielded) return
    this.yielded = false
    this.#resume()
  }
}
