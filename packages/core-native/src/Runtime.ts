/**
 * The runtime for programs without Effect: actors on a Rust scheduler, from plain functions.
 *
 * @since 0.1.0
 */
import type { ActorHandle, Down, ExitSignal, PlainHandle, PlainSelf, TableHandle } from "./ActorHandle.ts"
import { systemClock } from "./clock.ts"
import { InvalidOption, LimitReached, NameTaken, SystemStopped } from "./errors.ts"
import type { Why } from "./host.ts"
import { load } from "./load.ts"
import { type Mailbox, type ResolvedMailbox, resolveMailbox } from "./Mailbox.ts"
import { Membrane } from "./Membrane.ts"
import type { Pid } from "./Pid.ts"
import { Behavior, PlainActor } from "./PlainActor.ts"
import { PlainHost } from "./PlainHost.ts"

/**
 * A message that was not delivered.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadLetter {
  readonly to: Pid
  readonly from: Pid | undefined
  readonly message: unknown
  readonly why: Why
}

/**
 * @category models
 * @since 0.1.0
 */
export interface RuntimeOptions {
  /** Actors that may live at a time; 1,000,000 when not given. */
  readonly maxActors?: number | undefined
  /** For actors that do not say their own. */
  readonly mailbox?: Mailbox | undefined
  /** Holds the process until `shutdown`, also when nothing is to be done. */
  readonly keepAlive?: boolean | undefined
  /** ms after which a handler that holds the thread is reported; 10 when not given. */
  readonly longSchedule?: number | undefined
  /** Called for every message that is not delivered. */
  readonly onDeadLetter?: ((letter: DeadLetter) => void) | undefined
  /** Called for a handler that held the thread for longer than `longSchedule`. */
  readonly onLongSchedule?: ((actor: Pid, millis: number) => void) | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface SpawnOptions {
  /** Unique in the runtime while the actor lives. */
  readonly name?: string | undefined
  /** Linked to that actor from its first moment. */
  readonly link?: PlainHandle | undefined
  readonly mailbox?: Mailbox | undefined
}

const MAX_ACTORS = 1_000_000
const SHUTDOWN_TIMEOUT = 5000

const integer = (option: string, value: number, least: number, most: number): number => {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new InvalidOption(option, `must be an integer from ${least} to ${most}`)
}

const callable = (option: string, value: unknown): void => {
  if (value !== undefined && typeof value !== "function") throw new InvalidOption(option, "must be a function")
}

/** The addon stores UTF-8, in which lone surrogates are all the same. */
const checkName = (name: unknown): void => {
  if (name === undefined) return
  if (typeof name !== "string" || name === "" || /\p{Surrogate}/u.test(name)) {
    throw new InvalidOption("name", "must be a well-formed string that is not empty")
  }
}

/**
 * Actors of this thread. Throws `NativeUnavailable` where the addon cannot be loaded.
 *
 * **Example** (A counter)
 *
 * ```ts import.meta.vitest
 * import { Runtime } from "@myrmidonjs/core-native"
 *
 * const runtime = new Runtime()
 * const counter = runtime.spawn({
 *   init: () => ({ n: 0 }),
 *   handlers: { add: (state, by: number) => (state.n += by) }
 * })
 * counter.send("add", 1)
 * await counter.ask("add", 2) // => 3
 * await runtime.shutdown()
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export class Runtime implements AsyncDisposable {
  readonly #host: PlainHost
  readonly #membrane: PlainHost["membrane"]
  readonly #mailbox: ResolvedMailbox
  readonly #maxActors: number
  // Actors that were spawned with the same functions share what is known of these.
  readonly #behaviors = new WeakMap<object, Behavior>()
  #stopping: Promise<void> | undefined

  constructor(options: RuntimeOptions = {}) {
    this.#mailbox = resolveMailbox(options.mailbox, undefined)
    this.#maxActors = integer("maxActors", options.maxActors ?? MAX_ACTORS, 1, 0xffffff)
    const longSchedule = options.longSchedule ?? 10
    if (!(longSchedule > 0)) throw new InvalidOption("longSchedule", "must be more than 0 ms")
    callable("onDeadLetter", options.onDeadLetter)
    callable("onLongSchedule", options.onLongSchedule)
    if (options.keepAlive !== undefined && typeof options.keepAlive !== "boolean") {
      throw new InvalidOption("keepAlive", "must be a boolean")
    }
    this.#host = new PlainHost({ deadLetter: options.onDeadLetter, longSchedule: options.onLongSchedule })
    this.#membrane = new Membrane(load(), {
      maxActors: this.#maxActors,
      capacity: this.#mailbox.capacity,
      longSchedule,
      clock: systemClock(),
      seed: undefined
    }, this.#host)
    this.#host.membrane = this.#membrane
    if (options.keepAlive === true) this.#membrane.keepAlive(true)
  }

  /** One handler for every message; its state, where it has one, through `self`. */
  spawn<M, A, S = undefined>(
    handler: (message: M, self: PlainSelf<S>) => A | Promise<A>,
    options?: SpawnOptions & { readonly state?: S }
  ): ActorHandle<M, A>
  /** A handler for each tag. */
  spawn<S, H extends TableHandle.Handlers<S>>(
    actor: {
      readonly init: () => S
      readonly handlers: H & TableHandle.Handlers<S>
      /** Present: the ends of linked actors arrive here, and do not end this one. */
      readonly exit?: (state: S, signal: ExitSignal, self: PlainSelf<S>) => void
      /** The ends of watched actors. */
      readonly down?: (state: S, down: Down, self: PlainSelf<S>) => void
    },
    options?: SpawnOptions
  ): TableHandle<H>
  // The overloads say what may be given; here the types of states and messages are forgotten.
  spawn(what: unknown, options: SpawnOptions & { readonly state?: unknown } = {}): PlainActor {
    if (typeof what === "function") return this.#open(this.#single(what as Single), () => options.state, options)
    if (typeof what !== "object" || what === null) {
      throw new InvalidOption("actor", "must be a handler, or an object of init and handlers")
    }
    const spec = what as TableSpec
    if (typeof spec.init !== "function") throw new InvalidOption("init", "must be a function")
    if (typeof spec.handlers !== "object" || spec.handlers === null) {
      throw new InvalidOption("handlers", "must be an object of functions")
    }
    callable("exit", spec.exit)
    callable("down", spec.down)
    return this.#open(this.#table(spec), spec.init, options)
  }

