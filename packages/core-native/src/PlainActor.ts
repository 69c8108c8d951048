/**
 * An actor of the small API: the membrane's cell and the user's handle in one object.
 *
 * Owner: `Runtime`. Handlers are shared by all actors that were spawned with the same functions; an actor of its own
 * has its state.
 */
import type {
  AskOptions,
  Down,
  ExitSignal,
  MonitorOptions,
  MonitorRef,
  PlainHandle,
  PlainSelf,
  StopOptions,
  TellOutcome
} from "./ActorHandle.ts"
import { BadMessage } from "./errors.ts"
import { type ExitReason, isExitReason } from "./ExitReason.ts"
import type { MembraneCell } from "./host.ts"
import { invalid } from "./options.ts"
import type { Pid } from "./Pid.ts"
import type { PlainHost } from "./PlainHost.ts"
import { pidOf } from "./words.ts"

type Handler = (state: unknown, payload: unknown, self: PlainSelf<unknown>) => unknown

/** What actors that were spawned alike share. */
export class Behavior {
  meter: unknown = undefined
  /** By op. */
  readonly handlers: ReadonlyArray<Handler>
  /** The op of a tag; undefined: one handler for every message. */
  readonly ops: ReadonlyMap<string, number> | undefined
  /** By op. */
  readonly tags: ReadonlyArray<string>
  readonly exit: ((state: unknown, signal: ExitSignal, self: PlainSelf<unknown>) => unknown) | undefined
  readonly down: ((state: unknown, down: Down, self: PlainSelf<unknown>) => unknown) | undefined

  constructor(
    handlers: ReadonlyArray<Handler>,
    ops: ReadonlyMap<string, number> | undefined,
    exit: Behavior["exit"],
    down: Behavior["down"]
  ) {
    this.handlers = handlers
    this.ops = ops
    this.tags = ops === undefined ? [] : [...ops.keys()]
    this.exit = exit
    this.down = down
  }
}

const nameOf = (tag: unknown): string => typeof tag === "string" ? `"${tag}"` : `a ${typeof tag}, which is no tag`

/** The handle, and the membrane's cell. */
export class PlainActor implements MembraneCell, PlainHandle {
  readonly low: number
  readonly generation: number
  readonly bound: Behavior
  readonly host: PlainHost
  readonly capacity: number
  state: unknown = undefined
  /** What its handlers get; made with its first message. */
  self: Self | undefined = undefined

  constructor(low: number, generation: number, bound: Behavior, host: PlainHost, capacity: number) {
    this.low = low
    this.generation = generation
    this.bound = bound
    this.host = host
    this.capacity = capacity
  }

  get pid(): Pid {
    return pidOf(this.low, this.generation) as Pid
  }

  // `send` and `ask` of a table take the tag first, those of a single handler the message alone.
  send(first: unknown, second?: unknown): TellOutcome {
    const { ops } = this.bound
    if (ops === undefined) return this.host.send(this, 0, first)
    const op = ops.get(first as string)
    return op === undefined ? "BadMessage" : this.host.send(this, op, second)
  }

  ask(first: unknown, second?: unknown, third?: unknown): Promise<unknown> {
    const { ops } = this.bound
    if (ops === undefined) return this.host.ask(this, 0, first, second as AskOptions | undefined)
    const op = ops.get(first as string)
    if (op === undefined) return Promise.reject(new BadMessage(this.pid, `it has no handler for ${nameOf(first)}`))
    return this.host.ask(this, op, second, third as AskOptions | undefined)
  }

  link(other: PlainHandle): void {
    this.host.link(this, other)
  }

  monitor(options?: MonitorOptions): Promise<ExitReason> {
    return this.host.monitored(this, options)
  }

  stop(options?: StopOptions): Promise<ExitReason> {
    return this.host.stop(this, options)
  }

  kill(): void {
    this.host.kill(this)
  }
}

/** An actor, seen from its own handlers. */
export class Self implements PlainSelf<unknown> {
  readonly #actor: PlainActor

  constructor(actor: PlainActor) {
    this.#actor = actor
  }

  get pid(): Pid {
    return this.#actor.pid
  }

  get state(): unknown {
    return this.#actor.state
  }

  setState(next: unknown): void {
    this.#actor.state = next
  }

  stop(reason: ExitReason = { _tag: "Normal" }): void {
    if (!isExitReason(reason)) throw invalid("reason", "an ExitReason", reason)
    this.#actor.host.exitSelf(this.#actor, reason)
  }

  link(other: PlainHandle): void {
    this.#actor.host.link(this.#actor, other)
  }

  monitor(other: PlainHandle): MonitorRef {
    return this.#actor.host.monitor(this.#actor, other)
  }
}
