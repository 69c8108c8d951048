/**
 * Who waits for room in a full mailbox.
 *
 * A `Hold` is the one message of an actor that a `suspend` mailbox accepted beyond its bound: its sender gets no slice
 * until the mailbox is at low water, or too much time has passed. A `Waiter` is a sender that is no actor, and tries again itself.
 */
import type { MemoryCell } from "./cell.ts"
import type { Letter } from "./mailbox.ts"
import type { Timer } from "./timers.ts"

export class Hold {
  readonly sender: MemoryCell
  readonly receiver: MemoryCell
  /** undefined: it was handled meanwhile. */
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
