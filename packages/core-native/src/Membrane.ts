/**
 * The membrane: one isolate's face of its Rust shard.
 *
 * It has a method for everything that an actor system asks of a shard; what the shard answers, the loop calls on the
 * host (`host.ts`). It knows neither behaviours nor Effect: `@myrmidonjs/actor` and the small API of this package both
 * use it. Its parts: actors of other isolates (`away.ts`), links, monitors and exit signals (`signals.ts`), who lives
 * and what they use (`census.ts`), timers (`timing.ts`).
 *
 * A method writes a record into the submission ring, and the shard reads (ingests) it with the next tick. A method that
 * returns an answer (`demonitor`, `timing.cancel`, `whereis`, ...) has the ring ingested first. That delivers nothing,
 * so it is allowed inside a handler.
 */
import { Away } from "./away.ts"
import type { Binding } from "./binding.ts"
import { Border } from "./border.ts"
import { Census } from "./census.ts"
import type { ExitReason } from "./ExitReason.ts"
import { Control, ExitSelf, Flag, RECORD_WORDS, Spawn, Submission, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost, MembraneOptions, OpenOptions } from "./host.ts"
import { Attention, Loop } from "./loop.ts"
import { Reasons } from "./reasons.ts"
import { rethrow } from "./rethrow.ts"
import { buryPending } from "./bury.ts"
import { Reserve } from "./reserve.ts"
import { RESERVE, Ring, SUBMISSIONS } from "./ring.ts"
import { Signals } from "./signals.ts"
import { Slots } from "./slots.ts"
import { Submissions } from "./submissions.ts"
import { Table } from "./table.ts"
import { Timers } from "./timers.ts"
import { Timing } from "./timing.ts"
import { Tokens } from "./tokens.ts"
import { generationOf, lowOf } from "./words.ts"
import { Waiters } from "./waiters.ts"

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
// V8 compiles a constant of this module into the code; an imported one it would load each time.
const WORDS = RECORD_WORDS
/** Record `n` begins at word `n << RECORD_SHIFT`. Its words are reached by `|`, since V8 checks a `+` for overflow. */
const RECORD_SHIFT = 31 - Math.clz32(WORDS)
const MOST_PENDING = SUBMISSIONS
const SEND = Submission.Send
const NEXT = Flag.Next
const REENTRANT = Flag.Reentrant
const INLINE = Flag.Inline << 8
const EXIT_SELF_KEPT = Submission.ExitSelf | (ExitSelf.Kept << 8)
/** The flags that a sender may give a message; the membrane sets the others. */
const SENDER = Flag.Priority | Flag.Next | Flag.Reentrant
/** The `B` word of a call without a timeout. */
const NEVER = 0xffffffff
/** The budget of an actor that has none of its own: messages in a slice. */
const MOST_BUDGET = 64
const ACCEPTED = 0
const MAILBOX_FULL = 1
const BAD_MESSAGE = 4
const MAX_OP = 0xffff

/**
 * One isolate's face of its Rust shard: what `@myrmidonjs/actor` stands on.
 *
 * @internal
 * @since 0.1.0
 */
