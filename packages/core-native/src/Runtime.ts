/**
 * The runtime for programs without Effect: actors on a Rust scheduler, from plain functions.
 *
 * @since 0.1.0
 */
import type { ActorHandle, Down, ExitSignal, PlainHandle, PlainSelf, TableHandle } from "./ActorHandle.ts"
import { systemClock } from "./clock.ts"
import { LimitReached, NameTaken, SystemStopped } from "./errors.ts"
import type { OpenOptions, Why } from "./host.ts"
import { load } from "./load.ts"
import { type Mailbox, type ResolvedMailbox, resolveMailbox } from "./Mailbox.ts"
import { Membrane } from "./Membrane.ts"
import { checkFunction, checkInteger, checkOptions, checkTimeout, invalid, isName, isObject } from "./options.ts"
import type { Pid } from "./Pid.ts"
import { Behavior, PlainActor } from "./PlainActor.ts"
import { isThenable, PlainHost } from "./PlainHost.ts"

/**
 * A message that was not delivered.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadLetter {
  readonly to: Pid
  readonly from: Pid | undefined
  /** Of an actor with a handler for each tag; of one that has ended, while it is among the last 4,096 of these. */
  readonly tag: string | undefined
  /** The message, or the payload that came with the tag. */
  readonly message: unknown
  readonly why: Why
}

/**
 * @category models
 * @since 0.1.0
 */
export interface RuntimeOptions {
  /** How many actors may be alive at the same time: 1,000,000 by default. */
  readonly maxActors?: number | undefined
  /** The mailbox of actors whose spawn says nothing. */
  readonly mailbox?: Mailbox | undefined
  /** Whether the process stays alive until `shutdown`, also when there is nothing to do. */
  readonly keepAlive?: boolean | undefined
  /** A handler that runs longer than this, in ms, is reported to `onLongSchedule`: 10 by default. */
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

const runtimeOptions: ReadonlySet<string> = new Set(
  [
    "maxActors",
    "mailbox",
    "keepAlive",
    "longSchedule",
    "onDeadLetter",
    "onLongSchedule"
  ] satisfies ReadonlyArray<keyof RuntimeOptions>
)
const tableOptions: ReadonlySet<string> = new Set(
  ["name", "link", "mailbox"] satisfies ReadonlyArray<keyof SpawnOptions>
)
const singleOptions: ReadonlySet<string> = new Set([...tableOptions, "state"])
const specFields: ReadonlySet<string> = new Set(
  ["init", "handlers", "exit", "down"] satisfies ReadonlyArray<keyof TableSpec>
)
const shutdownOptions: ReadonlySet<string> = new Set(["timeout"])

/**
 * Runs actors on this thread. The constructor throws `NativeUnavailable` where the addon cannot be loaded.
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
    checkOptions(options, runtimeOptions)
    this.#mailbox = resolveMailbox(options.mailbox, undefined)
    const { longSchedule = 10, maxActors = MAX_ACTORS } = options
    this.#maxActors = checkInteger("maxActors", maxActors, 1, 0xffffff)
    if (typeof longSchedule !== "number" || !(longSchedule > 0)) {
      throw invalid("longSchedule", "more than 0 ms", longSchedule)
    }
    checkFunction("onDeadLetter", options.onDeadLetter)
    checkFunction("onLongSchedule", options.onLongSchedule)
    if (options.keepAlive !== undefined && typeof options.keepAlive !== "boolean") {
      throw invalid("keepAlive", "a boolean", options.keepAlive)
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

  /** Starts an actor with one handler for every message. Its state, if it has one, is `self.state`. */
  spawn<M, A, S = undefined>(
    handler: (message: M, self: PlainSelf<S>) => A | Promise<A>,
    options?: SpawnOptions & { readonly state?: S }
  ): ActorHandle<M, A>
  /**
   * Starts an actor with a handler for each tag. With an asynchronous `init` it is returned at once, and handles its
   * first message when the state is there; a rejection ends it.
   */
  spawn<S, H extends TableHandle.Handlers<S>>(
    actor: {
      readonly init: () => S | PromiseLike<S>
      readonly handlers: H & TableHandle.Handlers<S>
      /** Called when a linked actor ends; without it the actor ends too. */
      readonly exit?: (state: S, signal: ExitSignal, self: PlainSelf<S>) => void
      /** Called when an actor ends that this one monitors. */
      readonly down?: (state: S, down: Down, self: PlainSelf<S>) => void
    },
    options?: SpawnOptions
  ): TableHandle<H>
  // The overloads say what may be given; here the types of states and messages are forgotten.
  spawn(what: unknown, options: SpawnOptions & { readonly state?: unknown } = {}): PlainActor {
    if (typeof what === "function") {
      checkOptions(options, singleOptions)
      const behavior = this.#single(what as Single)
      return this.#open(behavior, options.state, this.#openOptions(behavior, options))
    }
    if (!isObject(what)) throw invalid("actor", "a handler, or an object of init and handlers", what)
    checkOptions(options, tableOptions)
    const spec = what as TableSpec
    if (typeof spec.init !== "function") throw invalid("init", "a function", spec.init)
    if (!isObject(spec.handlers)) throw invalid("handlers", "an object of functions", spec.handlers)
    checkOptions(spec, specFields)
    checkFunction("exit", spec.exit)
    checkFunction("down", spec.down)
    const behavior = this.#table(spec)
    return this.#begin(behavior, spec.init, this.#openOptions(behavior, options))
  }

