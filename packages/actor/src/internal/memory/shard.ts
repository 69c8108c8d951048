/**
 * The twin: a shard in direct TypeScript, for actors of one isolate. An actor's cell is its mailbox.
 *
 * Owner: one thread. The host calls it at any time, also from inside a handler; it calls the host only from its pump
 * (`scheduler.ts`). It needs no global of Node, and knows nothing of Effect.
 *
 * Where the rules are: `slab` PIDs, `admission` bounds and policies, `lanes` order, `ending` exits, links and watches,
 * `calls`, `timers`, `names`, `census` accounts, `scheduler` fairness. This file is the door: it finds the cell and asks the one who knows.
 */
import { MemoryPool } from "./buffers.ts"
import type { ExitReason } from "../../ExitReason.ts"
import type { Pid } from "../../Pid.ts"
import type { Bound } from "../bound.ts"
import type { Call } from "../call.ts"
import type { Cell } from "../cell.ts"
import {
  type Account,
  CallEnd,
  type Measure,
  mostBudget,
  type OpenOptions,
  Outcome,
  type Shard,
  type ShardHost,
  type ShardInfo,
  type ShardOptions,
  type Usages
} from "../shard.ts"
import { admit, enter, expireHold } from "./admission.ts"
import { asideOf, millisOf, reductionsOf } from "./aside.ts"
import { letAnswersGo, waitBehind } from "./behind.ts"
import { Calls } from "./calls.ts"
import { Is, MemoryCell } from "./cell.ts"
import { infoOf, inOrder, pidsOf, topOf, usagesOf } from "./census.ts"
import { end, finish, kill, vanish } from "./ending.ts"
import { CELL, LETTER } from "./footprint.ts"
import { voidLetter } from "./lanes.ts"
import { addHalf, isLinked } from "./links.ts"
import { type Limits, LimitsTable } from "./limits.ts"
import { Kind, type Letter, LetterPool } from "./mailbox.ts"
import { addWatcher, OutsideWatches, removeWatcher, Watch } from "./monitors.ts"
import { Names } from "./names.ts"
import { Notices } from "./notices.ts"
import { Waiter } from "./room.ts"
import { Scheduler } from "./scheduler.ts"
import { SignalQueue } from "./signals.ts"
import { Slab } from "./slab.ts"
import { Timer, Timers } from "./timers.ts"

/** Why no PID was given out. The host makes its `SpawnError` of it. */
export type Refused =
  | { readonly _tag: "LimitReached"; readonly what: "actors"; readonly limit: number }
  | { readonly _tag: "SystemStopped" }

// A constant of this module is part of the code; an imported one would be read with every send.
const { Open } = Is
const { Accepted } = Outcome

/** Sent plainly: alive, nobody waits for room. */
const PLAIN = Is.Open | Is.Wanted
/** Not to be queued on arrival of a message. */
const NOT_IDLE = Is.Queued | Is.Starting | Is.Held | Is.Suspended | Is.Busy | Is.Terminating

export class MemoryShard implements Shard {
  readonly backend = "memory"
  readonly seeded: boolean
  readonly host: ShardHost
  private readonly options: ShardOptions

  // -- shared by the files of this folder -----------------------------------------------------------------------------
  readonly slab = new Slab()
  readonly pool = new LetterPool()
  readonly names = new Names()
  readonly signals = new SignalQueue()
  readonly timers = new Timers()
  readonly calls = new Calls()
  readonly outside = new OutsideWatches()
  readonly notices = new Notices(this.pool)
  readonly scheduler: Scheduler
  /** Living actors, and PIDs that are reserved. */
  live = 0
  /** Of those, whose mailbox is open: they have begun, and not ended. */
  opened = 0
  /** Letters in mailboxes and holds. */
  queued = 0

  private readonly limits = new LimitsTable()
  private readonly anyLimits: Limits
  private closed = false

  constructor(options: ShardOptions, host: ShardHost) {
    this.options = options
    this.seeded = options.seed !== undefined
    this.host = host
    this.anyLimits = this.limits.get(65536, 0, 5000, mostBudget)
    this.scheduler = new Scheduler(this, host, options.clock, options.longSchedule, options.seed)
  }

  // -- life -----------------------------------------------------------------------------------------------------------

