/**
 * Who waits for room in a full mailbox.
 *
 * A `Hold` is for an actor whose message a `suspend` mailbox accepted beyond its bound: it gets no slice until the
 * mailbox is at low water, or the hold's time is over. At most one for a pair of actors. A `Waiter` is a sender that is no actor, and tries again itself.
 */
import type { MemoryCell } from "./cell.ts"
import type { Letter } from "./mailbox.ts"
import type { Timer } from "./timers.ts"

export class Hold {
  readonly sender: MemoryCell
  readonly receiver: MemoryCell
  /** The overflowing message; undefined: it was handled. */
  letter: Letter | undefined
  timer: Timer | undefined = undefined

  constructor(sender: MemoryCell, receiver: MemoryCell, letter: Letter) {
    this.sender = sender
    this.receiver = receiver
    this.letter = letter
  }
}

export class Waiter {
  readonly resume: () => void
  /** It was resumed or gave up. */
  done = false

  constructor(resume: () => void) {
    this.resume = resume
  }
}
