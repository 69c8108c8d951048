/**
 * The loop that runs actors: ticks the shard, runs the batch that comes back, lets the event loop have its turn.
 *
 * - Wakes in a microtask on the first record when idle, or runs at once on the stack of a caller that would only wait
 *   (`help`). Works for a turn (`turns.ts`), then goes on in `setImmediate`, so that timers and I/O of the process are served.
 *   Never re-entered: a handler's records wait until it has returned.
 * - Says how many deliveries of a slice it has consumed *before* each handler, and reads the control word after it, so
 *   that what the shard decides in between holds between any two messages. What it leaves is still in the mailbox.
 * - Delivers from the submission ring itself what need not go through the shard (`direct.ts`).
 * - Every record that is no slice is worked off even in a batch that is left: it is not repeated.
 * - Charges by elapsed time (`metering.ts`). A slice above 1 ms ends the batch, so that timers and the inbox are looked at.
 * - Holds the process while there is something to run, and at rest as `alarm.ts` says.
 */
import { Alarm } from "./alarm.ts"
import type { Border } from "./border.ts"
import { Direct } from "./direct.ts"
import { DirectCall } from "./directCall.ts"
import { Completion, Control, Flag, RECORD_WORDS, Submission, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost, MembraneOptions } from "./host.ts"
import { Meter } from "./meter.ts"
import { Metering } from "./metering.ts"
import { Notices } from "./notices.ts"
import { numberOf, pidOf, quickPidOf } from "./words.ts"
import type { Reasons } from "./reasons.ts"
import { rethrow } from "./rethrow.ts"
import { type Ring, SUBMISSIONS } from "./ring.ts"
import type { Slots } from "./slots.ts"
import { Tasks, TASKS_PER_PASS } from "./tasks.ts"
import type { Table } from "./table.ts"
import type { Timers } from "./timers.ts"
import type { Tokens } from "./tokens.ts"
import { Turns } from "./turns.ts"
import type { Waiters } from "./waiters.ts"

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
const { AbandonBatch: ABANDON_BATCH, Holds: HOLDS, Runnable: RUNNABLE, Queued: QUEUED } = Control
const { Slice: SLICE, Message: MESSAGE } = Completion
const { Inline: INLINE, Call: CALL, Reentrant: REENTRANT, Remote: REMOTE } = Flag

/** ms of work before the event loop gets its turn, see `turns.ts`. */
const TURN = 0.4
/** Deliveries in a batch: as many as take about 0.2 ms. */
const LEAST = 64
const MOST = 512
/** The same while somebody waits for the next turn: 512 that find no cache take as long as all of it may. */
const MOST_HASTENED = 128
/** In lockstep, where the clock may stand still: messages and tasks after which the event loop gets its turn, as in the twin. */
const LOCKSTEP_TURN = 8192
/** Records of a batch for which the clock is not read once more. */
const SMALL = 8
/** Records in a batch from which on it pays to touch the states of its actors first. */
const TOUCH = 64

/** Bits of `attention`: what is to be done once the running handler has returned. */
export const Attention = { LeaveSlice: 1, Flush: 2, LeaveBatch: 4, Departs: 8 } as const

const resolved = Promise.resolve()

export class Loop<C extends MembraneCell, K extends MembraneCall> {
  /** Scheduled or running: records are seen without being announced. */
  awake = false
  /** The actor whose slice runs. */
  current: C | undefined = undefined
  attention = 0
  /** When `canHelp` last said so. */
  helpedAt = 0
  /** No more work is begun. */
  closing = false
  /** Where the loop hands control to when it is closing or the shard is broken. */
  readonly end: () => void