  reserve(bound: Bound): MemoryCell {
    if (this.closed) throw refusal({ _tag: "SystemStopped" })
    if (this.live >= this.options.maxActors) {
      throw refusal({ _tag: "LimitReached", what: "actors", limit: this.options.maxActors })
    }
    const index = this.slab.next()
    if (index === 0) throw refusal({ _tag: "LimitReached", what: "actors", limit: this.live })
    const cell = new MemoryCell(index, this.slab.generationOf(index), bound, this.anyLimits)
    this.slab.put(index, cell)
    this.live++
    return cell
  }

  release(cell: Cell): void {
    const own = cell as MemoryCell
    if ((own.flags & (Is.Open | Is.Terminating | Is.Dead)) !== 0) return
    own.flags |= Is.Dead
    this.slab.end(own.low)
    this.slab.free(own.low)
    this.live--
  }

  open(cell: Cell, options: OpenOptions): Pid | undefined {
    const own = cell as MemoryCell
    const { budget, capacity, name, onFull, parent, sendTimeout, watchRef, watcher } = options
    if (name !== undefined) {
      this.scheduler.control()
      const holder = this.names.get(name)
      if (holder !== undefined) return holder.pid
      this.names.take(name, own)
    }
    own.limits = this.limits.get(capacity, onFull, sendTimeout, budget)
    this.opened++
    own.flags |= Is.Open
      | (options.starting ? Is.Starting : 0)
      | (options.trapExit ? Is.TrapExit : 0)
      | (options.cleanup ? Is.Cleanup : 0)
    // The child is the one that is told when its parent has died meanwhile.
    if (parent !== undefined) this.link(own, parent)
    if (watcher !== undefined) this.monitor(watcher, own, watchRef)
    if (this.closed) kill(this, own, KILLED)
    return undefined
  }

  started(cell: Cell): void {
    const own = cell as MemoryCell
    if ((own.flags & Is.Open) === 0) return
    own.flags &= ~Is.Starting
    this.scheduler.offer(own)
  }

  abandon(cell: Cell): void {
    vanish(this, cell as MemoryCell)
  }

  exitSelf(cell: Cell, reason: ExitReason): void {
    end(this, cell as MemoryCell, reason)
  }

  finished(cell: Cell): void {
    finish(this, cell as MemoryCell)
  }

  setFlags(cell: Cell, trapExit: boolean, cleanup: boolean): void {
    const own = cell as MemoryCell
    if ((own.flags & Is.Open) === 0) return
    own.flags = (own.flags & ~(Is.TrapExit | Is.Cleanup))
      | (trapExit ? Is.TrapExit : 0)
      | (cleanup ? Is.Cleanup : 0)
  }

  isAlive(cell: Cell): boolean {
    this.scheduler.control()
    return this.lifeOf(cell as MemoryCell) !== undefined
  }

  holds(cell: Cell): boolean {
    return ((cell as MemoryCell).flags & Is.Dead) === 0
  }

  info(cell: Cell): ShardInfo | undefined {
    this.scheduler.control()
    const own = this.lifeOf(cell as MemoryCell)
    return own === undefined ? undefined : infoOf(own)
  }

  account(cell: Cell): Account | undefined {
    const own = this.lifeOf(cell as MemoryCell)
    return own === undefined ? undefined : { reductions: reductionsOf(own), millis: millisOf(own) }
  }

  cellOf(pid: Pid): Cell {
    const low = pid % 4294967296
    const generation = Math.floor(pid / 4294967296)
    const cell = this.slab.at(low)
    if (cell !== undefined && cell.generation === generation) return cell
    const dead = new MemoryCell(low, generation, this.options.nobody as Bound, this.anyLimits)
    dead.flags = Is.Dead
    return dead
  }

  /** The living actor that a cell stands for; undefined: it has ended, or is not open. */
  lifeOf(cell: MemoryCell): MemoryCell | undefined {
    if ((cell.flags & Is.Open) !== 0) return cell
    // A cell that was made for a PID before its actor was: `cellOf` of a PID that came later.
    const life = this.slab.at(cell.low)
    return life !== undefined && life !== cell && life.generation === cell.generation && (life.flags & Is.Open) !== 0
      ? life
      : undefined
  }

