/**
 * The turns of the event loop: when the loop has to let it have one, and until when callers may help in between.
 *
 * The event loop waits for 0.4 ms of work. It waits longer while more is queued than when it last had its turn (G220):
 * somebody there sends more than is handled between two turns, and messages that wait are dearer, for the collector and
 * for the caches, so that a little too many of them would become ever more. So it waits until they are fewer than then,
 * by as many as it has sent: to get rid of what it sends alone would keep a pile that is there already.
 * While somebody works through a crowd of actors in turns of the event loop, and says each time that it waits (`hasten`,
 * G263), none is put off, and each comes sooner: that work is in the same turn.
 *
 * A caller that asks in a loop, and helps each time, would never leave its own stack. So the first to help asks for a
 * turn of the event loop, and once that has been waited for long enough nobody may help before it has come.
 */
/** Lengths of a turn that the event loop waits at most. */
const LONGEST = 4
/** Of a length, while somebody waits who has work for many. */
const HASTY = 0.75

export class Turns {
  /** The loop goes on when the event loop has had its turn. */
  yielded = false
  #isAsked = false
  #patience = 0
  /** Who waits for the next turn, and it is not to be put off. */
  #hasteners = 0
  /** Messages that were queued when the event loop last had its turn. */
  #backlog = 0
  /** Messages that may be left: with more of them the event loop waits longer. */
  #goal = 0
  readonly #length: number
  readonly #resume: () => void

  /** `length`: ms that the event loop waits. `resume` is called by it when the loop has yielded. */
  constructor(length: number, resume: () => void) {
    this.#length = length
    this.#resume = resume
  }

  /** The loop begins, with so many messages queued: what was not there when it last ended, the event loop has sent. */
  begin(queued: number): void {
    const backlog = this.#backlog
    this.#goal = queued > backlog ? Math.max(0, backlog - (queued - backlog)) : backlog
  }

  /** Whether it is the event loop's turn, after `took` ms of work and with so many messages left. */
  isOver(took: number, left: number): boolean {
    if (this.#hasteners > 0) return took > this.#length * HASTY
    return took > this.#length && (left <= this.#goal || took > this.#length * LONGEST)
  }

  /** Somebody waits for the next turn: what is done at a time is to be little. */
  get isHastened(): boolean {
    return this.#hasteners > 0
  }

  /** Somebody waits for the next turn who has work for many, or (`false`) has got it. */
  hasten(isWaiting: boolean): void {
    this.#hasteners += isWaiting ? 1 : -1
  }

  /** Nothing is left to do. */
  rest(): void {
    this.#backlog = 0
  }

  /** The loop lets the event loop have its turn, with so many messages queued. */
  yield(queued: number): void {
    this.#backlog = queued
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
