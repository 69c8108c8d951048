/**
 * Who runs next, and for how long: the twin's loop.
 *
 * The words: a *run* is one call of `run` by the pump, between two turns of the event loop. In it *passes* follow each
 * other; a pass serves every actor that was runnable when it began, each for a *slice* of at most 64 messages and about
 * 1 ms, and then one actor in *debt* (its last slice took longer than that). Before each group of slices come tasks,
 * timers, signals and notices. So a light actor waits for at most one heavy handler, and signals act between any two
 * messages.
 *
 * Time: reading the clock costs as much as a short message. A behaviour that is *proven* short (`meter.ts`) runs
 * unmeasured, and the clock is read once for a *group* of such slices (`group.ts`); all others are measured message by
 * message.
 *
 * With a seed (tests, lockstep): slices of one message, and the next actor is drawn from the runnable ones; nobody is
 * in debt.
 *
 * Owner: the shard's thread. `run` never re-enters: what a handler makes runnable waits for the loop it came from.
 * It stays one class, though a long one, so that the fields which the loop reads with every message are in one object.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Call } from "../call.ts"
import { rethrow } from "../rethrow.ts"
import { mostBudget, type ShardClock, type ShardHost } from "../shard.ts"
import { forgetHeld, letInAtLowWater } from "./admission.ts"
import { Askers } from "./askers.ts"
import { asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { end, receive } from "./ending.ts"
import { Group } from "./group.ts"
import { isServable, takeLetter } from "./lanes.ts"
import { Kind, type Letter, SPECIAL } from "./mailbox.ts"
import { BUDGET, type Meter, meterOf, SUSPECT } from "./meter.ts"
import { Pump } from "./pump.ts"
import { Random } from "./random.ts"
import { Ring } from "./ring.ts"
import type { MemoryShard } from "./shard.ts"
import { SIGNALS_PER_PASS } from "./signals.ts"
import { deliverSpecial } from "./special.ts"
import { Task } from "./task.ts"
import { fire } from "./timing.ts"

/** Slices between two looks at timers and signals; as many actors are brought into the cache ahead. */
const AHEAD = 16
/** A run ends after so many messages, also where the clock stands still (virtual time). */
const RUN_MESSAGES = 8192
/** Deferred tasks before the next group of slices. */
const TASKS_PER_PASS = 64
/** Timers that may fire before the next group of slices. */
const TIMERS_PER_PASS = 4096

// V8 compiles a constant of this module into the code; an imported one it would load with every message.
const { Debt, Queued, Wanted } = Is
const { Answer, Message, Stop, Void } = Kind
const Special = SPECIAL

/** An actor with one of these gets no slice. */
const BLOCKED = Is.Starting | Is.Held | Is.Suspended | Is.Terminating | Is.Dead
/** With one of these the next letter need not be the first of the normal lane: `lanes.ts` decides. */
const CHOICE = Is.Busy | Is.Lanes

/** With none of these and an empty mailbox, a cell is simply idle after its slice. */
const UNSETTLED = Is.Lanes | Is.Busy | Is.Wanted | Is.Debt

export class Scheduler {
  private readonly shard: MemoryShard
  private readonly host: ShardHost
  private readonly clock: ShardClock
  private readonly longSchedule: number
  private readonly random: Random | undefined
  private readonly pump: Pump
  /** Messages of a slice at most; an actor's `budget` may say fewer. */
  private readonly slice: number

  private readonly queue = new Ring<MemoryCell>(1024)
  private readonly debt = new Ring<MemoryCell | Task>()
  private readonly tasks = new Ring<Task>()

  private running = false
  /** The call that this run is to get answered (`help`): it ends with it. */
  private awaited: Call | undefined = undefined
  /** Slices that are left of the pass; -1: a new one begins. */
  private left = -1
  /** `keepAlive` was asked for. */
  private keep = false

  /** ms: the last reading of the clock in this run. */
  private now = 0
  /** The handler that runs is measured: `now` is when it began. */
  private measuring = false
  /** ms: when this run began. */
  private began = 0
  private readonly group = new Group()
  private readonly askers: Askers
  /** `lookAhead` writes here, so that its reads are not optimized away. */
  touched = 0

