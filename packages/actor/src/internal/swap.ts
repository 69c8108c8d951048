/**
 * The versions of one actor: those that it ran before, and the canary that may bring one back.
 *
 * A swap happens between two messages of the actor, on its own thread, so that the next message finds the new
 * behaviour, and the shard need not know of it (it is only asked what the actor has used so far). A canary is a
 * behaviour with wrapped handlers, for as long as it lasts, so that actors without one pay nothing for it.
 *
 * Owner: the host. A canary ends exactly once: it passes, is rolled back, or its actor ends.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Deferred from "effect/Deferred"
import type { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import type { HandledMessage } from "../SwapError.ts"
import { Bound, type Handler, OpFlag, type Program } from "./bound.ts"
import type { Cell } from "./cell.ts"
import { Envelope } from "./envelope.ts"
import { Begun, Entry, journalled, Later } from "./journal.ts"
import { lifeOf } from "./life.ts"
import { tagOf } from "./opcodes.ts"
import { issueOfReply } from "./reply.ts"
import { issueOf } from "./upgrade.ts"
import { wrapped } from "./wrapper.ts"

/** A former version of an actor, which can be brought back. */
export interface Version {
  readonly bound: Bound
  /** Its state when it was replaced. (Migrations work on copies.) */
  readonly state: unknown
  /** Makes its state from that of the version after it: the upgrade's `back`. */
  readonly back: ((state: unknown) => unknown) | undefined
  /** The version that this one had replaced. */
  before: Version | undefined
}

export class Swaps {
  // Former versions are a chain, since an array would have room for more than the few that each actor keeps.
  /** The latest of the former versions that are kept. */
  latest: Version | undefined = undefined
  /** How many of them are kept when no canary runs. */
  keep = 0
  canary: Canary | undefined = undefined
  /** A swap or a rollback waits for something. */
  busy = false
  /** Why the last canary crashed. */
  crash: ExitReason | undefined = undefined

  trim(): void {
    let last = this.latest
    if (this.keep === 0) this.latest = undefined
    for (let kept = 1; kept < this.keep && last !== undefined; kept++) last = last.before
    if (last !== undefined) last.before = undefined
  }

  /** Takes the latest one out. */
  take(): Version | undefined {
    const { latest } = this
    this.latest = latest?.before
    return latest
  }

  /** The host calls this when the actor has ended. */
  ended(): void {
    this.latest = undefined
    this.canary?.ended()
  }
}

export const swapsOf = (cell: Cell): Swaps => lifeOf(cell).swap ??= new Swaps()

/** The behaviour that the actor runs, without wrappers; during a canary, the new one. */
export const boundOf = (cell: Cell): Bound => cell.bound.under ?? cell.bound

/** Makes the actor run this behaviour from the next message on, with the Inspector's wrappers that it has. */
export const switchTo = (cell: Cell, bound: Bound): void => {
  const before = cell.bound
  const { life } = cell
  cell.host.accounts.moved(cell, before, bound)
  cell.bound = wrapped(bound, life?.wrappers)
  if (life !== undefined) life.runner = undefined
  if (life?.name !== undefined) cell.host.shard.border?.announce(cell)
  const scoped = life?.scope !== undefined
  const cleanup = bound.open.cleanup || scoped
  if (bound.open.trapExit !== before.open.trapExit || cleanup !== (before.open.cleanup || scoped)) {
    cell.host.shard.setFlags(cell, bound.open.trapExit, cleanup)
  }
}

/** How a canary ended. (Where this is `undefined`, its actor has ended.) */
export type CanaryEnd =
  | { readonly passed: true }
  | { readonly passed: false; readonly reason: ExitReason; readonly handled: ReadonlyArray<HandledMessage> }

