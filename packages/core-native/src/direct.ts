/**
 * Messages to actors that have nothing queued, delivered where they wait: in the submission ring.
 *
 * A message that is sent waits in the ring until the next tick, which puts it into its receiver's mailbox and hands it
 * back. While nothing is runnable in the shard every mailbox is empty, so that the ring alone is the queue, in the order of
 * the sends, and the way through the shard would change nothing. The loop takes that way out when all records are plain
 * messages. The shard is told how many messages each actor has handled, for the actor's account.
 *
 * Whatever the shard alone can decide ends a run, and what is left in the ring goes its usual way (G206):
 * - a record that is no plain message: a call, a signal, a flag of a message, a change of an actor;
 * - a receiver of which something has changed since the shard delivered to it last (`Ring.doubt`), or that is not proven
 *   short (`meter.ts`): its messages stay in the ring, and so in order;
 * - an ingest, which may have filled mailboxes; whatever a handler leaves to be attended to; a long group of messages.
 *
 * Owner: the loop.
 */
import { Flag, RECORD_WORDS, Submission, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost } from "./host.ts"
import type { Loop } from "./loop.ts"
import { GROUP, GROUP_OF_QUICK, LONG_GROUP, type Meter, PROOF, QUICK } from "./meter.ts"
import { type Ring, SUBMISSIONS } from "./ring.ts"
import type { Slots } from "./slots.ts"
import type { Table } from "./table.ts"

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
const SHIFT = 31 - Math.clz32(RECORD_WORDS)
const INLINE = Flag.Inline << 8
/** The part of a head in which a plain message is `SEND`. */
const KIND = 0xffff & ~INLINE
const SEND = Submission.Send
const HANDLED = Submission.Handled
const BUSY = Submission.Busy
const NOTHING = 0
const INDEX = 0xffffff

/** ms after which a run ends: about as long as a batch may take. */
const RUN = 0.2
/** Messages of a run. */
const MOST = 512
/** Messages whose receivers are touched before the first of them runs, and from how many on that pays. */
const AHEAD = 128
const TOUCH = 16

export class Direct<C extends MembraneCell, K extends MembraneCall> {
  readonly #ring: Ring
  readonly #slots: Slots
  readonly #table: Table<C>
  readonly #host: MembraneHost<C, K>
  readonly #loop: Loop<C, K>
  readonly #now: () => number
  readonly #longSchedule: number
  /** Behaviours of the messages since the clock was read. */
  readonly #meters: Array<Meter> = []
  /** us that a message of the last group took. */
  #pace = 1
  /** us that nobody has been charged with yet. */
  #due = 0

  constructor(
    loop: Loop<C, K>,
    ring: Ring,
    slots: Slots,
    table: Table<C>,
    host: MembraneHost<C, K>,
    now: () => number,
    longSchedule: number
  ) {
    this.#loop = loop
    this.#ring = ring
    this.#slots = slots
    this.#table = table
    this.#host = host
    this.#now = now
    this.#longSchedule = longSchedule
  }