  constructor(
    shard: MemoryShard,
    host: ShardHost,
    clock: ShardClock,
    longSchedule: number,
    seed: bigint | undefined
  ) {
    this.shard = shard
    this.host = host
    this.clock = clock
    this.longSchedule = longSchedule
    this.askers = new Askers(clock)
    this.random = seed === undefined ? undefined : new Random(seed)
    this.slice = seed === undefined ? mostBudget : 1
    this.pump = new Pump(this.run, clock, this.needed)
  }

  // -- what others ask of it ------------------------------------------------------------------------------------------

  /** Puts a cell into the run queue. The caller has seen that it can be served and is not queued. */
  enqueue(cell: MemoryCell): void {
    cell.flags |= Queued
    if ((cell.flags & Debt) !== 0) this.debt.push(cell)
    else this.queue.push(cell)
    if (!this.running) this.pump.wake()
  }

  /** Puts a cell into the run queue if it can be served and is not queued. */
  offer(cell: MemoryCell): void {
    if ((cell.flags & (Queued | Is.Open)) === Is.Open && this.servable(cell)) this.enqueue(cell)
  }

  /**
   * With a seed, a cell that can no longer be served leaves the queue at once: the draw is among the runnable ones
   * alone.
   */
  recheck(cell: MemoryCell): void {
    if (this.random === undefined || (cell.flags & Queued) === 0 || this.servable(cell)) return
    const at = this.queue.indexOf(cell)
    if (at < 0) return
    this.queue.take(at)
    cell.flags &= ~Queued
  }

  /** There is something for the next run that is in no queue: a signal, a notice, or a deadline that is not armed. */
  wake(): void {
    if (!this.running) this.pump.wake()
  }

  defer(run: () => void, cell: MemoryCell | undefined): void {
    const task = new Task(run, cell)
    if (cell !== undefined && (cell.flags & Debt) !== 0) this.debt.push(task)
    else this.tasks.push(task)
    if (!this.running) this.pump.wake()
  }

  keepAlive(on: boolean): void {
    this.keep = on
    this.pump.hold()
  }

  /** The time for deadlines of calls: the clock's last reading while short handlers run, which need no better one. */
  coarseNow(): number {
    return this.running && !this.measuring ? this.now : this.clock.now()
  }

  /** See `Shard.stepOut`. */
  stepOut(): number {
    return this.askers.stepOut(this.measuring)
  }

  stepIn(since: number, asker: MemoryCell | undefined): void {
    const took = this.askers.stepIn(since)
    if (took === 0 || asker === undefined) return
    this.charge(asker, took)
    this.report(asker, took)
  }

  charge(cell: MemoryCell, millis: number): void {
    const nanos = Math.max(0, cell.nanos + Math.round(millis * 1e6))
    if (nanos < 1e9) {
      cell.nanos = nanos
      return
    }
    asideOf(cell).millis += nanos / 1e6
    cell.nanos = 0
  }

  private chargeUnmeasured(cell: MemoryCell, more: number): void {
    const nanos = cell.nanos + more
    if (nanos < 1e9) cell.nanos = nanos
    else this.charge(cell, more / 1e6)
  }

  // -- the loop -------------------------------------------------------------------------------------------------------

  private readonly needed = (): boolean => this.keep || this.shard.timers.size > 0 || this.shard.calls.pending > 0

  /** See `Shard.help`. */
  help(call: Call): void {
    this.awaited = call
    this.run()
    this.awaited = undefined
    if (call.token === 0 || call.timeout === Infinity) return
    // Still pending, so it gets a deadline now: from the start of this run.
    this.shard.calls.limit(call, call.timeout, this.began)
    this.pump.arm(this.deadline())
  }

  hasten(isWaiting: boolean): void {
    this.pump.hasten(isWaiting)
  }

  canHelp(): boolean {
    return !this.running && this.random === undefined && !this.pump.isWaiting()
  }

