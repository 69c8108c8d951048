/**
 * The membrane: one isolate's face of its Rust shard.
 *
 * Everything that an actor system asks of a shard, as plain calls with numbers; what comes back is called on the host
 * (`host.ts`) by the loop. It knows neither behaviours nor Effect: `@myrmidonjs/actor` and the small API of this
 * package both stand on it. Its parts: actors of other isolates (`away.ts`), links, watches and exit signals
 * (`signals.ts`), who lives and what they use (`census.ts`), timers (`timing.ts`).
 *
 * A call here writes a record, and the record is ingested with the next tick. What has an answer (`demonitor`,
 * `timing.cancel`, `whereis`, ...) ingests first, which delivers nothing and is allowed inside a handler.
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
// An imported binding is read from its module each time; a constant of this module is part of the code.
const WORDS = RECORD_WORDS
/** A record begins at its number shifted by this; a word of it is found by `|`, which cannot overflow and is not checked. */
const RECORD_SHIFT = 31 - Math.clz32(WORDS)
const MOST_PENDING = SUBMISSIONS
const SEND = Submission.Send
const NEXT = Flag.Next
const REENTRANT = Flag.Reentrant
const INLINE = Flag.Inline << 8
const EXIT_SELF_KEPT = Submission.ExitSelf | (ExitSelf.Kept << 8)
/** What a sender may say of a message: the other flags are the membrane's. */
const SENDER = Flag.Priority | Flag.Next | Flag.Reentrant
const NEVER = 0xffffffff
/** The budget of an actor that has none of its own. */
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
  /** The options of the last spawn without name, link and watch, and the words that they come to. */
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
    // In lockstep PIDs are taken one by one, so that they are those of a system without a reserve.
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

  /** Takes a PID; false: there are as many actors as there may be, or the system is closed. */
  takePid(): boolean {
    if (this.#submissions.closed) return false
    if (this.#reserve.take()) return true
    // Ends that wait to be ingested may have freed some.
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

  /** The cell that stands for a PID that was taken. */
  adopt(cell: C): void {
    this.#table.add(cell)
    this.#ring.doubts.add(cell.low)
  }

  /** Gives a PID back that was never opened. */
  release(cell: C): void {
    this.#table.remove(cell.low, cell.generation)
    this.#submissions.put(Submission.Release, cell, undefined, 0, 0, 0)
    this.#freed()
  }

  // In lockstep the next spawn takes the slot that was given back, as in a system without a ring.
  #freed(): void {
    if (this.#lockstep) this.#submissions.flush()
  }

  /** Opens a mailbox; name, link and watch are taken in the same step. The holder's PID: the name is taken. */
  open(cell: C, options: OpenOptions<C>): number | undefined {
    // Whoever spawns many alike says the same each time, by the same object.
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
      // The record is read where it stands, and not submitted.
      ring.pending--
      const holder = ring.native.openNamed(ring.pending, options.name)
      if (holder !== null && holder !== undefined) return holder
      if (!this.#loop.awake) this.#loop.wake()
    }
    // Behind the record: with it the ring may have been ingested, and what was said of marks is what the shard knew then.
    if (options.capacity <= SUBMISSIONS) this.#ring.mark(cell.low)
    // One spawn record has one partner; a second one follows it with nothing in between.
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

  /** `isOwn`: a failure of which nobody knows but the host, and whose stack may not be a text yet. It is not copied. */
  exitSelf(cell: C, reason: ExitReason, isOwn = false): void {
    if (reason._tag === "Crashed") {
      this.#submissions.put(EXIT_SELF_KEPT, cell, undefined, 0, this.#submissions.heldWord(reason, isOwn), 0)
    } else {
      this.#submissions.put(Submission.ExitSelf, cell, undefined, 0, this.#submissions.word(reason), 0)
    }
    // The rest of its slice is not for it any more.
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

  /** Whether its end has still to be told. No question to the shard. */
  holds(cell: C): boolean {
    return this.#table.find(cell.low, cell.generation) === cell
  }

  /** The cell of a PID, while it lives. */
  find(pid: number): C | undefined {
    return this.#table.find(lowOf(pid), generationOf(pid))
  }

  // -- messages -------------------------------------------------------------------------------------------------------

  /** Sends; 0 or a number of `SendError`. `flags`: priority, next, reentrant. */
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
    // `| 0` says that these are no doubles.
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

  // What an actor sends to a mailbox that may be full may hold it (G16): before its next message, also of this slice.
  #mayBeHeld(fromLow: number): void {
    const loop = this.#loop
    if (loop.current !== undefined && loop.current.low === fromLow) loop.attention |= Attention.Flush
  }

  // What an actor sends to itself ahead of what is queued must not find the rest of its slice already on its way.
  #flagged(low: number, flags: number): void {
    const loop = this.#loop
    const ring = this.#ring
    ring.epoch++
    if ((flags & REENTRANT) !== 0) ring.entering = true
    if (loop.current !== undefined && loop.current.low === low) loop.attention |= Attention.LeaveSlice
  }

  /** Asks. Ends by `answered` or by `host.callEnded`; a refusal is the outcome alone. `timeout` in ms, or Infinity. */
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
   * Calls `resume` from the loop once what waits for an actor, and may be delivered to it, has been begun; or where nothing
   * is delivered to it. At once, if nothing waits that could enter while a handler does (not in lockstep).
   */
  behind(cell: C, resume: () => void): void {
    const ring = this.#ring
    const { closed } = this.#submissions
    if (closed || (!ring.entering && ring.control[Control.Entering] === 0 && !this.#lockstep)) return resume()
    this.#submissions.put(Submission.Behind, cell, undefined, this.#slots.put(resume), 0, 0)
  }

  /** Something is to be done, a timer is armed or a call is pending. */
  get isBusy(): boolean {
    const { control } = this.#ring
    return this.#loop.awake || control[Control.NextDeadline]! >= 0 || control[Control.Calls]! > 0
  }

  /** Somebody waits for the event loop's next turn, and it is not to be put off; or (`false`) has got it. */
  hasten(isWaiting: boolean): void {
    this.#loop.hasten(isWaiting)
  }

  /** Nothing runs, and the event loop has had its turn: whoever is no actor and waits for an answer may `help`. */
  canHelp(): boolean {
    return this.#loop.canHelp()
  }

  /** When `canHelp` last said so, in ms. */
  get helpedAt(): number {
    return this.#loop.helpedAt
  }

  /**
   * Runs the loop on the caller's stack until the call has ended or there is nothing left to run, but no longer than a
   * turn. Right after `call`, while `canHelp` says so.
   */
  help(call: K): void {
    this.#loop.help(call)
  }

  /** An asker goes on inside of what answers it: the time is not its callee's. What `stepIn` is to be told, if it is not below 0. */
  stepOut(): number {
    return this.#loop.stepOut()
  }

  /** The asker is done for now; `asker`: where it is an actor of this isolate. */
  stepIn(since: number, asker: C | undefined): void {
    this.#loop.stepIn(since, asker)
  }

  /** The call's answer was taken, or its caller has gone away. */
  answered(call: K): void {
    if (this.#tokens.close(call.token) === undefined) return
    if (this.#loop.directCall.takeBack(call.token)) return
    if (this.#ring.pending >= SUBMISSIONS) this.#submissions.flush()
    this.#ring.put(Submission.Answered, 0, 0, 0, 0, 0, call.token, 0)
    if (!this.#loop.awake) this.#loop.wake()
  }

  /** Calls `resume` from the loop once there is room, or its owner has ended. Returns its undo. */
  awaitRoom(cell: C, resume: () => void): () => void {
    return this.#waiters.add(
      cell,
      resume,
      (number) => this.#submissions.put(Submission.AwaitRoom, cell, undefined, number, 0, 0)
    )
  }

  /** Ends it in order, behind what is in its normal lane. */
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

  /** No message is delivered any more behind the one in hand; control is. Idempotent. */
  suspend(cell: C): void {
    this.#submissions.put(Submission.Suspend, cell, undefined, 0, 0, 0)
    // It acts between this message and the next one, also in a batch that is under way.
    this.#loop.attention |= Attention.Flush
  }

  /** Ends that. Idempotent. */
  resume(cell: C): void {
    this.#submissions.put(Submission.Resume, cell, undefined, 0, 0, 0)
  }

  // -- names ----------------------------------------------------------------------------------------------------------

  whereis(name: string): C | undefined {
    const pid = this.pidNamed(name)
    return pid === undefined ? undefined : this.find(pid)
  }

  /** Of any isolate. */
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
   * Everything is dead letters from now on: told by the loop, as soon as what runs has returned. Idempotent; resolves
   * when it is done.
   */
  close(): Promise<void> {
    if (!this.#loop.closing) {
      this.#loop.closing = true
      this.#loop.attention |= Attention.LeaveBatch
      this.#loop.wake()
    }
    return this.#done
  }

  // Declared before the constructor's use of it: fields are initialised in order.
  readonly #end = (): void => {
    if (this.#submissions.closed) return this.#sweep()
    this.#loop.closing = true
    this.#ring.flush(this.#now())
    this.#submissions.closed = true
    this.#ring.gone = true
    if (this.#ring.broken === undefined) {
      for (let written = this.#ring.native.close(); written > 0; written = this.#ring.native.close()) {
        this.#loop.drain(written)
      }
    }
    this.#loop.stop()
    this.#sweep()
    if (this.#ring.broken !== undefined) process.emitWarning(this.#ring.broken)
    this.#settle()
  }

  /** After the end: what is still sent is a dead letter, and what was alive learns that the shard is gone. */
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
