/**
 * Messages to actors that have nothing queued, delivered where they wait: in the submission ring.
 *
 * A message that is sent waits in the ring until the next tick, which puts it into its receiver's mailbox and hands it
 * back. While nothing is runnable in the shard every mailbox is empty, so that the ring alone is the queue, in the order of
 * the sends, and the way through the shard would change nothing. The loop takes that way out when all records are plain
 * messages. The shard is told how many messages each actor has handled, for the actor's account.
 *
 * Whatever the shard alone can decide ends a run, and what is left in the ring goes its usual way (G206):
 * - an actor that has had its turn, while messages of others wait (G109);
 * - a record that is no plain message: a call, a signal, a flag of a message, a change of an actor;
 * - a receiver of which something has changed since the shard delivered to it last (`doubts.ts`), or that is not proven
 *   short (`meter.ts`): its messages stay in the ring, and so in order;
 * - an ingest, which may have filled mailboxes; whatever a handler leaves to be attended to; a long group of messages;
 *   something that another thread has sent.
 *
 * Owner: the loop.
 */
import { Flag, RECORD_WORDS, Submission, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost } from "./host.ts"
import type { Loop } from "./loop.ts"
import { GROUP, GROUP_OF_QUICK, LONG_GROUP, type Meter, PROOF, QUICK } from "./meter.ts"
import type { Metering } from "./metering.ts"
import { type Ring, SUBMISSIONS } from "./ring.ts"
import type { Slots } from "./slots.ts"
import type { Table } from "./table.ts"
import type { Turns } from "./turns.ts"
import { quickPidOf } from "./words.ts"

const {
  To: TO,
  ToGeneration: TO_GENERATION,
  From: FROM,
  FromGeneration: FROM_GENERATION,
  Head: HEAD,
  Slot: SLOT,
  A,
  B
} = Word
// Constants of this module are part of the code; imported ones would be read each time.
const WORDS = RECORD_WORDS
const SHIFT = 31 - Math.clz32(WORDS)
const INLINE = Flag.Inline << 8
/** The part of a head in which a plain message is `SEND`. */
const KIND = 0xffff & ~INLINE
const SEND = Submission.Send
const HANDLED = Submission.Handled
const BUSY = Submission.Busy
const CHARGE = Submission.Charge
const NOTHING = 0
const INDEX = 0xffffff

/** ms after which a run ends, so that timers are looked at; earlier, when the event loop is to have its turn (G220). What it
 * leaves goes through the shard, and so does whatever comes before the shard is at rest again. */
const RUN = 1
/** Messages of a run. */
const MOST = 1024
/** Records that may be left to the shard because another thread has sent something. */
const FEW = 8
/** Messages of one actor in a run, while others wait; as many as a slice may have. Actors are told apart by the low bits of
 * their index: that two are taken for one ends a run early. */
const MOST_OF_ONE = 64
const ONES = 256
/** Messages whose receivers are touched before the first of them runs, and from how many on that pays. */
const AHEAD = 128
const TOUCH = 64

export class Direct<C extends MembraneCell, K extends MembraneCall> {
  readonly #ring: Ring
  readonly #slots: Slots
  readonly #table: Table<C>
  readonly #host: MembraneHost<C, K>
  readonly #loop: Loop<C, K>
  readonly #turns: Turns
  readonly #times: Pick<Metering<C>, "takeOuts">
  readonly #now: () => number
  readonly #longSchedule: number
  /** Receivers of the messages since the clock was read. */
  readonly #group = new Uint32Array(Math.max(GROUP, GROUP_OF_QUICK))
  /** Messages of each in this run. */
  readonly #counts = new Uint8Array(ONES)
  /** us that a message of the last group took. */
  #pace = 1
  /** us that nobody has been charged with yet. */
  #due = 0
  /** The handler of the last message of a row waits. */
  #waits = false

  constructor(
    loop: Loop<C, K>,
    ring: Ring,
    slots: Slots,
    table: Table<C>,
    host: MembraneHost<C, K>,
    turns: Turns,
    times: Pick<Metering<C>, "takeOuts">,
    now: () => number,
    longSchedule: number
  ) {
    this.#loop = loop
    this.#turns = turns
    this.#times = times
    this.#ring = ring
    this.#slots = slots
    this.#table = table
    this.#host = host
    this.#now = now
    this.#longSchedule = longSchedule
  }