  /** Delivers what it may of the ring, from `start` on; what time it is afterwards. */
  run(start: number): number {
    const ring = this.#ring
    const loop = this.#loop
    const host = this.#host
    const { irregular, out } = ring
    const cells = this.#table.cells
    const epoch = ring.epoch
    let last = start
    let pace = this.#pace
    let due = this.#due
    let group = pace < QUICK * 1000 ? GROUP_OF_QUICK : GROUP
    let since = 0
    let handled = 0
    let touched = 0
    /** Of the messages since `last`: the one receiver, unless there are several. */
    let only: C | undefined
    let meterBefore: Meter | undefined
    /** Records before this one are accounts, or messages that stay. */
    let kept = 0
    /** The last two accounts. */
    let account = -1
    let accountBefore = -1
    let at = 0
    for (; at < ring.pending; at++) {
      if (at >= touched && ring.pending - at >= TOUCH) touched = this.#touch(at)
      const record = at << SHIFT
      const head = out[record | HEAD]!
      const low = out[record | TO]!
      const index = low & INDEX
      const cell = cells[index]
      if ((head & KIND) !== SEND) break
      let meter: Meter | undefined
      if (
        cell === undefined || cell.low !== low || cell.generation !== out[record | TO_GENERATION]
        || (irregular[index >>> 5]! & (1 << (index & 31))) !== 0
        || (meter = cell.bound.meter as Meter | undefined) === undefined || meter.unproven > 0
      ) {
        if (kept !== at) this.#move(record, kept << SHIFT)
        kept++
        continue
      }
      const payload = (head & INLINE) !== 0 ? ring.numberAt(record) : this.#slots.take(out[record | SLOT]!)
      const fromLow = out[record | FROM]!
      const from = fromLow === 0 ? 0 : pidOf(fromLow, out[record | FROM_GENERATION]!)
      // The account is written before the handler runs: it may look at it, or have the ring ingested.
      out[record | HEAD] = NOTHING
      due += pace
      let whole = 0
      if (due >= 1) due -= whole = Math.floor(due)
      let counted = -1
      if (account >= 0 && out[(account << SHIFT) | TO] === low) counted = account
      else if (accountBefore >= 0 && out[(accountBefore << SHIFT) | TO] === low) counted = accountBefore
      if (counted >= 0) {
        const place = counted << SHIFT
        out[place | A]!++
        if (whole > 0) out[place | B]! += whole
      } else {
        const place = kept << SHIFT
        out[place | TO] = low
        out[place | TO_GENERATION] = cell.generation
        out[place | HEAD] = HANDLED
        out[place | A] = 1
        out[place | B] = whole
        accountBefore = account
        account = kept++
      }
      // Caught up: what the handler sends takes the place of what has been delivered.
      if (at + 1 === ring.pending) {
        ring.pending = kept
        touched = at = kept - 1
      }
      if (since === 0) only = cell
      else if (only !== cell) only = undefined
      if (meter !== meterBefore) {
        meterBefore = meter
        this.#meters.push(meter)
      }
      loop.current = cell
      const waits = host.deliver(cell, head >>> 16, payload, from, undefined)
      since++
      handled++
      if (since >= group) {
        const now = this.#now()
        const took = now - last
        // What its messages were charged with was the pace of the group before.
        due += took * 1000 - pace * since
        pace = (took * 1000) / since
        if (took > LONG_GROUP) this.#doubt(took, only)
        if (took > LONG_GROUP || now - start > RUN) handled = MOST
        this.#meters.length = 0
        last = now
        since = 0
        meterBefore = undefined
        group = pace < QUICK * 1000 ? GROUP_OF_QUICK : GROUP
      }
      if (waits) {
        if (ring.pending >= SUBMISSIONS) ring.flush(this.#now())
        ring.put(BUSY, cell.low, cell.generation, 0, 0, 0, 0, 0)
        break
      }
      if (ring.epoch !== epoch || loop.attention !== 0 || handled >= MOST) break
    }
    if (at >= ring.pending && ring.epoch === epoch) ring.pending = kept
    loop.current = undefined
    if (since > 0) {
      const now = this.#now()
      const took = now - last
      due += took * 1000 - pace * since
      pace = (took * 1000) / since
      if (took > LONG_GROUP) this.#doubt(took, only)
      last = now
    }
    this.#meters.length = 0
    this.#pace = pace
    this.#due = Math.max(due, 0)
    return last
  }

  /** Who of several held the thread is not known: all of them have to prove themselves again. */
  #doubt(took: number, only: C | undefined): void {
    for (const meter of this.#meters) meter.unproven = PROOF
    if (only !== undefined && took > this.#longSchedule) this.#host.longSchedule(only, took)
  }

  // The misses of the next receivers overlap here; in their handlers each would wait for the one before.
  #touch(from: number): number {
    const { out, pending } = this.#ring
    const cells = this.#table.cells
    const end = Math.min(from + AHEAD, pending)
    let touched = 0
    for (let at = from; at < end; at++) {
      const cell = cells[out[(at << SHIFT) | TO]! & INDEX]
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

// The arithmetic of a double is spared where it would bring nothing.
const pidOf = (low: number, generation: number): number => generation === 0 ? low : generation * 4294967296 + low
