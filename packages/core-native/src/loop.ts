/**
 * The loop that runs actors: ticks the shard, runs the batch that comes back, lets the event loop have its turn.
 *
 * - Wakes in a microtask on the first record when idle. Works for about 0.4 ms, then goes on in `setImmediate`, so that
 *   timers and I/O of the process are served. Never re-entered: a handler's records wait until it has returned.
 * - Says how many deliveries of a slice it has consumed *before* each handler, and reads the control word after it, so
 *   that what the shard decides in between holds between any two messages. What it leaves is still in the mailbox.
 * - Every record that is no slice is worked off even in a batch that is left: it is not repeated.
 * - Charges by elapsed time: after each message of a behaviour that is not proven short (`meter.ts`), else once a group.
 *   A slice above 1 ms ends the batch, so that timers and the inbox are looked at.
 * - Holds the process while there is something to run, a timer is armed, a call is pending, or `keepAlive` says so.
 */
import { Completion, Control, Flag, RECORD_WORDS, Submission, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost, MembraneOptions } from "./host.ts"
import { GROUP, GROUP_OF_QUICK, LONG_GROUP, Meter, PROOF, QUICK, SHORT } from "./meter.ts"
import { Notices } from "./notices.ts"
import { pidOf } from "./words.ts"
import type { Reasons } from "./reasons.ts"
import { rethrow } from "./rethrow.ts"
import { type Ring, SUBMISSIONS } from "./ring.ts"
import type { Slots } from "./slots.ts"
import type { Table } from "./table.ts"
import type { Timers } from "./timers.ts"
import type { Tokens } from "./tokens.ts"

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
const { AbandonBatch: ABANDON_BATCH, Runnable: RUNNABLE, NextDeadline: NEXT_DEADLINE, Calls: CALLS } = Control
const { Slice: SLICE, Message: MESSAGE } = Completion
const { Inline: INLINE, Call: CALL } = Flag

/** ms of work before the event loop gets its turn. */
const TURN = 0.4
/** ms above which a slice ends its batch. */
const LONG_SLICE = 1
/** Deliveries in a batch: as many as take about 0.2 ms. */
const LEAST = 64
const MOST = 512
/** Fiber continuations run in one pass. */
const TASKS = 64
/** Records of a batch for which the clock is not read once more. */
const SMALL = 8
/** Records in a batch from which on it pays to touch the states of its actors first. */
const TOUCH = 64

/** Bits of `attention`: what is to be done once the running handler has returned. */
export const Attention = { LeaveSlice: 1, Flush: 2, LeaveBatch: 4 } as const

// A double that is a small integer becomes one again: else every state that adds it up would hold a boxed number.
const numberOf = (value: number): number => {
  const whole = value | 0
  return whole === value && (whole !== 0 || 1 / value > 0) ? whole : value
}

// The arithmetic of a double is spared where it would bring nothing.
const quickPidOf = (low: number, generation: number): number => generation === 0 ? low : generation * 4294967296 + low

const resolved = Promise.resolve()

interface Task<C> {
  readonly run: () => void
  readonly cell: C | undefined
}

export class Loop<C extends MembraneCell, K extends MembraneCall> {
  /** Scheduled or running: records are seen without being announced. */
  awake = false
  /** The actor whose slice runs. */
  current: C | undefined = undefined
  attention = 0
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
  readonly #host: MembraneHost<C, K>
  readonly #now: () => number
  readonly #wakeIn: MembraneOptions["clock"]["wakeIn"]
  readonly #longSchedule: number
  readonly #single: boolean
  #max: number
  #tasks: Array<Task<C>> = []
  #pumping = false
  #keepAlive = false
  #holder: NodeJS.Timeout | undefined = undefined
  #armedAt = Infinity

  // The clock was last read at `last`; since then `since` messages ran, from the slice at `groupHead` on.
  #last = 0
  #since = 0
  #groupHead = 0
  // Slices of the group, of which the first and the last may be of other groups too.
  #slices = 0
  // Messages of the next group: more while they are quick.
  #group = GROUP
  // What a message of the last group took, ms.
  #pace = 0
  // Messages of small batches for which the clock was not read, and whose they were.
  #unread = 0
  readonly #unreadMeters: Array<Meter> = []
  // Parts of a microsecond that no slice has been charged with yet.
  #carry = 0