  readonly #ring: Ring
  readonly #slots: Slots
  readonly #tokens: Tokens<K>
  readonly #table: Table<C>
  readonly #timers: Timers<C>
  readonly #notices: Notices<C, K>
  readonly #reasons: Reasons
  readonly #border: Border
  readonly #host: MembraneHost<C, K>
  readonly #now: () => number
  readonly #turns: Turns
  readonly #alarm: Alarm
  readonly #metering: Metering<C>
  readonly #direct: Direct<C, K>
  readonly directCall: DirectCall<C, K>
  readonly #single: boolean
  #max: number
  readonly #tasks: Tasks<C>
  #pumping = false
  /** A batch was left: what it did not get to is still in the shard. */
  #left = false
  /** The token of the call whose asker helps; 0: nobody does. */
  #helped = 0
  /** Handlers of this batch that sent to other isolates since what they sent has left, and how many may do so together. */
  #departed = 0
  #together = 1

  constructor(
    ring: Ring,
    slots: Slots,
    tokens: Tokens<K>,
    table: Table<C>,
    timers: Timers<C>,
    waiters: Waiters<C>,
    reasons: Reasons,
    border: Border,
    host: MembraneHost<C, K>,
    options: MembraneOptions,
    end: () => void
  ) {
    this.end = end
    this.#ring = ring
    this.#slots = slots
    this.#tokens = tokens
    this.#table = table
    this.#timers = timers
    this.#notices = new Notices(ring, slots, tokens, table, timers, waiters, reasons, border, host)
    this.#reasons = reasons
    this.#border = border
    this.#host = host
    this.#now = options.clock.now
    this.#turns = new Turns(TURN, () => this.#pump())
    this.#alarm = new Alarm(ring.control, options.clock, this.wake)
    this.#metering = new Metering(ring.in, table, host, options.longSchedule, options.clock.now)
    this.#tasks = new Tasks(this, ring, host, this.#metering, options.clock.now, options.longSchedule)
    this.#direct = new Direct(
      this,
      ring,
      slots,
      table,
      host,
      this.#turns,
      this.#metering,
      options.clock.now,
      options.longSchedule
    )
    this.directCall = new DirectCall(
      this,
      this.#direct,
      ring,
      slots,
      tokens,
      host,
      this.#metering,
      options.clock.now,
      options.longSchedule
    )
    this.#single = options.seed !== undefined
    this.#max = this.#single ? 1 : MOST
  }

  /** There is something to do. */
  readonly wake = (): void => {
    if (this.awake) return
    this.awake = true
    // One microtask; `queueMicrotask` would make an async resource each time.
    void resolved.then(this.#pump)
  }

  defer(run: () => void, cell: C | undefined): void {
    this.#tasks.push(run, cell)
    if (!this.awake) this.wake()
  }

  /** An asker goes on, below the handler that answered it: that is not its callee's time (G305). For `stepIn`, if it is not below 0. */
  stepOut(): number {
    return this.#metering.stepOut()
  }

  /** It is done for now; it was `asker`, where that is an actor of this isolate. */
  stepIn(since: number, asker: C | undefined): void {
    const took = this.#metering.stepIn(since)
    if (took > 0 && asker !== undefined) this.#tasks.charge(asker, took, this.#now())
  }

  /** A turn is under way: this is called from a handler, a task or a notice. */
  get pumping(): boolean {
    return this.#pumping
  }

  /** Somebody waits for the event loop's next turn, and it is not to be put off; or (`false`) has got it. */
  hasten(isWaiting: boolean): void {
    this.#turns.hasten(isWaiting)
  }

  keepAlive(on: boolean): void {
    this.#alarm.keepAlive(on)
  }

  /** Lets go of the timer and of the process. */
  stop(): void {
    this.#tasks.clear()
    this.#alarm.stop()
  }

  /** Whether a caller may help: the loop is at rest, and the event loop has not waited long. Never in lockstep. */
  canHelp(): boolean {
    if (this.#pumping || this.#turns.yielded || this.#single || this.closing) return false
    this.helpedAt = this.#now()
    return this.#turns.allows(this.helpedAt)
  }

  /** See `Membrane.help`. What the answer leaves to be ingested waits for the next record, or for the loop itself. */
  help(call: K): void {
    if (this.#tasks.waiting === 0 && this.#isAtRest() && this.#ask(call)) return
    this.#helped = call.token
    this.#run(this.helpedAt)
    this.#helped = 0
  }

  /** Delivers a question to an actor at rest. true: it has its answer, and there is nothing to be done for it. */
  #ask(call: K): boolean {
    this.#pumping = true
    let isAnswered = false
    try {
      isAnswered = this.directCall.deliver(call, this.helpedAt)
      if (this.attention !== 0) this.#attend()
    } catch (error) {
      this.#metering.isExact = false
      rethrow(error)
    }
    this.#pumping = false
    this.current = undefined
    this.attention = 0
    return isAnswered && !this.closing && this.#ring.broken === undefined
  }

  readonly #pump = (): void => {
    if (!this.#pumping && !this.#turns.yielded) this.#run(this.#now())
  }

  #run(start: number): void {
    this.#pumping = true
    let idle = false
    try {
      if (!this.closing) idle = this.#turn(start)
    } catch (error) {
      // A host does not throw; should it, the loop goes on: what it left of the batch is still in the mailboxes.
      rethrow(error)
    }
    this.#pumping = false
    this.current = undefined
    this.attention = 0
    if (this.closing || this.#ring.broken !== undefined) return this.end()
    if (!idle) {
      this.#turns.yield(this.#queued())
      if (this.#single) this.#alarm.arm()
    } else if (this.#helped === 0) {
      this.awake = false
      this.#turns.rest()
      this.#slots.idle(this.#ring.control[QUEUED] === 0)
      this.#alarm.arm()
    }
  }

  /** Works until there is nothing left, or who helps has what it wants (true), or until the turn is over (false). */
  #turn(start: number): boolean {
    const ring = this.#ring
    const control = ring.control
    const metering = this.#metering
    let now = start
    this.#turns.begin(this.#queued())
    // Counted in lockstep alone.
    let handled = 0
    for (;;) {
      if (this.#tasks.waiting > 0) {
        // In lockstep the signals of the last message come before what waited for it, as in the twin.
        if (this.#single) {
          ring.flush(now)
          if (ring.broken === undefined) ring.native.endBatch()
          handled += Math.min(this.#tasks.waiting, TASKS_PER_PASS)
        }
        now = this.#tasks.run(now)
      }
      if (ring.pending > 0 && this.#mayDeliver()) {
        now = this.#deliverDirectly(now, start)
        if (this.closing) return false
      }
      const written = ring.run(now, this.#turns.isHastened ? Math.min(this.#max, MOST_HASTENED) : this.#max)
      this.#left = false
      if (ring.broken !== undefined) return false
      if (ring.waited) now = this.#now()
      if (written > 0) {
        // The time of a long tick is nobody's. After a short one the clock is not worth its price.
        metering.restart(written > SMALL ? this.#now() : now)
        const from = metering.last
        if (this.#single) handled += this.#messagesIn(written)
        this.#batch(written)
        now = this.#now()
        if (metering.since > 0) metering.close(now)
        if (!this.#single) this.#adapt(now - from)
        if (this.#helped !== 0 && this.#tokens.get(this.#helped) === undefined) return true
      } else if (control[RUNNABLE] === 0 && this.#tasks.waiting === 0 && ring.pending === 0) {
        return true
      } else {
        now = this.#now()
      }
      if (this.closing || handled >= LOCKSTEP_TURN || this.#turns.isOver(now - start, control[QUEUED]!)) {
        // The event loop may take its time.
        if (this.#departed > 0 && ring.pending > 0) ring.flush(now)
        return false
      }
    }
  }

  // By the shard's last count, in which what was delivered since is still queued, and what was sent since is not.
  #queued(): number {
    return this.#ring.control[QUEUED]! + this.#ring.pending
  }

  /** Deliveries of the batch that the shard has written. */
  #messagesIn(count: number): number {
    const words = this.#ring.in
    let messages = 0
    for (let at = 0; at < count;) {
      const head = at * WORDS
      const n = (words[head + HEAD]! & 0xff) === SLICE ? words[head + A]! : 0
      messages += n
      at += n + 1
    }
    return messages
  }

  // Nothing is queued in the shard, and the ring holds plain messages alone.
  #mayDeliver(): boolean {
    const { epoch, ingested } = this.#ring
    return epoch === ingested && !this.#single && this.#isAtRest()
  }

  #isAtRest(): boolean {
    const { control } = this.#ring
    return control[RUNNABLE] === 0 && control[HOLDS] === 0 && !this.#left
  }

  #deliverDirectly(before: number, begin: number): number {
    const now = this.#direct.run(before, begin)
    this.#metering.restart(now)
    // What was sent to other isolates leaves with the tick that comes next.
    this.attention &= ~Attention.Departs
    if (this.attention !== 0) {
      this.#attend()
      this.attention = 0
    }
    return now
  }

  #adapt(took: number): void {
    if (took > 0.25 && this.#max > LEAST) this.#max >>= 1
    else if (took < 0.1 && this.#max < MOST) this.#max <<= 1
  }

  #batch(count: number): void {
    const words = this.#ring.in
    const control = this.#ring.control
    const table = this.#table
    const metering = this.#metering
    this.#reasons.forget()
    if (count >= TOUCH) this.#touch(count)
    this.#departed = 0
    this.#together = 1
    let left = false
    for (let at = 0; at < count;) {
      const head = at * WORDS
      if ((words[head + HEAD]! & 0xff) !== SLICE) {
        at++
        // Whoever goes on after an answer from elsewhere, or without one, does so among the slices of this batch.
        metering.isExact = true
        this.#notices.take(head)
        metering.isExact = false
      } else {
        const n = words[head + A]!
        at += n + 1
        if (!left) {
          const cell = table.at(words[head + TO]! & 0xffffff)
          if (cell !== undefined && cell.generation === words[head + TO_GENERATION]) this.#slice(cell, head, n)
          else this.#lost(head, n)
        }
      }
      if (this.attention !== 0) {
        this.#attend()
        if ((this.attention & Attention.LeaveBatch) !== 0) left = true
        this.attention = 0
      }
      if (control[ABANDON_BATCH] !== 0) left = true
    }
    this.current = undefined
    this.#left = left
  }

  // The misses of a batch's actors overlap here; in their handlers each would wait for the one before.
  #touch(count: number): number {
    const words = this.#ring.in
    const table = this.#table
    let touched = 0
    for (let at = 0; at < count;) {
      const head = at * WORDS
      if ((words[head + HEAD]! & 0xff) === SLICE) {
        const cell = table.at(words[head + TO]! & 0xffffff)
        if (cell !== undefined && typeof cell.state === "object") touched++
        at += words[head + A]! + 1
      } else at++
    }
    return touched
  }

  #slice(cell: C, head: number, n: number): void {
    const words = this.#ring.in
    const control = this.#ring.control
    const host = this.#host
    const metering = this.#metering
    const bound = cell.bound as { meter: Meter | undefined }
    const meter = bound.meter ?? (bound.meter = new Meter())
    let group = metering.group
    if (meter.unproven > 0) {
      group = 1
      if (metering.since > 0 && metering.close(this.#now())) this.attention |= Attention.LeaveBatch
    }
    metering.isExact = group === 1
    metering.begin(head, meter)
    this.current = cell
    words[head + FROM] = 0
    let at = head + WORDS
    const first = words[at + HEAD]!
    // It is delivered to, and no handler of it waits: from here on its messages need not go through the shard.
    if ((first & 0xff) === MESSAGE && (first & (REENTRANT << 8)) === 0) this.#ring.doubts.delete(cell.low)
    for (let i = 1; i <= n; i++, at += WORDS) {
      words[head + B] = i
      const tag = words[at + HEAD]!
      let waits: boolean
      if ((tag & 0xff) === MESSAGE) {
        if ((tag | 0) < 0) waits = this.#deliverAway(cell, at, tag)
        else {
          const flags = tag >>> 8
          const payload = (flags & INLINE) !== 0
            ? numberOf(this.#ring.inFloats[(at >> 1) + 3]!)
            : this.#slots.take(words[at + SLOT]!)
          const from = words[at + FROM]!
          waits = host.deliver(
            cell,
            tag >>> 16,
            payload,
            from === 0 ? 0 : quickPidOf(from, words[at + FROM_GENERATION]!),
            (flags & CALL) !== 0 ? this.#tokens.get(words[at + A]! | 0) ?? host.spentCall : undefined
          )
        }
      } else waits = this.#special(cell, at, tag & 0xff)
      if (++metering.since >= group && metering.measure(this.#now(), head, meter)) {
        this.attention |= Attention.LeaveBatch
      }
      if (waits) {
        if (this.#ring.pending >= SUBMISSIONS) this.#ring.flush(this.#now())
        this.#ring.put(Submission.Busy, cell.low, cell.generation, 0, 0, 0, 0, 0)
        break
      }
      if (this.attention !== 0 && this.#attend()) break
      if (control[ABANDON_BATCH] !== 0) break
    }
    metering.isExact = false
    this.current = undefined
  }

  /** Signals act here: between two messages, also of a batch that is under way. */
  #between(): void {
    this.#ring.flush(this.#now())
    if (this.#ring.broken === undefined) this.#ring.native.handleSignals()
  }

  /**
   * What a handler sends to another isolate is not to wait there for all others of the batch: that one may have nothing to do
   * meanwhile (G319). The first leaves at once, then two, four, eight together: a flood pays for few looks.
   */
  #depart(): void {
    if (this.#single || ++this.#departed < this.#together) return
    this.#departed = 0
    this.#together *= 2
    this.#ring.flush(this.#now())
  }

  /** What the handler left to be done. true: the slice is left. */
  #attend(): boolean {
    if ((this.attention & Attention.Departs) !== 0) {
      this.attention &= ~Attention.Departs
      this.#depart()
    }
    if ((this.attention & Attention.Flush) !== 0) {
      this.attention &= ~Attention.Flush
      // In lockstep nothing of the batch is left, and its actor takes its place in the queue before signals act.
      if (!this.#single) this.#between()
    }
    return this.attention !== 0
  }

  #special(cell: C, at: number, kind: number): boolean {
    const words = this.#ring.in
    switch (kind) {
      case Completion.Timer: {
        const timer = this.#timers.fired(cell, words[at + SLOT]!)
        if (timer === undefined) return false
        return this.#host.deliver(cell, timer.op, timer.payload, pidOf(cell.low, cell.generation), undefined)
      }
      case Completion.ExitSignal:
        return this.#host.exitSignal(cell, this.#notices.from(at), this.#reasons.of(words[at + A]!))
      case Completion.Down:
        return this.#host.down(cell, words[at + SLOT]!, this.#notices.from(at), this.#reasons.of(words[at + A]!))
      case Completion.Reached:
        // It is told as any other record that is no message.
        this.#notices.take(at)
        return false
      default:
        throw new Error(`the shard emitted a record of kind ${kind} in a slice`)
    }
  }

  // Its op has the bit that only messages of the border have (`border.ts`).
  #deliverAway(cell: C, at: number, tag: number): boolean {
    const words = this.#ring.in
    const { away } = this.#host
    if (away === undefined) throw new Error("a message from another isolate, and nobody to take it")
    const isAsked = ((tag >>> 8) & (CALL | REMOTE)) !== 0
    const token = isAsked ? words[at + A]! : 0
    return away.deliver(cell, tag >>> 16, this.#border.lend(at, A), this.#notices.from(at), isAsked, token)
  }

  // A slice for an actor that this side does not know: its messages are consumed, and reported.
  #lost(head: number, n: number): void {
    const words = this.#ring.in
    words[head + B] = n
    for (let at = head + WORDS; at <= head + n * WORDS; at += WORDS) {
      if ((words[at + HEAD]! & 0xff) === MESSAGE) this.#notices.deadLetter(at, "NotAlive")
    }
  }

  /** Works off records outside of slices, as `close` leaves them. */
  drain(count: number): void {
    for (let at = 0; at < count; at++) this.#notices.take(at * WORDS)
  }
}