  private readonly run = (): void => {
    if (this.running) return
    this.running = true
    this.pump.begin(this.shard.queued)
    let handled = 0
    let more = true
    this.began = this.now = this.clock.now()
    try {
      for (;;) {
        if (this.tasks.size > 0) {
          this.control()
          handled += this.runTasks()
        }
        if (this.now >= this.deadline()) this.fire()
        this.control()
        const notified = this.shard.notices.head !== undefined
        if (notified) {
          this.notify()
          // Who was told may have killed an actor, and signals act before messages (G8).
          if (this.random === undefined) this.control()
        }
        if (this.left < 0) this.left = this.queue.size
        if (notified && this.random !== undefined) {
          // In lockstep the next actor is drawn after the host has reacted to what happened: it may have made some
          // runnable.
        } else if (this.left > 0 && this.queue.size > 0) {
          handled += this.random === undefined ? this.serve() : this.serveDrawn()
        } else {
          this.left = -1
          if (this.debt.size > 0) handled += this.serveDebt()
        }
        more = this.hasWork()
        if (!more || handled >= RUN_MESSAGES || this.isOver()) break
        if (this.awaited !== undefined && !this.awaited.pending) break
      }
    } finally {
      // A host does not throw. Should it do so all the same, the next run goes on with the next actor.
      if (this.group.size > 0) this.closeGroup()
      this.group.clear()
      this.running = false
      this.pump.did(handled, this.now - this.began)
      if (more && this.awaited?.pending === false) this.pump.wake()
      else if (more) this.pump.yield(this.shard.queued)
      else {
        this.pump.rest()
        if (this.shard.queued === 0) this.shard.pool.trim()
      }
      if (this.random !== undefined) this.armExactly()
      else {
        const deadline = this.deadline()
        if (deadline !== Infinity) this.pump.arm(deadline)
      }
      this.pump.hold()
    }
  }

  /** In lockstep the alarm is at the very ms of the next deadline, as in the Rust shard, or not armed at all. */
  private armExactly(): void {
    this.shard.calls.tighten()
    const deadline = this.deadline()
    const now = this.clock.now()
    if (deadline === Infinity) this.pump.disarm()
    else this.pump.arm(now + Math.ceil(deadline - now))
  }

  private isOver(): boolean {
    return this.pump.isOver(this.now - this.began, this.shard.queued)
  }

  /** Whether the next run has something to do. */
  hasWork(): boolean {
    return this.queue.size > 0 || this.debt.size > 0 || this.tasks.size > 0
      || this.shard.signals.head !== undefined || this.shard.notices.head !== undefined
  }

  private deadline(): number {
    return Math.min(this.shard.timers.next, this.shard.calls.next)
  }

  private fire(): void {
    const now = this.now
    for (let left = TIMERS_PER_PASS; left > 0; left--) {
      const timer = this.shard.timers.due(now)
      if (timer === undefined) break
      // Alarms of any kind ring in the order of their deadlines.
      this.shard.calls.sweepBefore(this.shard.timers.lastDue, this.timeOut)
      fire(this.shard, timer, now)
    }
    this.shard.calls.sweep(now, this.timeOut)
  }

  private readonly timeOut = (call: Call): void => {
    this.shard.timedOut(call)
  }

  /**
   * Handles a bounded number of signals: between two messages, and before a question that they may answer (`isAlive`).
   */
  control(): void {
    const signals = this.shard.signals
    for (let left = SIGNALS_PER_PASS; left > 0; left--) {
      const signal = signals.shift()
      if (signal === undefined) return
      receive(this.shard, signal)
    }
  }

  /** Its shard has closed: the host hears of what has ended, now, or once this run is over. */
  close(): Promise<void> | undefined {
    if (this.running) return Promise.resolve().then(() => this.close())
    this.running = true
    while (this.shard.signals.head !== undefined) this.control()
    this.shard.notices.tellAll(this.host)
    this.running = false
    return undefined
  }

  private notify(): void {
    if (this.group.size > 0) this.closeGroup()
    this.shard.notices.tell(this.host)
    this.askers.take()
    this.now = this.clock.now()
  }

  // -- slices ---------------------------------------------------------------------------------------------------------