  /** The actor with a name, if it lives. */
  whereis(name: string): PlainHandle | undefined {
    if (typeof name !== "string") throw invalid("name", "a string", name)
    return isName(name) ? this.#membrane.whereis(name) : undefined
  }

  /** Counts actors, messages that wait, pending calls, and bytes of the runtime's tables. */
  stats(): { readonly actors: number; readonly queued: number; readonly calls: number; readonly bytes: number } {
    const { actors, bytes, calls, queued } = this.#membrane.census.stats()
    return { actors, queued, calls, bytes }
  }

  /** Ends all actors after what is in their mailboxes, kills those that take longer than `timeout` ms (5,000). */
  shutdown(options: { readonly timeout?: number | undefined } = {}): Promise<void> {
    try {
      checkOptions(options, shutdownOptions)
      const timeout = checkTimeout(options.timeout, SHUTDOWN_TIMEOUT)
      return this.#stopping ??= this.#stop(timeout)
    } catch (error) {
      return Promise.reject(error)
    }
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

  #openOptions(behavior: Behavior, options: SpawnOptions): OpenOptions<PlainActor> {
    if (this.#stopping !== undefined) throw new SystemStopped()
    const { link, name } = options
    if (name !== undefined && !isName(name)) {
      throw invalid("name", "a well-formed string that is not empty", name)
    }
    if (link !== undefined && !this.#host.owns(link)) {
      throw invalid("link", "an actor of this runtime", link)
    }
    return {
      ...resolveMailbox(options.mailbox, this.#mailbox),
      name,
      trapExit: behavior.exit !== undefined,
      cleanup: false,
      starting: false,
      parent: link,
      watcher: undefined,
      watchRef: 0,
      budget: 0
    }
  }

  /** A throw of `init` is the spawner's: there is no actor yet. A rejection is the end of the actor, which is there. */
  #begin(behavior: Behavior, init: () => unknown, options: OpenOptions<PlainActor>): PlainActor {
    const state = init()
    if (!isThenable(state)) return this.#open(behavior, state, options)
    const waits = Promise.resolve(state)
    try {
      const actor = this.#open(behavior, undefined, { ...options, starting: true })
      this.#host.begin(actor, waits)
      return actor
    } catch (error) {
      // Whoever spawns has this error; that of a state which nobody will have is nobody's.
      waits.catch(() => {})
      throw error
    }
  }

  #open(behavior: Behavior, state: unknown, options: OpenOptions<PlainActor>): PlainActor {
    // `init` may have shut it down.
    if (this.#stopping !== undefined) throw new SystemStopped()
    const membrane = this.#membrane
    if (!membrane.takePid()) throw new LimitReached(this.#maxActors)
    const { takenGeneration, takenLow } = membrane
    const actor = new PlainActor(takenLow, takenGeneration, behavior, this.#host, options.capacity)
    actor.state = state
    membrane.adopt(actor)
    const holder = membrane.open(actor, options)
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
      if (wrong !== -1) throw invalid(`handlers.${tags[wrong]}`, "a function", handlers[wrong])
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
