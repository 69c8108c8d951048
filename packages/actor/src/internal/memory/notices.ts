/**
 * What the shard has to tell its host beside deliveries: ends, failed calls, dead letters, room in a mailbox.
 *
 * The host is called only from the pump. What happens inside a call of the host waits here, in order, and is told by
 * the pump before the next message. Each entry has a cause that is bounded; all letters of a dead mailbox are one
 * entry.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Call } from "../call.ts"
import { rethrow } from "../rethrow.ts"
import type { CallEnd, ShardHost, Why } from "../shard.ts"
import { millisOf, reductionsOf } from "./aside.ts"
import type { MemoryCell } from "./cell.ts"
import { Kind, type Letter, type LetterPool } from "./mailbox.ts"
import type { OutsideWatches, Watch } from "./monitors.ts"
import type { Waiter } from "./room.ts"

/** Notices that are told before the next group of slices. */
const PER_PASS = 4096

abstract class Notice {
  next: Notice | undefined = undefined
  /** Tells the host. false: there is more to tell, next time. */
  abstract tell(host: ShardHost): boolean
}

class Dead extends Notice {
  private readonly cell: MemoryCell
  private readonly reason: ExitReason

  constructor(cell: MemoryCell, reason: ExitReason) {
    super()
    this.cell = cell
    this.reason = reason
  }

  tell(host: ShardHost): boolean {
    // Its account is read here, when the slice in which it ended has been charged.
    host.dead(this.cell, this.reason, reductionsOf(this.cell), millisOf(this.cell))
    this.cell.aside = undefined
    return true
  }
}

class Terminate extends Notice {
  private readonly cell: MemoryCell
  private readonly reason: ExitReason

  constructor(cell: MemoryCell, reason: ExitReason) {
    super()
    this.cell = cell
    this.reason = reason
  }

  tell(host: ShardHost): boolean {
    // After a kill meanwhile there is no cleanup: `dead` follows.
    if (this.cell.aside?.reason === this.reason) host.terminate(this.cell, this.reason)
    return true
  }
}

class CallEnded extends Notice {
  private readonly call: Call
  private readonly end: CallEnd
  private readonly reason: ExitReason | undefined

  constructor(call: Call, end: CallEnd, reason: ExitReason | undefined) {
    super()
    this.call = call
    this.end = end
    this.reason = reason
  }

  tell(host: ShardHost): boolean {
    // The call may have been answered meanwhile, by the handler that ended the actor.
    if (this.call.pending) host.callEnded(this.call, this.end, this.reason)
    return true
  }
}

class OutsideDown extends Notice {
  private readonly watch: Watch
  private readonly watches: OutsideWatches
  private readonly reason: ExitReason

  constructor(watch: Watch, watches: OutsideWatches, reason: ExitReason) {
    super()
    this.watch = watch
    this.watches = watches
    this.reason = reason
  }

  tell(host: ShardHost): boolean {
    if (this.watch.ended) return true
    this.watch.ended = true
    this.watches.take(this.watch.ref)
    host.outsideDown(this.watch.ref, this.watch.target.pid, this.reason)
    return true
  }
}

class Room extends Notice {
  private readonly waiter: Waiter

  constructor(waiter: Waiter) {
    super()
    this.waiter = waiter
  }

  tell(): boolean {
    if (this.waiter.done) return true
    this.waiter.done = true
    try {
      this.waiter.resume()
    } catch (error) {
      rethrow(error)
    }
    return true
  }
}

class Reached extends Notice {
  private readonly resume: () => void

  constructor(resume: () => void) {
    super()
    this.resume = resume
  }

  tell(): boolean {
    try {
      this.resume()
    } catch (error) {
      rethrow(error)
    }
    return true
  }
}

class DeadMail extends Notice {
  private readonly to: MemoryCell
  private readonly why: Why
  private readonly notices: Notices
  private letter: Letter | undefined

  constructor(to: MemoryCell, letter: Letter | undefined, why: Why, notices: Notices) {
    super()
    this.to = to
    this.letter = letter
    this.why = why
    this.notices = notices
  }

  tell(host: ShardHost): boolean {
    const letter = this.letter
    if (letter === undefined) return true
    this.letter = letter.next
    const { extra, from, kind, op, payload } = letter
    this.notices.pool.giveSpecial(letter)
    // Behind the end itself, which interrupts who waits for it.
    if (kind === Kind.Answer) this.notices.reached(payload as () => void)
    if (kind === Kind.Message) {
      const sender = from === undefined ? 0 : from.pid
      host.deadLetter(this.to.pid, sender, op, payload, this.why, extra !== undefined, this.to.life?.name)
    }
    return this.letter === undefined
  }
}

export class Notices {
  head: Notice | undefined = undefined
  private tail: Notice | undefined = undefined
  readonly pool: LetterPool

  constructor(pool: LetterPool) {
    this.pool = pool
  }

  dead(cell: MemoryCell, reason: ExitReason): void {
    this.push(new Dead(cell, reason))
  }

  terminate(cell: MemoryCell, reason: ExitReason): void {
    this.push(new Terminate(cell, reason))
  }

  callEnded(call: Call, end: CallEnd, reason: ExitReason | undefined): void {
    this.push(new CallEnded(call, end, reason))
  }

  outsideDown(watch: Watch, watches: OutsideWatches, reason: ExitReason): void {
    this.push(new OutsideDown(watch, watches, reason))
  }

  /** An answer that has waited for its turn (`behind.ts`): `resume` is called. */
  reached(resume: () => void): void {
    this.push(new Reached(resume))
  }

  room(waiter: Waiter): void {
    this.push(new Room(waiter))
  }

  /** `letter` and all behind it. */
  deadMail(to: MemoryCell, letter: Letter, why: Why): void {
    this.push(new DeadMail(to, letter, why, this))
  }

  /** Tells the host up to `PER_PASS` notices. Those that are made meanwhile are told after the next message. */
  tell(host: ShardHost): void {
    const last = this.tail
    for (let left = PER_PASS; left > 0; left--) {
      const notice = this.head
      if (notice === undefined) return
      if (!notice.tell(host)) continue
      this.head = notice.next
      if (this.head === undefined) this.tail = undefined
      if (notice === last) return
    }
  }

  /** At the end: all that there is, and nothing of what comes of it. */
  tellAll(host: ShardHost): void {
    for (const last = this.tail; this.head !== undefined;) {
      const notice = this.head
      if (!notice.tell(host)) continue
      this.head = notice.next
      if (this.head === undefined) this.tail = undefined
      if (notice === last) return
    }
  }

  private push(notice: Notice): void {
    if (this.tail === undefined) this.head = notice
    else this.tail.next = notice
    this.tail = notice
  }
}