  constructor(
    ring: Ring,
    slots: Slots,
    tokens: Tokens<K>,
    table: Table<C>,
    timers: Timers<C>,
    waiters: Map<number, () => void>,
    reasons: Reasons,
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
    this.#notices = new Notices(ring, slots, tokens, table, timers, waiters, reasons, host)
    this.#reasons = reasons
    this.#host = host
    this.#now = options.clock.now
    this.#wakeIn = options.clock.wakeIn
    this.#longSchedule = options.longSchedule
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
    this.#tasks.push({ run, cell })
    if (!this.awake) this.wake()
  }

  /** A turn is under way: this is called from a handler, a task or a notice. */
  get pumping(): boolean {
    return this.#pumping
  }

  keepAlive(on: boolean): void {
    this.#keepAlive = on
    this.#hold()
  }

  /** Lets go of the timer and of the process. */
  stop(): void {
    this.#keepAlive = false
    this.#tasks = []
    this.#armedAt = Infinity
    this.#wakeIn(undefined, this.wake)
    if (this.#holder !== undefined) clearInterval(this.#holder)
    this.#holder = undefined
  }

  readonly #pump = (): void => {
    if (this.#pumping) return
    this.#pumping = true
    let idle = false
    try {
      if (!this.closing) idle = this.#turn()
    } catch (error) {
      // A host does not throw; should it, the loop goes on: what it left of the batch is still in the mailboxes.
      rethrow(error)
    }
    this.#pumping = false
    this.current = undefined
    this.attention = 0
    if (this.closing || this.#ring.broken !== undefined) return this.end()
    if (idle) {
      this.awake = false
      this.#slots.idle()
      this.#arm()
    } else {
      setImmediate(this.#pump)
    }
  }

  /** Works until there is nothing left (true) or the turn is over (false). */
  #turn(): boolean {
    const ring = this.#ring
    const control = ring.control
    const start = this.#now()
    let now = start
    for (;;) {
      if (this.#tasks.length > 0) {
        if (this.#unread > 0) now = this.#closeUnread()
        // In lockstep the signals of the last message come before what waited for it, as in the twin.
        if (this.#single) {
          ring.flush(now)
          if (ring.broken === undefined) ring.native.endBatch()
        }
        now = this.#runTasks(now)
      }
      const written = ring.run(now, this.#max)
      if (ring.broken !== undefined) return false
      if (written > 0) {
        // The time of a long tick is nobody's. After a short one the clock is not worth its price.
        if (written > SMALL) this.#closeUnread()
        else if (this.#unread === 0) this.#last = now
        const from = this.#last
        this.#batch(written)
        if (written <= SMALL && this.#mayGoUnread()) {
          this.#chargeUnread(written * WORDS)
        } else {
          now = this.#now()
          if (this.#since > 0) this.#closeGroup(now, written * WORDS)
          if (!this.#single) this.#adapt(now - from)
        }
      } else if (control[RUNNABLE] === 0 && this.#tasks.length === 0 && ring.pending === 0) {
        if (this.#unread > 0) this.#closeUnread()
        return true
      } else {
        now = this.#now()
      }
      if (this.closing || now - start > TURN) return false
    }
  }

  // A batch of a message or two costs less than a look at the clock. While all in it are proven short and were quick,
  // some messages go by without one, charged with what those before them took.
  #mayGoUnread(): boolean {
    const messages = this.#unread + this.#since
    return this.#since > 0 && messages < GROUP && this.#pace > 0 && this.#pace < QUICK && !this.#single
  }

  #chargeUnread(end: number): void {
    const words = this.#ring.in
    for (let head = this.#groupHead; head < end; head = this.#after(head)) {
      if ((words[head + HEAD]! & 0xff) !== SLICE) continue
      const meter = this.#meterAt(head)
      if (meter !== undefined) this.#unreadMeters.push(meter)
      this.#charge(head, this.#pace * 1000 * words[head + B]!)
    }
    this.#unread += this.#since
    this.#since = 0
  }

  // Nothing of these messages is left to be charged. If they were not short after all, they are measured from now on.
  #closeUnread(): number {
    const now = this.#now()
    if (this.#unread > 0) this.#doubtUnread(now - this.#last)
    this.#last = now
    return now
  }

  #doubtUnread(took: number): void {
    const meters = this.#unreadMeters
    if (took > LONG_GROUP) { for (const meter of meters) meter.unproven = PROOF }
    meters.length = 0
    this.#unread = 0
  }

  #meterAt(head: number): Meter | undefined {
    const cell = this.#table.cells[this.#ring.in[head + TO]! & 0xffffff]
    return cell === undefined ? undefined : (cell.bound as { meter: Meter | undefined }).meter
  }

  #adapt(took: number): void {
    if (took > 0.25 && this.#max > LEAST) this.#max >>= 1
    else if (took < 0.1 && this.#max < MOST) this.#max <<= 1
  }

  #runTasks(before: number): number {
    const tasks = this.#tasks.splice(0, TASKS)
    let now = before
    for (let i = 0; i < tasks.length; i++) {
      const { run, cell } = tasks[i]!
      this.current = cell
      try {
        run()
      } catch (error) {
        rethrow(error)
      }
      const after = this.#now()
      const took = after - now
      now = after
      if (cell !== undefined) {
        if (this.#ring.pending >= SUBMISSIONS) this.#ring.flush(now)
        this.#ring.put(Submission.Charge, cell.low, cell.generation, 0, 0, 0, Math.round(took * 1000), 0)
        if (took > this.#longSchedule) this.#host.longSchedule(cell, took)
      }
      if (took > LONG_SLICE) {
        this.#tasks = [...tasks.slice(i + 1), ...this.#tasks]
        break
      }
    }
    this.current = undefined
    this.attention = 0
    return now
  }

  #batch(count: number): void {
    const words = this.#ring.in
    const control = this.#ring.control
    const cells = this.#table.cells
    this.#reasons.forget()
    if (count >= TOUCH) this.#touch(count)
    let left = false
    for (let at = 0; at < count;) {
      const head = at * WORDS
      if ((words[head + HEAD]! & 0xff) !== SLICE) {
        at++
        this.#notices.take(head)
      } else {
        const n = words[head + A]!
        at += n + 1
        if (!left) {
          const cell = cells[words[head + TO]! & 0xffffff]
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
  }

  // The misses of a batch's actors overlap here; in their handlers each would wait for the one before.
  #touch(count: number): number {
    const words = this.#ring.in
    const cells = this.#table.cells
    let touched = 0
    for (let at = 0; at < count;) {
      const head = at * WORDS
      if ((words[head + HEAD]! & 0xff) === SLICE) {
        const cell = cells[words[head + TO]! & 0xffffff]
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
    const bound = cell.bound as { meter: Meter | undefined }
    const meter = bound.meter ?? (bound.meter = new Meter())
    let group = this.#group
    if (meter.unproven > 0) {
      group = 1
      if (this.#since > 0) this.#closeGroup(this.#now(), head)
      else if (this.#unread > 0) this.#closeUnread()
    }
    if (this.#since === 0) {
      this.#groupHead = head
      this.#slices = 1
    } else this.#slices++
    this.current = cell
    words[head + FROM] = 0
    let at = head + WORDS
    for (let i = 1; i <= n; i++, at += WORDS) {
      words[head + B] = i
      const tag = words[at + HEAD]!
      let waits: boolean
      if ((tag & 0xff) === MESSAGE) {
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
          (flags & CALL) !== 0 ? this.#tokens.get(words[at + A]!) ?? host.spentCall : undefined
        )
      } else waits = this.#special(cell, at, tag & 0xff)
      if (++this.#since >= group) this.#measure(cell, meter, head)
      if (waits) {
        if (this.#ring.pending >= SUBMISSIONS) this.#ring.flush(this.#now())
        this.#ring.put(Submission.Busy, cell.low, cell.generation, 0, 0, 0, 0, 0)
        break
      }
      if (this.attention !== 0 && this.#attend()) break
      if (control[ABANDON_BATCH] !== 0) break
    }
    this.current = undefined
  }

  /** Signals act here: between two messages, also of a batch that is under way. */
  #between(): void {
    this.#ring.flush(this.#now())
    if (this.#ring.broken === undefined) this.#ring.native.handleSignals()
  }

  /** What the handler left to be done. true: the slice is left. */
  #attend(): boolean {
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
      default:
        throw new Error(`the shard emitted a record of kind ${kind} in a slice`)
    }
  }

  // A slice for an actor that this side does not know: its messages are consumed, and reported.
  #lost(head: number, n: number): void {
    const words = this.#ring.in
    words[head + B] = n
    for (let at = head + WORDS; at <= head + n * WORDS; at += WORDS) {
      if ((words[at + HEAD]! & 0xff) === MESSAGE) this.#notices.deadLetter(at, "NotAlive")
    }
  }

  #measure(cell: C, meter: Meter, head: number): void {
    const now = this.#now()
    if (this.#since > 1) {
      this.#closeGroup(now, head + 1)
      this.#groupHead = head
      this.#slices = 1
      return
    }
    const took = now - this.#last
    this.#last = now
    this.#since = 0
    this.#groupHead = head
    if (took > SHORT) meter.unproven = PROOF
    else if (meter.unproven > 0) meter.unproven--
    this.#charge(head, took * 1000)
    if (took > this.#longSchedule) this.#host.longSchedule(cell, took)
    if (this.#ring.in[head + FROM]! > LONG_SLICE * 1000) this.attention |= Attention.LeaveBatch
  }

  // The messages since the last look at the clock ran in the slices from `groupHead` to before `end`: they share the
  // time. Who of several held the thread is not known then, so nobody is reported; all are measured from now on.
  #closeGroup(now: number, end: number): void {
    const words = this.#ring.in
    const first = this.#groupHead
    const messages = this.#since
    let took = now - this.#last
    const isKnown = this.#slices === 1 && this.#unread === 0
    if (this.#unread > 0) {
      const part = messages / (messages + this.#unread)
      this.#doubtUnread(took)
      // Whoever took long is measured from now on; that it was one of these is not known.
      if (took <= LONG_GROUP) took *= part
    }
    this.#last = now
    this.#since = 0
    this.#groupHead = end
    const slices = this.#slices
    const share = (took * 1000) / slices
    let due = this.#carry
    for (let head = first; head < end; head = this.#after(head)) {
      if ((words[head + HEAD]! & 0xff) !== SLICE) continue
      due += share
      // Most shares are parts of a microsecond: they add up until one slice is charged with a whole one.
      if (due >= 1) {
        const whole = Math.floor(due)
        words[head + FROM]! += whole
        due -= whole
      }
      if (took > LONG_GROUP) this.#suspect(head, isKnown ? took : 0)
    }
    this.#carry = due
    this.#pace = took / messages
    this.#group = this.#pace < QUICK ? GROUP_OF_QUICK : GROUP
    if (took > LONG_SLICE) this.attention |= Attention.LeaveBatch
  }

  #after(head: number): number {
    const words = this.#ring.in
    return head + ((words[head + HEAD]! & 0xff) === SLICE ? (words[head + A]! + 1) * WORDS : WORDS)
  }

  #suspect(head: number, took: number): void {
    const cell = this.#table.cells[this.#ring.in[head + TO]! & 0xffffff]
    if (cell === undefined) return
    const { meter } = cell.bound as { meter: Meter | undefined }
    if (meter !== undefined) meter.unproven = PROOF
    if (took > this.#longSchedule) this.#host.longSchedule(cell, took)
  }

  #charge(head: number, micros: number): void {
    const whole = Math.floor(micros + this.#carry)
    this.#carry += micros - whole
    this.#ring.in[head + FROM]! += whole
  }

  #arm(): void {
    const delay = this.#ring.control[NEXT_DEADLINE]!
    if (delay < 0) {
      if (this.#armedAt !== Infinity) {
        this.#armedAt = Infinity
        this.#wakeIn(undefined, this.#timeout)
      }
    } else {
      const at = this.#now() + delay
      // A timer that rings too early finds nothing to do and is armed again: that is cheaper than moving it each time.
      if (at < this.#armedAt) {
        this.#armedAt = at
        this.#wakeIn(delay, this.#timeout)
      }
    }
    this.#hold()
  }

  readonly #timeout = (): void => {
    this.#armedAt = Infinity
    this.wake()
  }

  #hold(): void {
    const control = this.#ring.control
    const hold = this.#keepAlive || (control[CALLS]! > 0 && control[NEXT_DEADLINE]! < 0)
    if (hold && this.#holder === undefined) this.#holder = setInterval(() => {}, 2 ** 30)
    else if (!hold && this.#holder !== undefined) {
      clearInterval(this.#holder)
      this.#holder = undefined
    }
  }

  /** Works off records outside of slices, as `close` leaves them. */
  drain(count: number): void {
    for (let at = 0; at < count; at++) this.#notices.take(at * WORDS)
  }
}