  /** Of this system. A program may have several, and a PID of another one is nobody here. */
  isOwn(cell: MemoryCell): boolean {
    return cell.bound.shard === this
  }

  noProc(cell: MemoryCell): ExitReason {
    return {
      _tag: "NoProc",
      everExisted: this.isOwn(cell) && this.slab.everExisted(cell.low, cell.generation)
    }
  }

  // -- messages -------------------------------------------------------------------------------------------------------

  send(to: Cell, op: number, payload: unknown, from: Cell | undefined, flags: number): Outcome {
    const cell = to as MemoryCell
    const letter = this.pool.message(op, payload, from as MemoryCell | undefined)
    if (flags === 0 && (cell.flags & PLAIN) === Open && cell.count < cell.limits.capacity) {
      const tail = cell.tail
      if (tail === undefined) cell.head = letter
      else tail.next = letter
      cell.tail = letter
      cell.count++
      this.queued++
      if ((cell.flags & NOT_IDLE) === 0) this.scheduler.enqueue(cell)
      return Accepted
    }
    letter.flags = flags
    const outcome = admit(this, cell, letter, from as MemoryCell | undefined)
    if (outcome !== Outcome.Accepted) this.pool.giveSpecial(letter)
    return outcome
  }

  call(
    to: Cell,
    op: number,
    payload: unknown,
    from: Cell | undefined,
    flags: number,
    call: Call,
    timeout: number
  ): Outcome {
    if (to === from) return Outcome.BadMessage
    const cell = to as MemoryCell
    const letter = this.pool.take(Kind.Message, op, payload, from as MemoryCell | undefined)
    letter.flags = flags
    letter.extra = call
    const alive = this.lifeOf(cell)
    // Listed first: what admission does with the letter may end it.
    if (alive !== undefined) {
      this.calls.list(call, alive)
      // Most of those whose asker helps are answered by it: the clock is read for the others.
      if (timeout !== Infinity && (call.resume !== undefined || !this.scheduler.canHelp())) {
        this.calls.limit(call, timeout, this.scheduler.coarseNow())
      }
    }
    const outcome = admit(this, cell, letter, from as MemoryCell | undefined)
    if (outcome !== Outcome.Accepted) {
      this.calls.unlist(call)
      this.pool.giveSpecial(letter)
    }
    this.scheduler.wake()
    return outcome
  }

  answered(call: Call): void {
    this.calls.unlist(call)
  }

  /** The time of a call is over. Its message stays where it is; its answer will be nobody's. */
  timedOut(call: Call): void {
    this.notices.callEnded(call, CallEnd.Timeout, undefined)
  }

  canHelp(): boolean {
    return this.scheduler.canHelp()
  }

  help(call: Call): void {
    this.scheduler.help(call)
  }

  behind(cell: Cell, resume: () => void): void {
    waitBehind(this, this.lifeOf(cell as MemoryCell) ?? cell as MemoryCell, resume)
  }

  hasten(isWaiting: boolean): void {
    this.scheduler.hasten(isWaiting)
  }

  stepOut(): number {
    return this.scheduler.stepOut()
  }

  stepIn(since: number, asker: Cell | undefined): void {
    this.scheduler.stepIn(since, asker as MemoryCell | undefined)
  }

  awaitRoom(to: Cell, resume: () => void): () => void {
    const waiter = new Waiter(resume)
    const cell = this.lifeOf(to as MemoryCell)
    if (cell === undefined || cell.count <= cell.limits.lowWater) {
      this.notices.room(waiter)
      this.scheduler.wake()
    } else {
      ;(asideOf(cell).waiters ??= new Set()).add(waiter)
      cell.flags |= Is.Wanted
    }
    return () => {
      waiter.done = true
      cell?.aside?.waiters?.delete(waiter)
    }
  }

  stop(to: Cell, reason: ExitReason): void {
    const cell = this.lifeOf(to as MemoryCell)
    if (cell !== undefined) enter(this, cell, this.pool.take(Kind.Stop, 0, reason, undefined))
  }

  // -- a handler that waits -------------------------------------------------------------------------------------------

