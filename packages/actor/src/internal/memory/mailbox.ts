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
import type { LinkHalf } from "./links.ts"
import type { Watch } from "./monitors.ts"
import type { Timer } from "./timers.ts"

/** What a letter is. Messages alone count against the bound of their mailbox. `Answer`: see `behind.ts`. */
export const Kind = { Message: 0, Timer: 1, Down: 2, Exit: 3, Stop: 4, Void: 5, Answer: 6 } as const

// A letter's head: its kind, the `Flag`s of the message and `HELD` above them, then its op. One small integer, so that a
// letter is 64 bytes and not 80: the thousand that may wait for one turn are more than the nearest cache holds.
const KIND = 0b111
const FLAGS = 0x1ff
const FLAGS_AT = 3
const OP_AT = 12

/** The part of a head that is 0 in a plain message: told, with no flags. */
export const SPECIAL = KIND | (FLAGS << FLAGS_AT)

export class Letter {
  next: Letter | undefined = undefined
  head = 0
  /** The message's payload; of a `Down`, an `Exit` and a `Stop` the reason; of an `Answer` who waits for it. */
  payload: unknown = undefined
  from: MemoryCell | undefined = undefined
  extra: Call | Timer | Watch | LinkHalf | undefined = undefined

  get kind(): number {
    return this.head & KIND
  }

  set kind(kind: number) {
    this.head = (this.head & ~KIND) | kind
  }

  /** `Flag`s of the message, and `HELD`. */
  get flags(): number {
    return (this.head >> FLAGS_AT) & FLAGS
  }

  set flags(flags: number) {
    this.head = (this.head & ~(FLAGS << FLAGS_AT)) | (flags << FLAGS_AT)
  }

  /** The message's op. */
  get op(): number {
    return this.head >> OP_AT
  }
}

/** Letters kept for reuse at most, when nothing is queued; a burst beyond it is the collector's. */
const SPARE = 16384

/** Last in, first out: the letter that was read last is the one still in the cache. What lies here is a blank message. */
export class LetterPool {
  private top: Letter | undefined = undefined
  private made = 0

  /** A plain message. */
  message(op: number, payload: unknown, from: MemoryCell | undefined): Letter {
    const letter = this.top
    if (letter === undefined) return this.make(op, payload, from)
    this.top = letter.next
    letter.next = undefined
    letter.head = op << OP_AT
    letter.payload = payload
    letter.from = from
    return letter
  }

  take(kind: number, op: number, payload: unknown, from: MemoryCell | undefined): Letter {
    const letter = this.message(op, payload, from)
    letter.head |= kind
    return letter
  }

  /** A plain message is over. */
  give(letter: Letter): void {
    letter.payload = undefined
    letter.from = undefined
    letter.next = this.top
    this.top = letter
  }

  giveSpecial(letter: Letter): void {
    letter.head = 0
    letter.extra = undefined
    this.give(letter)
  }

  /** Lets go of what a burst left behind. For a moment in which no letter is out. */
  trim(): void {
    if (this.made <= SPARE) return
    this.made = 0
    this.top = undefined
  }

  private make(op: number, payload: unknown, from: MemoryCell | undefined): Letter {
    this.made++
    const letter = new Letter()
    letter.head = op << OP_AT
    letter.payload = payload
    letter.from = from
    return letter
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
