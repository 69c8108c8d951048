/**
 * Letters and lanes. A mailbox is three FIFO lanes of letters from one pool: `next`, priority, normal.
 *
 * The normal lane is two fields of the cell; the other two are made on first use, in the cell's side record.
 * A letter that was taken back while it was queued (a cancelled timer, an ended watch) stays in its lane as `Void` and
 * is passed over: it counts nowhere any more.
 *
 * Owner: the shard's thread. A letter is in exactly one place: a lane, a hold, the dead letters, or the pool.
 */
import type { Call } from "../call.ts"
import type { MemoryCell } from "./cell.ts"
import type { Watch } from "./monitors.ts"
import type { Timer } from "./timers.ts"

/** What a letter is. Messages count against the bound of their mailbox; of a timer there is at most one letter. */
export const Kind = { Message: 0, Timer: 1, Down: 2, Exit: 3, Stop: 4, Void: 5 } as const

/** A flag beside those of `shard.ts`: its sender is held for this message. */
export const HELD = 256

export class Letter {
  next: Letter | undefined = undefined
  kind = 0
  /** `Flag`s of the message. */
  flags = 0
  /** The message's op; of a `Down` the host's reference. */
  op = 0
  /** The message's payload; of a `Down`, an `Exit` and a `Stop` the reason. */
  payload: unknown = undefined
  from: MemoryCell | undefined = undefined
  extra: Call | Timer | Watch | undefined = undefined
}

/** Letters kept for reuse at most; a burst beyond it is the collector's. */
const SPARE = 16384

/** Last in, first out: the letter that was read last is the one still in the cache. */
export class LetterPool {
  private top: Letter | undefined = undefined
  private spare = 0

  take(kind: number, op: number, payload: unknown, from: MemoryCell | undefined): Letter {
    let letter = this.top
    if (letter === undefined) letter = new Letter()
    else {
      this.top = letter.next
      this.spare--
      letter.next = undefined
    }
    letter.kind = kind
    letter.op = op
    letter.payload = payload
    letter.from = from
    return letter
  }

  /** `flags` and `extra` are reset only by who set them: the plain path never touches them. */
  give(letter: Letter): void {
    letter.payload = undefined
    letter.from = undefined
    if (this.spare >= SPARE) return
    letter.next = this.top
    this.top = letter
    this.spare++
  }

  giveSpecial(letter: Letter): void {
    letter.flags = 0
    letter.extra = undefined
    this.give(letter)
  }
}

/** A FIFO of letters outside the cell. */
export class Lane {
  head: Letter | undefined = undefined
  tail: Letter | undefined = undefined

  push(letter: Letter): void {
    if (this.tail === undefined) this.head = letter
    else this.tail.next = letter
    this.tail = letter
  }

  shift(): Letter | undefined {
    const letter = this.head
    if (letter === undefined) return undefined
    this.head = letter.next
    if (this.head === undefined) this.tail = undefined
    letter.next = undefined
    return letter
  }
}
