/**
 * The twin: a shard in direct TypeScript, for actors of one isolate. An actor's cell is its mailbox.
 *
 * Owner: one thread. The host calls it at any time, also from inside a handler; it calls the host only from its pump
 * (`scheduler.ts`). It needs no global of Node, and knows nothing of Effect.
 *
 * This file is the door: it finds the cell, and calls the file that has the rule. Those are: `slab` PIDs, `admission`
 * bounds and policies, `lanes` order, `ending` exits, `links`, `monitors`, `calls`, `timing` timers, `names`, `census`
 * accounts, `scheduler` fairness.
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
  type ShardClock,
  type ShardHost,
  type ShardInfo,
  type ShardOptions,
  type Usages
} from "../shard.ts"
import { admit, enter, takeBack } from "./admission.ts"
import { asideOf, millisOf, reductionsOf } from "./aside.ts"
import { letAnswersGo, waitBehind } from "./behind.ts"
import { Calls } from "./calls.ts"
import { Is, MemoryCell } from "./cell.ts"
import { infoOf, inOrder, pidsOf, topOf, usagesOf } from "./census.ts"
import { end, finish, kill, vanish } from "./ending.ts"
import { CELL, LETTER } from "./footprint.ts"
import { addHalf, isLinked } from "./links.ts"
import { type Limits, LimitsTable } from "./limits.ts"
import { Kind, LetterPool } from "./mailbox.ts"
import { addWatcher, OutsideWatches, removeWatcher, Watch } from "./monitors.ts"
import { Names } from "./names.ts"
import { Notices } from "./notices.ts"
import { Waiter } from "./room.ts"
import { Scheduler } from "./scheduler.ts"
import { SignalQueue } from "./signals.ts"
import { Slab } from "./slab.ts"
import { type Timer, Timers } from "./timers.ts"
import { cancelTimer, startTimer } from "./timing.ts"

/**
 * Why no PID was given out: the fields of the error that `reserve` throws, from which the host makes a `SpawnError`.
 */
export type Refused =
  | { readonly _tag: "LimitReached"; readonly what: "actors"; readonly limit: number }
  | { readonly _tag: "SystemStopped" }

// V8 compiles a constant of this module into the code; an imported one it would load with every send.
const { Open } = Is
const { Accepted } = Outcome

/** A plain send finds `Open` and not `Wanted`: the receiver is alive, and nobody waits for room in its mailbox. */
const PLAIN = Is.Open | Is.Wanted
/** With none of these, a message that arrives makes the receiver runnable. */
const NOT_IDLE = Is.Queued | Is.Starting | Is.Held | Is.Suspended | Is.Busy | Is.Terminating

export class MemoryShard implements Shard {
  readonly backend = "memory"
  readonly seeded: boolean
  readonly host: ShardHost
  readonly clock: ShardClock
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
  /** PIDs in use: living actors, and those that were reserved and not opened yet. */
  live = 0
  /** How many of them have a mailbox: they have begun, and not ended. */
  opened = 0
  /** Letters in all mailboxes. */
  queued = 0

  private readonly limits = new LimitsTable()
  private readonly anyLimits: Limits
  private closed = false

  constructor(options: ShardOptions, host: ShardHost) {
    this.options = options
    this.seeded = options.seed !== undefined
    this.host = host
    this.clock = options.clock
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
    // In this order: if the parent has ended meanwhile, the exit signal goes to the child.
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

  /** The living actor that a cell stands for; undefined when it has ended, or was not opened yet. */
  lifeOf(cell: MemoryCell): MemoryCell | undefined {
    if ((cell.flags & Is.Open) !== 0) return cell
    // `cellOf` may have made this cell before there was an actor with the PID: then that one has another cell.
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
    // Before `admit`, which may drop the letter, and so end the call.
    if (alive !== undefined) {
      this.calls.list(call, alive)
      // A call whose asker helps is mostly answered at once: it gets a deadline only if it is not (`Scheduler.help`).
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

  /** A call has timed out. Its message stays in the mailbox; its answer will be dropped. */
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
    // Also to an actor in its cleanup: a kill ends that.
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
    if (half.letter !== undefined) takeBack(this, owner, half.letter)
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
    if (watch.letter !== undefined) takeBack(this, owner, watch.letter)
    return true
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
      // An actor that monitors itself never gets the DOWN.
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
    if (own !== undefined) startTimer(this, own, ref, delay, repeat, op, payload, flags)
  }

  cancelTimer(cell: Cell, ref: number): number | undefined {
    const own = this.lifeOf(cell as MemoryCell)
    return own === undefined ? undefined : cancelTimer(this, own, ref)
  }

  /**
   * Arms a timer `delay` ms from now, by the clock itself and not by the pump's last reading: a timer is never early.
   */
  arm(timer: Timer, delay: number): void {
    this.timers.arm(timer, this.clock.now() + Math.max(0, delay))
    this.scheduler.wake()
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