  ready(cell: Cell, millis: number): void {
    const own = cell as MemoryCell
    if ((own.flags & Is.Busy) === 0) return
    if (millis > 0) this.scheduler.charge(own, millis)
    if (--own.aside!.busy > 0) return
    own.flags &= ~Is.Busy
    this.scheduler.offer(own)
  }

  defer(task: () => void, cell: Cell | undefined): void {
    this.scheduler.defer(task, cell as MemoryCell | undefined)
  }

  // -- suspension -----------------------------------------------------------------------------------------------------

  suspend(cell: Cell): void {
    const own = this.lifeOf(cell as MemoryCell)
    if (own === undefined) return
    own.flags |= Is.Suspended
    letAnswersGo(this, own)
    this.scheduler.recheck(own)
  }

  resume(cell: Cell): void {
    const own = this.lifeOf(cell as MemoryCell)
    if (own === undefined) return
    own.flags &= ~Is.Suspended
    this.scheduler.offer(own)
  }

  // -- signals --------------------------------------------------------------------------------------------------------

  exit(to: Cell, from: Cell | undefined, reason: ExitReason): void {
    // Not only the living: a kill also ends one that cleans up.
    const cell = this.lifeOf(to as MemoryCell) ?? to as MemoryCell
    if ((cell.flags & (Is.Open | Is.Terminating)) === 0) return
    this.signals.exit(cell, from as MemoryCell | undefined, reason)
    this.scheduler.wake()
  }

  link(a: Cell, b: Cell): void {
    const owner = this.lifeOf(a as MemoryCell)
    const peer = this.lifeOf(b as MemoryCell) ?? b as MemoryCell
    if (owner === undefined || owner === peer || isLinked(owner, peer)) return
    const half = addHalf(owner, peer)
    if ((peer.flags & Is.Open) !== 0 && this.isOwn(peer)) {
      addHalf(peer, owner)
      return
    }
    this.signals.linkExit(owner, peer, this.noProc(peer), half)
    this.scheduler.wake()
  }

  unlink(a: Cell, b: Cell): void {
    const owner = this.lifeOf(a as MemoryCell)
    const peer = this.lifeOf(b as MemoryCell) ?? b as MemoryCell
    const half = owner?.aside?.links?.get(peer)
    if (owner === undefined || half === undefined) return
    owner.aside!.links!.delete(peer)
    peer.aside?.links?.delete(owner)
    if (half.letter !== undefined) this.takeBack(owner, half.letter)
  }

  monitor(watcher: Cell, target: Cell, ref: number): void {
    const owner = this.lifeOf(watcher as MemoryCell)
    if (owner === undefined || owner.aside?.watching?.has(ref) === true) return
    const watch = this.begin(owner, target as MemoryCell, ref)
    ;(asideOf(owner).watching ??= new Map()).set(ref, watch)
  }

  demonitor(watcher: Cell, ref: number): boolean {
    const owner = this.lifeOf(watcher as MemoryCell)
    const watch = owner?.aside?.watching?.get(ref)
    if (owner === undefined || watch === undefined) return false
    owner.aside!.watching!.delete(ref)
    removeWatcher(watch)
    if (watch.letter !== undefined) this.takeBack(owner, watch.letter)
    return true
  }

  /** A queued letter is not to be handled any more. */
  private takeBack(cell: MemoryCell, letter: Letter): void {
    voidLetter(cell, letter, undefined)
    this.queued--
    // What is behind it may be what a waiting handler lets in; or nothing is left to be runnable for.
    this.scheduler.offer(cell)
    this.scheduler.recheck(cell)
  }

  watch(target: Cell, ref: number): void {
    this.outside.add(this.begin(undefined, target as MemoryCell, ref))
  }

  unwatch(ref: number): void {
    const watch = this.outside.take(ref)
    if (watch !== undefined) removeWatcher(watch)
  }

  private begin(watcher: MemoryCell | undefined, target: MemoryCell, ref: number): Watch {
    const life = this.isOwn(target) ? this.lifeOf(target) : undefined
    const watch = new Watch(watcher, life ?? target, ref)
    if (life !== undefined) {
      // Nobody learns of one's own end.
      if (life !== watcher) addWatcher(life, watch)
    } else {
      this.signals.down(watch, this.noProc(target))
      this.scheduler.wake()
    }
    return watch
  }