export class Canary {
  readonly cell: Cell
  /** Handlers that wait, and streams: interrupted by a rollback. */
  readonly fibers = new Set<Fiber.Fiber<unknown, unknown>>()
  private readonly swaps: Swaps
  /** The behaviour that is tried out. */
  private readonly bound: Bound
  private readonly wrapped: Bound
  private readonly journal: Array<Entry> = []
  private left: number
  private open = 0
  /** The message whose handler has just returned a stream, which begins at once. */
  private handing: Entry | undefined = undefined
  private end: CanaryEnd | "ended" | undefined = undefined
  private readonly waiters: Array<(end: CanaryEnd | undefined) => void> = []
  private readonly old: Version

  /** `messages`: how many it has to handle. The version before is the latest of `swaps`. */
  constructor(cell: Cell, swaps: Swaps, bound: Bound, messages: number) {
    this.cell = cell
    this.swaps = swaps
    this.bound = bound
    this.old = swaps.latest!
    this.left = messages
    this.wrapped = new Bound(bound.host, this.wrap(bound.program), bound.context)
    this.wrapped.meter = bound.meter
  }

  start(): void {
    this.swaps.canary = this
    switchTo(this.cell, this.wrapped)
  }

  onEnd(waiter: (end: CanaryEnd | undefined) => void): void {
    if (this.end !== undefined) waiter(this.end === "ended" ? undefined : this.end)
    else this.waiters.push(waiter)
  }

  /** Neither crashed nor passed nor ended. */
  get isOpen(): boolean {
    return this.end === undefined
  }

  /** It may still have to go back with its group. */
  get hasPassed(): boolean {
    return this.end !== undefined && this.end !== "ended" && this.end.passed
  }

  get hasGoneBack(): boolean {
    return this.end !== undefined && this.end !== "ended" && !this.end.passed
  }

  // -- what its handlers do -------------------------------------------------------------------------------------------

  private wrap(program: Program): Program {
    const wrap = (handler: Handler | undefined, op: number): Handler | undefined => {
      if (handler === undefined) return undefined
      const isStream = ((this.bound.flags[op] ?? 0) & OpFlag.Stream) !== 0
      return (state, payload, self) => {
        const { life } = this.cell
        const sender = life?.sender ?? 0
        // Messages that re-enter while one waits for ever: who has handled so many has passed.
        if (this.journal.length >= journalled) this.pass()
        const entry = new Entry(op, payload, sender === 0 ? undefined : sender as Pid, life?.asked ?? false)
        if (this.end === undefined) this.journal.push(entry)
        this.open++
        const result = handler(state, payload, self)
        if (!isStream || !entry.asked) return this.watch(entry, result)
        this.handing = entry
        return result
      }
    }
    return {
      ...program,
      base: program,
      plain: program.plain.map(() => undefined),
      full: program.full.map((handler, op) => wrap(handler ?? program.plain[op], op))
    }
  }

  // A throw never comes here, and a reply that its protocol does not allow becomes one: the entry stays open, and is
  // the letter that comes back.
  private watch(entry: Entry, result: unknown): unknown {
    if (Exit.isExit(result)) return isReply(result) ? this.checked(entry, result) : result
    if (Effect.isEffect(result) && !Deferred.isDeferred(result)) {
      return Effect.flatMap(Effect.exit(result), (exit) => isReply(exit) ? this.checked(entry, exit) : exit)
    }
    if (result instanceof Promise) return result.then((value: unknown) => this.replied(entry, value))
    return this.replied(entry, result)
  }

  private checked(entry: Entry, reply: Exit.Exit<unknown, unknown>): Exit.Exit<unknown, unknown> {
    if (Exit.isSuccess(reply)) {
      const value = this.replied(entry, reply.value)
      return value === reply.value ? reply : Exit.succeed(value)
    }
    this.handled(entry, reply)
    return reply
  }

  /** What the handler has come to. */
  private replied(entry: Entry, value: unknown): unknown {
    this.handled(entry, Exit.succeed(value))
    if (!entry.asked || typeof value !== "object" || value === null || !Deferred.isDeferred(value)) return value
    entry.later = true
    return new Later(value, new Begun(this, entry))
  }