  /** Delivers what it may of the ring, from `start` on, in a turn that began at `begin`; what time it is afterwards. */
  run(start: number, begin: number): number {
    const ring = this.#ring
    const loop = this.#loop
    const host = this.#host
    const { out } = ring
    const lows = this.#group
    const turns = this.#counts.fill(0)
    const epoch = ring.epoch
    let last = start
    let pace = this.#pace
    let due = this.#due
    let group = pace < QUICK * 1000 ? GROUP_OF_QUICK : GROUP
    let since = 0
    let handled = 0
    let touched = 0
    /** Records before this one are accounts, or messages that stay. */
    let kept = 0
    /** The last two accounts. */
    let account = -1
    let accountBefore = -1
    /** The receiver of the last message, its account, and its PID's low word; 0: there was none. */
    let counted = -1
    let cell: C | undefined
    let lastLow = 0
    /** Up to there are records for one receiver alone, when it has had its turn. */
    let alone = 0
    let at = 0
    this.#times.takeOuts()
    for (; at < ring.pending; at++) {
      if (at >= touched && ring.pending - at >= TOUCH) touched = this.#touch(at)
      const record = at << SHIFT
      const head = out[record | HEAD]!
      const low = out[record | TO]!
      if ((head & KIND) !== SEND) break
      let row = 0
      if (low !== lastLow || out[record | TO_GENERATION] !== cell!.generation) {
        cell = this.idle(low, out[record | TO_GENERATION]!)
        if (cell === undefined) {
          lastLow = 0
          // Those behind it to the same one stay behind it, whatever a handler does meanwhile.
          ring.doubts.add(low)
          if (kept !== at) this.#move(record, kept << SHIFT)
          kept++
          continue
        }
        lastLow = low
      } else {
        // The last record of the ring is not for a row: what its handler sends takes its place.
        const most = Math.min(MOST_OF_ONE - turns[low & (ONES - 1)]!, group - since, ring.pending - at - 1)
        if (most > 1) row = this.#row(record, most, cell!, counted << SHIFT, epoch)
      }
      let waits: boolean
      if (row > 0) {
        waits = this.#waits
        at += row - 1
        handled += row
        turns[low & (ONES - 1)]! += row
        for (let i = row; i > 0; i--) lows[since++] = low
        due += pace * row
        if (due >= 1 && ring.epoch === epoch) {
          const whole = Math.floor(due)
          due -= whole
          out[(counted << SHIFT) | B]! += whole
        }
      } else {
        const turn = turns[low & (ONES - 1)]! + 1
        if (turn <= MOST_OF_ONE) turns[low & (ONES - 1)] = turn
        else {
          alone = this.#sameFrom(alone > at ? alone : at + 1, low)
          if (alone < ring.pending) break
          turns.fill(0)
        }
        const payload = (head & INLINE) !== 0 ? ring.numberAt(record) : this.#slots.take(out[record | SLOT]!)
        const fromLow = out[record | FROM]!
        const from = fromLow === 0 ? 0 : quickPidOf(fromLow, out[record | FROM_GENERATION]!)
        // The account is written before the handler runs: it may look at it, or have the ring ingested.
        out[record | HEAD] = NOTHING
        due += pace
        let whole = 0
        if (due >= 1) due -= whole = Math.floor(due)
        counted = -1
        if (account >= 0 && out[(account << SHIFT) | TO] === low) counted = account
        else if (accountBefore >= 0 && out[(accountBefore << SHIFT) | TO] === low) counted = accountBefore
        if (counted >= 0) {
          const place = counted << SHIFT
          out[place | A]!++
          if (whole > 0) out[place | B]! += whole
        } else {
          const place = kept << SHIFT
          out[place | TO] = low
          out[place | TO_GENERATION] = cell!.generation
          out[place | HEAD] = HANDLED
          out[place | A] = 1
          out[place | B] = whole
          accountBefore = account
          counted = account = kept++
        }
        // Caught up: what the handler sends takes the place of what has been delivered.
        if (at + 1 === ring.pending) {
          ring.pending = kept
          touched = at = kept - 1
          alone = 0
        }
        lows[since] = low
        if (loop.current !== cell) loop.current = cell
        waits = host.deliver(cell!, head >>> 16, payload, from, undefined)
        since++
        handled++
      }
      if (since >= group) {
        const now = this.#now()
        const took = now - last
        const isClear = !this.#times.takeOuts()
        if (took > LONG_GROUP) this.#doubt(took, since, isClear)
        else {
          // What its messages were charged with was the pace of the group before.
          due += took * 1000 - pace * since
          pace = (took * 1000) / since
        }
        if (now - start > RUN || this.#turns.isOver(now - begin, ring.pending - at)) handled = MOST
        // What another thread sends is looked for as often as the clock, while what would have to be put aside is little.
        else if (ring.pending - at <= FEW && ring.hasArrivals()) handled = MOST
        last = now
        since = 0
        group = pace < QUICK * 1000 ? GROUP_OF_QUICK : GROUP
      }
      if (waits) {
        if (ring.pending >= SUBMISSIONS) ring.flush(this.#now())
        ring.put(BUSY, low, cell!.generation, 0, 0, 0, 0, 0)
        break
      }
      if (ring.epoch !== epoch || loop.attention !== 0 || handled >= MOST) break
    }
    if (at >= ring.pending && ring.epoch === epoch) ring.pending = kept
    loop.current = undefined
    if (since > 0) {
      const now = this.#now()
      const took = now - last
      if (took > LONG_GROUP) this.#doubt(took, since, !this.#times.takeOuts())
      else {
        due += took * 1000 - pace * since
        pace = (took * 1000) / since
      }
      last = now
    }
    this.#pace = pace
    this.#due = due
    return last
  }

  /** Delivers messages that follow each other, to one that has just had one: how many. The rest is decided for all of them. */
  #row(from: number, most: number, cell: C, account: number, epoch: number): number {
    const ring = this.#ring
    const loop = this.#loop
    const slots = this.#slots
    const host = this.#host
    const { out } = ring
    const { generation, low } = cell
    let record = from
    let row = 0
    let waits = false
    do {
      const head = out[record | HEAD]!
      if ((head & KIND) !== SEND || out[record | TO] !== low || out[record | TO_GENERATION] !== generation) break
      const payload = (head & INLINE) !== 0 ? ring.numberAt(record) : slots.take(out[record | SLOT]!)
      const fromLow = out[record | FROM]!
      const sender = fromLow === 0 ? 0 : quickPidOf(fromLow, out[record | FROM_GENERATION]!)
      out[record | HEAD] = NOTHING
      out[account | A]!++
      waits = host.deliver(cell, head >>> 16, payload, sender, undefined)
      record += WORDS
    } while (++row < most && !waits && ring.epoch === epoch && loop.attention === 0)
    this.#waits = waits
    return row
  }

  /** The first record from here on that is not for this one. */
  #sameFrom(from: number, low: number): number {
    const { out, pending } = this.#ring
    let at = from
    while (at < pending && out[(at << SHIFT) | TO] === low) at++
    return at
  }