  // -- names and timers -----------------------------------------------------------------------------------------------

  whereis(name: string): Cell | undefined {
    this.scheduler.control()
    return this.names.get(name)
  }

  startTimer(
    cell: Cell,
    ref: number,
    delay: number,
    repeat: boolean,
    op: number,
    payload: unknown,
    flags: number
  ): void {
    const own = this.lifeOf(cell as MemoryCell)
    if (own === undefined || own.aside?.timers?.has(ref) === true) return
    const timer = new Timer(own, ref, op, payload, flags, repeat ? Math.max(delay, 1) : 0, undefined)
    ;(asideOf(own).timers ??= new Map()).set(ref, timer)
    this.arm(timer, repeat ? timer.period : delay)
  }

  cancelTimer(cell: Cell, ref: number): number | undefined {
    const own = this.lifeOf(cell as MemoryCell)
    const timer = own?.aside?.timers?.get(ref)
    if (own === undefined || timer === undefined) return undefined
    own.aside!.timers!.delete(ref)
    const armed = timer.place >= 0
    const left = armed ? Math.max(0, this.timers.deadlineOf(timer) - this.options.clock.now()) : 0
    this.timers.disarm(timer)
    if (timer.letter === undefined) return left
    this.takeBack(own, timer.letter)
    return 0
  }

  /** A deadline `delay` ms from now. Read from the clock, not from the pump: a timer is never early. */
  arm(timer: Timer, delay: number): void {
    this.timers.arm(timer, this.options.clock.now() + Math.max(0, delay))
    this.scheduler.wake()
  }

  /** A timer is due: its message enters like one of the actor to itself, unless the last one still waits (G45). */
  fire(timer: Timer, now: number): void {
    if (timer.hold !== undefined) return expireHold(this, timer.hold)
    const { cell, flags, op, payload, period } = timer
    if (period > 0) {
      // It keeps its beat, and skips what it missed.
      const due = this.timers.lastDue
      this.timers.arm(timer, due + (Math.floor((now - due) / period) + 1) * period)
    }
    if (timer.letter !== undefined) return
    const letter = this.pool.take(Kind.Timer, op, payload, cell)
    letter.flags = flags
    letter.extra = timer
    timer.letter = letter
    enter(this, cell, letter)
  }

  /** A timer's message has left the mailbox. */
  delivered(timer: Timer): void {
    timer.letter = undefined
    if (timer.place < 0) timer.cell.aside?.timers?.delete(timer.ref)
  }

  // -- the whole ------------------------------------------------------------------------------------------------------

  stats(): { readonly actors: number; readonly queued: number; readonly bytes: number; readonly calls: number } {
    this.scheduler.control()
    return {
      actors: this.live,
      queued: this.queued,
      bytes: this.live * CELL + this.queued * LETTER,
      calls: this.calls.pending
    }
  }

  top(n: number, by: Measure): ReadonlyArray<readonly [cell: Cell, info: ShardInfo]> {
    return topOf(this.everyOpen(), n, by)
  }

  usages(): Usages {
    return usagesOf(this.everyOpen())
  }

  cells(): Iterable<Cell> {
    return this.everyOpen()
  }

  pids(): Float64Array {
    this.scheduler.control()
    const all = this.opened === this.slab.lives ? this.slab.pidsInOrder() : undefined
    return all ?? pidsOf(inOrder(this.slab, Is.Open))
  }

  private everyOpen(): Array<MemoryCell> {
    this.scheduler.control()
    return inOrder(this.slab, Is.Open)
  }

  makeBuffers(limit: number): MemoryPool {
    return new MemoryPool(limit)
  }

  keepAlive(on: boolean): void {
    this.scheduler.keepAlive(on)
  }

  close(): Promise<void> | undefined {
    if (this.closed) return undefined
    this.closed = true
    const left = inOrder(this.slab, Is.Open | Is.Terminating).reverse()
    for (const cell of left) kill(this, cell, KILLED)
    return this.scheduler.close()
  }
}

const KILLED: ExitReason = { _tag: "Killed" }

const refusal = (refused: Refused): Error & Refused =>
  Object.assign(
    new Error(refused._tag === "SystemStopped" ? "the actor system has stopped" : `${refused.limit} actors are alive`),
    refused
  )