  /** Throws what is wrong with a reply. */
  private handled(entry: Entry, reply: Exit.Exit<unknown, unknown>): void {
    const issue = entry.asked ? issueOfReply(this.cell, entry.op, reply) : undefined
    if (issue !== undefined) throw issue
    entry.done = true
    this.counted()
  }

  private counted(): void {
    this.open--
    this.left--
    // Its last handler may have said that it is to crash.
    if (this.left <= 0 && this.open === 0 && this.cell.life?.leaving?._tag !== "Crashed") this.pass()
  }

  /** Of the handler that has just returned: its stream holds up no message, and no canary. */
  streamBegan(): Begun {
    const entry = this.handing
    this.handing = undefined
    // None: of a behaviour that it has become.
    if (entry !== undefined) this.counted()
    return new Begun(this, entry)
  }

  // -- how it ends ----------------------------------------------------------------------------------------------------

  /** Enough messages, or enough time. */
  pass(): void {
    if (this.end !== undefined) return
    this.swaps.canary = undefined
    this.swaps.trim()
    if (boundOf(this.cell) === this.wrapped) switchTo(this.cell, this.bound)
    this.settle({ passed: true })
  }

  crashed(reason: ExitReason): void {
    this.rollBack(reason)
  }

  /** Also one that has done nothing wrong, with its group. */
  rollBack(reason: ExitReason): void {
    if (this.end !== undefined) return
    const { cell, swaps } = this
    const { host } = cell
    swaps.canary = undefined
    swaps.crash = reason
    const handled = this.report()
    bringBack(cell, swaps)
    // What waits in handlers of this version is nobody's any more.
    const life = lifeOf(cell)
    life.epoch++
    // That it was to stop as well.
    life.leaving = undefined
    this.end = { passed: false, reason, handled }
    const running = Array.from(this.fibers)
    for (const fiber of running) fiber.interruptUnsafe()
    for (const entry of this.journal) {
      if (!entry.done) {
        const message = new Envelope(entry.op, tagOf(entry.op), entry.payload)
        host.publishDeadLetter(cell.pid, entry.from, message, "SwapRolledBack", entry.asked)
      }
    }
    host.rolledBack(cell, this.bound.program.version, reason)
    this.settle(this.end)
  }

  /**
   * Brings back one that has passed, with its group: it stands still. What it handled while it was a canary; undefined:
   * it has ended, or runs something else by now.
   */
  recall(reason: ExitReason): ReadonlyArray<HandledMessage> | undefined {
    const { bound, cell, old, swaps } = this
    if (boundOf(cell) !== bound || cell.life?.ended !== undefined) return undefined
    if (swaps.latest === old) swaps.take()
    restore(cell, old)
    cell.host.rolledBack(cell, bound.program.version, reason)
    return this.report()
  }

  ended(): void {
    if (this.end !== undefined) return
    this.swaps.canary = undefined
    this.end = "ended"
    for (const waiter of this.waiters) waiter(undefined)
  }

  /** What it has handled so far. */
  report(): ReadonlyArray<HandledMessage> {
    return this.journal.filter(({ done }) => done).map(({ from, isAnswered, op, payload }) => ({
      tag: tagOf(op),
      ...from === undefined ? undefined : { from },
      payload,
      answered: isAnswered
    }))
  }

  private settle(end: CanaryEnd): void {
    this.end = end
    for (const waiter of this.waiters) waiter(end)
  }
}

/** The latest of the kept versions, with the state that it had, or what `back` makes of the present one. */
export const bringBack = (cell: Cell, swaps: Swaps): void => {
  const version = swaps.take()
  if (version !== undefined) restore(cell, version)
}

const restore = (cell: Cell, version: Version): void => {
  let { state } = version
  if (version.back !== undefined) {
    try {
      const made = version.back(cell.state)
      if (issueOf(made, version.bound.program) === undefined) state = made
    } catch {
      // The state before the swap is always good.
    }
  }
  cell.state = state
  switchTo(cell, version.bound)
}

const isReply = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) || (exit.cause.reasons.some(Cause.isFailReason) && !Cause.hasDies(exit.cause))