  /** Serves up to `AHEAD` slices. Returns the messages that were handled. */
  private serve(): number {
    const queue = this.queue
    const size = Math.min(this.left, queue.size, AHEAD)
    this.lookAhead(size)
    let handled = 0
    for (let i = 0; i < size; i++) {
      const cell = queue.shift()!
      this.left--
      if ((cell.flags & BLOCKED) !== 0) {
        cell.flags &= ~Queued
        continue
      }
      const meter = meterOf(cell.bound)
      if (!meter.proven) {
        const overdrawn = this.serveMeasured(cell, meter)
        handled += this.lastSlice
        if (overdrawn || this.isOver()) break
      } else {
        const messages = this.serveSlice(cell, this.most(cell))
        handled += messages
        this.chargeUnmeasured(cell, meter.average * messages)
        const full = this.group.add(cell, meter, messages)
        if ((cell.flags & UNSETTLED) === 0 && cell.head === undefined) cell.flags &= ~Queued
        else this.settle(cell)
        if (full) {
          this.closeGroup()
          break
        }
      }
      if (this.shard.signals.head !== undefined || this.shard.notices.head !== undefined) break
    }
    return handled
  }

  /** Touches the states of the next actors, so that their cache misses overlap instead of following each other. */
  private lookAhead(size: number): void {
    let touched = 0
    for (let i = 1; i < size; i++) if (typeof this.queue.at(i)!.state === "number") touched++
    this.touched = touched
  }

  /** Messages of the last measured slice. */
  private lastSlice = 0
  /** The last slice ended with a `Stop` letter. */
  private stopped = false

  /** Serves a slice with the clock around each message. Returns whether it took longer than `BUDGET`. */
  private serveMeasured(cell: MemoryCell, meter: Meter): boolean {
    if (this.group.size > 0) this.closeGroup()
    const begin = this.now
    const most = this.most(cell)
    let handled = 0
    let total = 0
    let away = 0
    this.askers.take()
    this.measuring = true
    do {
      const done = this.serveSlice(cell, 1)
      if (done === 0) break
      handled += done
      const before = this.now
      this.now = this.clock.now()
      const out = this.askers.take()
      away += out
      this.report(cell, this.now - before - out)
      total = this.now - begin
      if (handled < most && this.shard.signals.head !== undefined) this.control()
    } while (handled < most && total < BUDGET && (cell.flags & BLOCKED) === 0 && this.servable(cell))
    this.measuring = false
    total -= away
    meter.record(total, handled)
    this.charge(cell, total)
    this.lastSlice = handled
    const overdrawn = this.judge(cell, total)
    this.settle(cell)
    return overdrawn
  }

  /** How many messages a slice of this actor may have. */
  private most(cell: MemoryCell): number {
    const { budget } = cell.limits
    return budget < this.slice ? budget : this.slice
  }

  /** Puts an actor in debt when it took too long, or lets it out. Returns whether it is. */
  private judge(cell: MemoryCell, millis: number): boolean {
    if (millis > BUDGET && this.random === undefined) {
      cell.flags |= Debt
      return true
    }
    cell.flags &= ~Debt
    return false
  }

  private report(cell: MemoryCell, millis: number): void {
    if (millis > this.longSchedule) this.host.longSchedule(cell, millis)
  }

  /** Delivers up to `most` letters. The cell stays `Queued` meanwhile, so that nothing queues it twice. */
  private serveSlice(cell: MemoryCell, most: number): number {
    const { host, shard } = this
    let handled = 0
    do {
      let letter: Letter | undefined
      if ((cell.flags & CHOICE) === 0) {
        letter = cell.head
        if (letter === undefined) break
        const next = letter.next
        if (next === undefined) cell.head = cell.tail = undefined
        else cell.head = next
        if (letter.kind === Message) cell.count--
      } else {
        letter = takeLetter(cell)
        if (letter === undefined) break
      }
      let waits: boolean
      if (letter.kind === Message) {
        shard.queued--
        const isSpecial = (letter.head & Special) !== 0
        if (isSpecial) forgetHeld(cell, letter)
        // Before the handler runs: senders that wait for room go first, ahead of whatever the handler wakes.
        if ((cell.flags & Wanted) !== 0) letInAtLowWater(shard, cell)
        const op = letter.op
        const payload = letter.payload
        const from = letter.from
        const extra = letter.extra
        if (extra !== undefined || isSpecial) shard.pool.giveSpecial(letter)
        else shard.pool.give(letter)
        // Before the handler runs, because what it wakes may read this actor's account.
        cell.reductions++
        waits = host.deliver(
          cell,
          op,
          payload,
          from === undefined ? 0 : from.pid,
          extra as Call | undefined
        )
      } else {
        if (letter.kind === Void) {
          shard.pool.giveSpecial(letter)
          continue
        }
        shard.queued--
        if (letter.kind === Stop) {
          end(shard, cell, letter.payload as ExitReason)
          shard.pool.giveSpecial(letter)
          this.stopped = true
          break
        }
        // An answer belongs to a message that was counted when it was delivered.
        if (letter.kind !== Answer) cell.reductions++
        waits = deliverSpecial(shard, host, cell, letter)
      }
      handled++
      if (waits) this.wait(cell)
      if (handled < most && shard.signals.head !== undefined) this.control()
    } while (handled < most && (cell.flags & BLOCKED) === 0)
    if (cell.reductions >= 1e9) {
      asideOf(cell).reductions += cell.reductions
      cell.reductions = 0
    }
    return handled
  }