  /** The actor with a name, if it lives. */
  whereis(name: string): PlainHandle | undefined {
    return this.#membrane.whereis(name)
  }

  /** How much there is. */
  stats(): { readonly actors: number; readonly queued: number; readonly calls: number; readonly bytes: number } {
    const { actors, bytes, calls, queued } = this.#membrane.census.stats()
    return { actors, queued, calls, bytes }
  }

  /** Ends all actors after what is in their mailboxes, kills those that take longer than `timeout` ms (5,000). */
  shutdown(options: { readonly timeout?: number | undefined } = {}): Promise<void> {
    const timeout = options.timeout ?? SHUTDOWN_TIMEOUT
    if (!(timeout >= 0)) return Promise.reject(new InvalidOption("timeout", "must be 0 or more ms"))
    return this.#stopping ??= this.#stop(timeout)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown()
  }

  async #stop(timeout: number): Promise<void> {
    const actors = this.#membrane.census.cells().reverse()
    const ended = Promise.all(actors.map((actor) => this.#host.watch(actor, undefined)))
    for (const actor of actors) this.#host.stopSoon(actor)
    const timer = timeout === Infinity ? undefined : setTimeout(() => {
      for (const actor of actors) this.#host.kill(actor)
    }, timeout)
    await ended
    clearTimeout(timer)
    await this.#membrane.close()
    this.#host.abandonWatches({ _tag: "NoProc", everExisted: true })
  }

  #open(behavior: Behavior, init: () => unknown, options: SpawnOptions): PlainActor {
    if (this.#stopping !== undefined) throw new SystemStopped()
    const mailbox = resolveMailbox(options.mailbox, this.#mailbox)
    checkName(options.name)
    const parent = options.link
    if (parent !== undefined && !(parent instanceof PlainActor)) {
      throw new InvalidOption("link", "must be an actor of this package")
    }
    // A throw of it is the spawner's: there is no actor yet.
    const state = init()
    const membrane = this.#membrane
    if (!membrane.takePid()) throw new LimitReached(this.#maxActors)
    const { takenGeneration, takenLow } = membrane
    const actor = new PlainActor(takenLow, takenGeneration, behavior, this.#host, mailbox.capacity)
    actor.state = state
    membrane.adopt(actor)
    const holder = membrane.open(actor, {
      ...mailbox,
      name: options.name,
      trapExit: behavior.exit !== undefined,
      cleanup: false,
      starting: false,
      parent,
      watcher: undefined,
      watchRef: 0,
      budget: 0
    })
    if (holder !== undefined) {
      membrane.release(actor)
      throw new NameTaken(options.name!, holder as Pid)
    }
    return actor
  }

  #single(handler: Single): Behavior {
    return this.#cached(
      handler,
      () => new Behavior([(_state, message, self) => handler(message, self)], undefined, undefined, undefined)
    )
  }

  #table(spec: TableSpec): Behavior {
    return this.#cached(spec.handlers, () => {
      const tags = Object.keys(spec.handlers)
      const handlers = tags.map((tag) => spec.handlers[tag]) as Behavior["handlers"]
      const wrong = handlers.findIndex((handler) => typeof handler !== "function")
      if (wrong !== -1) throw new InvalidOption(`handlers.${tags[wrong]}`, "must be a function")
      const ops = new Map(tags.map((tag, op) => [tag, op]))
      return new Behavior(handlers, ops, spec.exit, spec.down)
    }, spec)
  }

  #cached(key: object, make: () => Behavior, spec?: TableSpec): Behavior {
    const known = this.#behaviors.get(key)
    if (known !== undefined && known.exit === spec?.exit && known.down === spec?.down) return known
    const made = make()
    this.#behaviors.set(key, made)
    return made
  }
}

type Single = (message: unknown, self: PlainSelf<unknown>) => unknown

interface TableSpec {
  readonly init: () => unknown
  readonly handlers: Readonly<Record<string, unknown>>
  readonly exit?: Behavior["exit"]
  readonly down?: Behavior["down"]
}