export class Membrane<C extends MembraneCell, K extends MembraneCall> {
  readonly away: Away<C, K>
  readonly signals: Signals<C, K>
  readonly census: Census<C, K>
  readonly timing: Timing<C, K>
  readonly #submissions: Submissions<C, K>
  readonly #ring: Ring
  readonly #slots = new Slots()
  readonly #tokens = new Tokens<K>()
  readonly #table = new Table<C>()
  readonly #timers = new Timers<C>()
  readonly #waiters = new Waiters<C>()
  readonly #reasons: Reasons
  readonly #border: Border
  readonly #loop: Loop<C, K>
  readonly #host: MembraneHost<C, K>
  readonly #now: () => number
  readonly #lockstep: boolean
  readonly #reserve: Reserve
  /**
   * The options of the last spawn without name, link and monitor, and the words of its record: the next is mostly
   * alike.
   */
  #plain: OpenOptions<C> | undefined = undefined
  #plainKind = 0
  #plainPolicy = 0
  #settle: () => void = () => {}
  readonly #done = new Promise<void>((resolve) => {
    this.#settle = resolve
  })

  constructor(binding: Binding, options: MembraneOptions, host: MembraneHost<C, K>) {
    this.#now = options.clock.now
    this.#host = host
    const { maxActors, capacity, seed, system } = options
    this.#ring = new Ring(binding, { maxActors, capacity, seed, system }, () => this.#loop.wake())
    this.#border = new Border(binding, this.#ring)
    this.#lockstep = seed !== undefined
    // In lockstep PIDs are reserved one by one, so that the same program gets the same PIDs as on the twin.
    this.#reserve = new Reserve(this.#ring, this.#lockstep ? 1 : RESERVE)
    this.#reasons = new Reasons(this.#ring.native, system === undefined)
    this.#loop = new Loop<C, K>(
      this.#ring,
      this.#slots,
      this.#tokens,
      this.#table,
      this.#timers,
      this.#waiters,
      this.#reasons,
      this.#border,
      host,
      options,
      this.#end
    )
    this.#submissions = new Submissions(this.#ring, this.#loop, this.#reasons, this.#now, () => this.#sweep())
    this.away = new Away(this.#submissions, this.#tokens, this.#border)
    this.signals = new Signals(this.#submissions, host)
    this.census = new Census(this.#submissions, this.#table, this.#slots, this.#waiters, this.#reasons)
    this.timing = new Timing(this.#submissions, this.#timers)
  }

  // -- life -----------------------------------------------------------------------------------------------------------

  /**
   * Takes a PID, which `takenLow` and `takenGeneration` then give. false: `maxActors` are alive, or the system is
   * closed.
   */
  takePid(): boolean {
    if (this.#submissions.closed) return false
    if (this.#reserve.take()) return true
    // Actors whose ends are in the ring still count: once they are ingested, there may be PIDs again.
    this.#submissions.flush()
    return this.#reserve.take()
  }

  /** Shard and index of the PID taken last. */
  get takenLow(): number {
    return this.#reserve.low
  }

  get takenGeneration(): number {
    return this.#reserve.generation
  }

  /** Registers the cell of the PID that was taken. */
  adopt(cell: C): void {
    this.#table.add(cell)
    this.#ring.doubts.add(cell.low)
  }

  /** Gives back a PID whose actor was never opened. */
  release(cell: C): void {
    this.#table.remove(cell.low, cell.generation)
    this.#submissions.put(Submission.Release, cell, undefined, 0, 0, 0)
    this.#freed()
  }

  // In lockstep the next spawn takes the slot that was given back, as in a system without a ring.
  #freed(): void {
    if (this.#lockstep) this.#submissions.flush()
  }

  /**
   * Opens a mailbox, and takes name, link and monitor in the same step. Returns the holder's PID when the name is
   * taken.
   */
  open(cell: C, options: OpenOptions<C>): number | undefined {
    // Actors that are spawned alike have the same object as options.
    if (options === this.#plain) {
      this.#submissions.put(this.#plainKind, cell, undefined, 0, options.capacity, this.#plainPolicy)
      return undefined
    }
    const { parent, watcher } = options
    const flags = (options.starting ? Spawn.Starting : 0)
      | (options.trapExit ? Spawn.TrapExit : 0)
      | (options.cleanup ? Spawn.Cleanup : 0)
      | (parent === undefined ? 0 : Spawn.Link)
      | (watcher === undefined || (parent !== undefined && parent !== watcher) ? 0 : Spawn.Monitor)
    const kind = Submission.Spawn | (flags << 8) | (options.budget << 16)
    const b = options.onFull | (Math.min(Math.max(Math.ceil(options.sendTimeout), 0), 0xffffff) << 8)
    const from = parent ?? watcher
    this.#ring.doubts.open(cell.low, options.budget > 0 && options.budget < MOST_BUDGET)
    if (options.name === undefined) {
      this.#submissions.put(kind, cell, from, options.watchRef, options.capacity, b >>> 0)
      if (from === undefined && options.capacity > SUBMISSIONS) {
        this.#plain = options
        this.#plainKind = kind
        this.#plainPolicy = b >>> 0
      }
    } else {
      const ring = this.#ring
      this.#submissions.flush()
      this.#submissions.put(kind, cell, from, options.watchRef, options.capacity, b >>> 0)
      // `openNamed` reads the record where it stands: it is taken back from those that wait.
      ring.pending--
      const holder = ring.native.openNamed(ring.pending, options.name)
      if (holder !== null && holder !== undefined) return holder
      if (!this.#loop.awake) this.#loop.wake()
    }
    // After `put`, which may ingest the ring: that replaces the marks by what the shard knew before this actor.
    if (options.capacity <= SUBMISSIONS) this.#ring.mark(cell.low)
    // A spawn record has room for one other actor, the parent. A watcher that is another one follows as a record of its
    // own, with nothing in between.
    if (watcher !== undefined && (flags & Spawn.Monitor) === 0) this.signals.monitor(watcher, cell, options.watchRef)
    return undefined
  }

  started(cell: C): void {
    this.#submissions.put(Submission.Started, cell, undefined, 0, 0, 0)
  }

  abandon(cell: C): void {
    this.#submissions.put(Submission.Abandon, cell, undefined, 0, 0, 0)
    this.#freed()
    this.#table.remove(cell.low, cell.generation)
    this.#timers.drop(cell)
  }

  /**
   * Ends an actor from within. `isOwn`: only the host has seen the reason, so that it is not copied, and its stack need
   * not be made a text now.
   */
  exitSelf(cell: C, reason: ExitReason, isOwn = false): void {
    if (reason._tag === "Crashed") {
      this.#submissions.put(EXIT_SELF_KEPT, cell, undefined, 0, this.#submissions.heldWord(reason, isOwn), 0)
    } else {
      this.#submissions.put(Submission.ExitSelf, cell, undefined, 0, this.#submissions.word(reason), 0)
    }
    // The messages that are left of its slice must not be delivered.
    if (this.#loop.current === cell) this.#loop.attention |= Attention.LeaveSlice
  }

  finished(cell: C): void {
    this.#submissions.put(Submission.Finished, cell, undefined, 0, 0, 0)
  }

  setFlags(cell: C, trapExit: boolean, cleanup: boolean): void {
    const flags = (trapExit ? Spawn.TrapExit : 0) | (cleanup ? Spawn.Cleanup : 0)
    this.#submissions.put(Submission.Flags, cell, undefined, 0, 0, flags)
  }

  isAlive(low: number, generation: number): boolean {
    if (this.#submissions.closed) return false
    this.#submissions.flush()
    return this.#ring.native.isAlive(low, generation)
  }

  /** Whether `dead` has still to be called for this actor. Does not ask the shard. */
  holds(cell: C): boolean {
    return this.#table.find(cell.low, cell.generation) === cell
  }

  /** The cell of a living actor. */
  find(pid: number): C | undefined {
    return this.#table.find(lowOf(pid), generationOf(pid))
  }

  // -- messages -------------------------------------------------------------------------------------------------------

  /** Sends a message. Returns 0, or a number of `SendError`. `flags`: priority, next, reentrant. */
  send(
    low: number,
    generation: number,
    op: number,
    payload: unknown,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): number {
    const ring = this.#ring
    if (ring.marked !== 0 && (flags & NEXT) === 0 && ring.isCongested(low) && !this.#submissions.closed) {
      const refusal = ring.ask(this.#now(), low, generation, fromLow, fromGeneration)
      if (refusal !== ACCEPTED) return refusal
      this.#mayBeHeld(fromLow)
    }
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    if (op > MAX_OP) return BAD_MESSAGE
    const pending = ring.pending
    const at = pending << RECORD_SHIFT
    const out = ring.out
    // `| 0` tells V8 that these are 32-bit integers.
    out[at | TO] = low | 0
    out[at | TO_GENERATION] = generation | 0
    out[at | FROM] = fromLow | 0
    out[at | FROM_GENERATION] = fromGeneration | 0
    if (typeof payload === "number") {
      out[at | HEAD] = SEND | ((flags & SENDER) << 8) | INLINE | (op << 16)
      out[at | SLOT] = 0
      ring.outFloats[(at >> 1) | 3] = payload
    } else {
      out[at | HEAD] = SEND | ((flags & SENDER) << 8) | (op << 16)
      out[at | SLOT] = this.#slots.put(payload)
    }
    ring.pending = pending + 1
    if (flags !== 0) this.#flagged(low, flags)
    if (!this.#loop.awake) this.#loop.wake()
    return ACCEPTED
  }

  // The receiver may be full, and then the sender is held before its next message (G16), also one of this slice: so the
  // loop ingests the ring when the handler returns.
  #mayBeHeld(fromLow: number): void {
    const loop = this.#loop
    if (loop.current !== undefined && loop.current.low === fromLow) loop.attention |= Attention.Flush
  }

  // A message that may overtake or re-enter: when an actor sends it to itself, the rest of its slice is given back, so
  // that the shard can put the message first.
  #flagged(low: number, flags: number): void {
    const loop = this.#loop
    const ring = this.#ring
    ring.epoch++
    if ((flags & REENTRANT) !== 0) ring.entering = true
    if (loop.current !== undefined && loop.current.low === low) loop.attention |= Attention.LeaveSlice
  }

  /**
   * Sends a question. An accepted call ends by `answered` or by `host.callEnded`; one that is refused has only its
   * outcome. `timeout` in ms, or Infinity.
   */
  call(
    low: number,
    generation: number,
    op: number,
    payload: unknown,
    fromLow: number,
    fromGeneration: number,
    flags: number,
    call: K,
    timeout: number
  ): number {
    const ring = this.#ring
    if ((low === fromLow && generation === fromGeneration && low !== 0) || op > MAX_OP) return BAD_MESSAGE
    if (ring.marked !== 0 && ring.isCongested(low) && !this.#submissions.closed) {
      const refusal = ring.ask(this.#now(), low, generation, fromLow, fromGeneration)
      if (refusal !== ACCEPTED) return refusal
      this.#mayBeHeld(fromLow)
    }
    const token = this.#tokens.open(call)
    if (token === 0) return MAILBOX_FULL
    call.token = token
    if (ring.pending >= SUBMISSIONS) this.#submissions.flush()
    const at = ring.pending * WORDS
    const out = ring.out
    out[at + TO] = low
    out[at + TO_GENERATION] = generation
    out[at + FROM] = fromLow
    out[at + FROM_GENERATION] = fromGeneration
    out[at + HEAD] = SEND | (((flags & SENDER) | Flag.Call) << 8) | (op << 16)
    out[at + SLOT] = this.#slots.put(payload)
    out[at + A] = token
    out[at + B] = timeout >= NEVER ? NEVER : Math.max(0, Math.ceil(timeout))
    ring.pending++
    ring.epoch++
    if ((flags & REENTRANT) !== 0) ring.entering = true
    if (!this.#loop.awake) this.#loop.wake()
    return ACCEPTED
  }

  /**
   * A handler of this actor waited for an answer, which is there: calls `resume`, from the loop, when the messages that
   * were in its mailbox before, and may enter beside that handler, have been begun. At once if there are none in the
   * whole shard (not in lockstep).
   */
  behind(cell: C, resume: () => void): void {
    const ring = this.#ring
    const { closed } = this.#submissions
    if (closed || (!ring.entering && ring.control[Control.Entering] === 0 && !this.#lockstep)) return resume()
    this.#submissions.put(Submission.Behind, cell, undefined, this.#slots.put(resume), 0, 0)
  }

  /** Whether there is something to do, a timer armed or a call pending. */
  get isBusy(): boolean {
    const { control } = this.#ring
    return this.#loop.awake || control[Control.NextDeadline]! >= 0 || control[Control.Calls]! > 0
  }

  /**
   * `true`: somebody waits for the event loop's next turn, so runs are kept short. `false`: has got it. Calls are
   * counted.
   */
  hasten(isWaiting: boolean): void {
    this.#loop.hasten(isWaiting)
  }

  /** Whether `help` is allowed: nothing runs, and the event loop does not wait for a turn. */
  canHelp(): boolean {
    return this.#loop.canHelp()
  }

  /** When `canHelp` last said so, in ms. */
  get helpedAt(): number {
    return this.#loop.helpedAt
  }

  /**
   * Runs the loop on the caller's stack until the call has ended, nothing is left to run, or the event loop has to have
   * a turn. For a caller that is no actor, right after `call`, while `canHelp`.
   */
  help(call: K): void {
    this.#loop.help(call)
  }

  /**
   * An asker is about to go on inside the handler that answers it: the time until `stepIn` is not charged to its
   * callee. Returns the argument of `stepIn`; below 0 that is not called.
   */
  stepOut(): number {
    return this.#loop.stepOut()
  }

  /** The asker waits again, or is done. `asker`: where it is an actor of this isolate. */
  stepIn(since: number, asker: C | undefined): void {
    this.#loop.stepIn(since, asker)
  }

  /** The call is over: its answer was taken, or its asker gave up. */
  answered(call: K): void {
    if (this.#tokens.close(call.token) === undefined) return
    if (this.#loop.directCall.takeBack(call.token)) return
    if (this.#ring.pending >= SUBMISSIONS) this.#submissions.flush()
    this.#ring.put(Submission.Answered, 0, 0, 0, 0, 0, call.token, 0)
    if (!this.#loop.awake) this.#loop.wake()
  }

  /** Calls `resume` from the loop once there is room, or the actor has ended. Returns what takes that back. */
  awaitRoom(cell: C, resume: () => void): () => void {
    return this.#waiters.add(
      cell,
      resume,
      (number) => this.#submissions.put(Submission.AwaitRoom, cell, undefined, number, 0, 0)
    )
  }

  /** Ends an actor in order, behind what is in its normal lane. */
  stop(cell: C, reason: ExitReason): void {
    this.#submissions.put(Submission.Stop, cell, undefined, 0, this.#submissions.word(reason), 0)
  }

  // -- a handler that waits -------------------------------------------------------------------------------------------

  ready(cell: C, millis: number): void {
    this.#submissions.put(Submission.Ready, cell, undefined, 0, Math.max(0, Math.round(millis * 1000)), 0)
  }

  defer(task: () => void, cell: C | undefined): void {
    if (!this.#submissions.closed) this.#loop.defer(task, cell)
  }

  // -- suspension -----------------------------------------------------------------------------------------------------

  /** Delivers no further message to an actor; signals act as before. Idempotent. */
  suspend(cell: C): void {
    this.#submissions.put(Submission.Suspend, cell, undefined, 0, 0, 0)
    // So that it acts before the next message, also within a batch.
    this.#loop.attention |= Attention.Flush
  }

  /** Ends a suspension. Idempotent. */
  resume(cell: C): void {
    this.#submissions.put(Submission.Resume, cell, undefined, 0, 0, 0)
  }

  // -- names ----------------------------------------------------------------------------------------------------------

  whereis(name: string): C | undefined {
    const pid = this.pidNamed(name)
    return pid === undefined ? undefined : this.find(pid)
  }

  /** The PID of the actor with a name, in any isolate. */
  pidNamed(name: string): number | undefined {
    if (this.#submissions.closed) return undefined
    this.#submissions.flush()
    return this.#ring.native.whereis(name) ?? undefined
  }

  // -- the whole ------------------------------------------------------------------------------------------------------

  keepAlive(on: boolean): void {
    if (!this.#submissions.closed) this.#loop.keepAlive(on)
  }

  get closed(): boolean {
    return this.#submissions.closed
  }

  /**
   * Ends the shard, as soon as the handler that runs has returned. What is sent from now on is a dead letter.
   * Idempotent; resolves when it is done.
   */
  close(): Promise<void> {
    if (!this.#loop.closing) {
      this.#loop.closing = true
      this.#loop.attention |= Attention.LeaveBatch
      this.#loop.wake()
    }
    return this.#done
  }

  /** The end of the shard, called by the loop. */
  readonly #end = (): void => {
    if (this.#submissions.closed) return this.#sweep()
    this.#loop.closing = true
    this.#ring.flush(this.#now())
    this.#submissions.closed = true
    this.#ring.gone = true
    try {
      if (this.#ring.broken === undefined) {
        for (let written = this.#ring.native.close(); written > 0; written = this.#ring.native.close()) {
          this.#loop.drain(written)
        }
      }
    } finally {
      // Whoever closes waits for this, also where the native side has failed.
      this.#loop.stop()
      this.#sweep()
      if (this.#ring.broken !== undefined) process.emitWarning(this.#ring.broken)
      this.#settle()
    }
  }

  /**
   * After the end: records that still wait become dead letters, and the host hears that its actors and calls have
   * ended.
   */
  #sweep(): void {
    const down: ExitReason = { _tag: "IsolateDown", isolate: this.#ring.shard }
    const answers = buryPending(this.#ring, this.#slots, this.#tokens, this.#border, this.#host)
    for (const cell of this.#table.clear()) this.#host.dead(cell, down, 0, 0)
    for (const call of this.#tokens.clear()) this.#host.callEnded(call, 1, down)
    for (const resume of [...this.#waiters.takeAll(), ...answers]) {
      try {
        resume()
      } catch (error) {
        rethrow(error)
      }
    }
    this.#loop.awake = false
  }
}