  /** The handler that was just called is not done: until `ready`, only what may re-enter is delivered. */
  private wait(cell: MemoryCell): void {
    if ((cell.flags & Is.Open) === 0) return
    cell.flags |= Is.Busy
    asideOf(cell).busy++
  }

  private servable(cell: MemoryCell): boolean {
    return (cell.flags & BLOCKED) === 0 && isServable(cell)
  }

  /** After a slice: lets in senders that wait for room, and puts the cell to the back of its queue or makes it idle. */
  private settle(cell: MemoryCell): void {
    letInAtLowWater(this.shard, cell)
    if (this.servable(cell)) {
      if ((cell.flags & Debt) !== 0) this.debt.push(cell)
      else this.queue.push(cell)
    } else cell.flags &= ~Queued
  }

  // -- debt and tasks -------------------------------------------------------------------------------------------------

  private serveDebt(): number {
    const next = this.debt.shift()!
    if (next instanceof Task) {
      this.runTask(next)
      return 1
    }
    if ((next.flags & BLOCKED) !== 0) {
      next.flags &= ~Queued
      return 0
    }
    this.serveMeasured(next, meterOf(next.bound))
    return this.lastSlice
  }

  private runTasks(): number {
    const most = Math.min(this.tasks.size, TASKS_PER_PASS)
    for (let i = 0; i < most; i++) if (this.runTask(this.tasks.shift()!)) return i + 1
    return most
  }

  /** Returns whether the task took longer than `BUDGET`. */
  private runTask(task: Task): boolean {
    const cell = task.cell
    if (this.group.size > 0) this.closeGroup()
    const begin = this.now
    this.askers.take()
    this.measuring = true
    try {
      task.run()
    } catch (error) {
      rethrow(error)
    }
    this.measuring = false
    this.now = this.clock.now()
    const away = this.askers.take()
    if (cell === undefined) return false
    const millis = this.now - begin - away
    this.charge(cell, millis)
    this.report(cell, millis)
    return this.judge(cell, millis)
  }

  // -- groups of slices -----------------------------------------------------------------------------------------------

  /** Reads the clock, and judges the slices since the last reading together. */
  private closeGroup(): void {
    const begin = this.now
    this.now = this.clock.now()
    this.judgeGroup(this.now - begin)
    this.group.clear()
  }

  private judgeGroup(millis: number): void {
    const group = this.group
    const { wentOn } = this.askers
    this.askers.take()
    // An asker used some of that time, and how much is not known: each is measured alone next (`askers.ts`).
    if (wentOn && millis > SUSPECT) return group.doubt()
    if (group.size === 1) {
      // The time of a group of one is known exactly: what was charged in advance is corrected.
      const cell = group.last!
      if (group.messages === 1) this.report(cell, millis)
      this.judge(cell, millis)
      this.charge(cell, group.errorAlone(millis))
    }
    group.judge(millis)
  }

  // -- seeded runs ----------------------------------------------------------------------------------------------------

  /** Serves one message of an actor drawn from the queue, which is in the order in which the actors became runnable. */
  private serveDrawn(): number {
    this.left = -1
    while (this.queue.size > 0) {
      const cell = this.queue.take(this.random!.below(this.queue.size))!
      this.stopped = false
      this.serveMeasured(cell, meterOf(cell.bound))
      if (!this.stopped) return this.lastSlice
      // A `Stop` letter is no message: as in the Rust shard its signals are handled, and another actor is drawn.
      this.control()
    }
    return 0
  }
}