  /** The receiver with this PID, if it has nothing queued and may be delivered to without a look at the clock. */
  idle(low: number, generation: number): C | undefined {
    const cell = this.#table.at(low & INDEX)
    if (cell === undefined || cell.low !== low || cell.generation !== generation) return undefined
    if (this.#ring.doubts.has(low)) return undefined
    const meter = cell.bound.meter as Meter | undefined
    return meter === undefined || meter.unproven > 0 ? undefined : cell
  }

  /**
   * A group that took long: who of several held the thread is not known. They share it, unless an asker went on among them
   * (`isClear` is false): then the pace that they were charged with is theirs (G305). And they have to prove themselves again.
   */
  #doubt(took: number, since: number, isClear: boolean): void {
    const ring = this.#ring
    const share = Math.floor((took * 1000) / since)
    let isKnown = isClear
    for (let i = 0; i < since; i++) {
      const low = this.#group[i]!
      if (low !== this.#group[0]) isKnown = false
      const cell = this.#table.at(low & INDEX)
      if (cell === undefined) continue
      ;(cell.bound.meter as Meter).unproven = PROOF
      if (!isClear) continue
      if (ring.pending >= SUBMISSIONS) ring.flush(this.#now())
      ring.put(CHARGE, low, cell.generation, 0, 0, 0, share, 0)
    }
    const cell = this.#table.at(this.#group[0]! & INDEX)
    if (isKnown && cell !== undefined && took > this.#longSchedule) this.#host.longSchedule(cell, took)
  }

  // The misses of the next receivers overlap here; in their handlers each would wait for the one before.
  #touch(from: number): number {
    const { out, pending } = this.#ring
    const table = this.#table
    const end = Math.min(from + AHEAD, pending)
    let touched = 0
    let last = 0
    for (let at = from; at < end; at++) {
      const low = out[(at << SHIFT) | TO]!
      if (low === last) continue
      last = low
      const cell = table.at(low & INDEX)
      if (cell !== undefined && typeof cell.state === "object") touched++
    }
    return touched >= 0 ? end : from
  }

  #move(record: number, place: number): void {
    const { out } = this.#ring
    out.copyWithin(place, record, record + RECORD_WORDS)
    out[record | HEAD] = NOTHING
  }
}
