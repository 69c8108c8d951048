/**
 * One life of a dynamic supervisor: many children of one behaviour, started at run time.
 *
 * Everything about one child is O(1); its end is told by a call of the system (`onEnd`), because links and watches
 * would be most of what a start costs. What comes of it is decided in the supervisor's own turn, a few at a time. Only
 * stops wait: that of all children under one timer. Rules: `DynamicSupervisor` in Elixir, `simple_one_for_one` in
 * Erlang.
 *
 * Owner: `running` is written wherever a child starts, and by `onEnd`; the rest in the actor's own turn.
 */
import {
  Actor,
  type AnyRef,
  ExitReason,
  InvalidOption,
  OwnerStopped,
  Pid,
  type Self,
  SpawnError,
  type SpawnOptions
} from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { backoffOf } from "./backoff.ts"
import { Children, Entry } from "./children.ts"
import type { Events } from "./events.ts"
import { eventsOf } from "./events.ts"
import { isIgnore, saysIgnore } from "./ignore.ts"
import { Intensity } from "./intensity.ts"
import { monotonic } from "./monotonic.ts"
import { type DynamicNode } from "./node.ts"
import { rosterOf } from "./roster.ts"
import { isClosing, isWaiting, type Place, spawnPlaced } from "./spawnChild.ts"
import { isMovable } from "./spawnOptions.ts"
import { unheard, within } from "./shutdown.ts"
import type { Treatment } from "./spec.ts"

/** Ends that are decided in one turn of the supervisor. */
const perTurn = 64

/** How a child is tied to its supervisor. */
type Tie = NonNullable<Parameters<Self.Any["spawn"]>[2]>

/** What the incarnation asks its actor to do. */
export interface DynamicOrders {
  /** Come back to `settle`, in line. */
  readonly settle: () => void
  /** Come back to `retry` after so many ms; 0: in line. */
  readonly retry: (entry: Entry, delay: number) => void
}

export class DynamicIncarnation {
  readonly node: DynamicNode
  readonly ref: AnyRef
  readonly self: Self.Any
  readonly running: Children
  /** Somebody waits for their end, and they are not started again. */
  private readonly stopping = new Map<AnyRef, Array<() => void>>()
  /** Their restart is due. */
  readonly waiting = new Set<Entry>()
  /** Nothing is started any more. */
  ending = false
  /** So does its system. */
  private closing = false
  private readonly context: Context.Context<never>
  private readonly events: Events
  private readonly intensity = new Intensity()
  private readonly orders: DynamicOrders
  /** Ends to be decided, oldest first. */
  private ends: Array<{ readonly entry: Entry; readonly reason: ExitReason }> = []
  /** Starts that wait for an `init`, and whoever of them has ended before it was adopted. */
  private starting = 0
  private readonly early = new Map<AnyRef, ExitReason>()
  /** Those starts, where they take their time: given up when the supervisor ends. */
  private readonly pending = new Set<Fiber.Fiber<AnyRef, unknown>>()
  /** The same of those that are started again: given up also when they are stopped. */
  private readonly restarting = new Map<Entry, Fiber.Fiber<AnyRef, unknown>>()
  private onEmpty: (() => void) | undefined = undefined
  private finishing: Fiber.Fiber<void> | undefined = undefined
  /** Of a child without options of its own: one object for all of them. */
  private readonly tie: Tie

  constructor(
    node: DynamicNode,
    self: Self.Any,
    ref: AnyRef,
    context: Context.Context<never>,
    orders: DynamicOrders
  ) {
    this.node = node
    this.self = self
    this.ref = ref
    this.context = context
    this.events = eventsOf(node.system)
    this.running = new Children(rosterOf(node.system))
    this.orders = orders
    this.tie = Object.freeze({ link: false, onEnd: this.ended })
  }

  // -- starting -------------------------------------------------------------------------------------------------------

  startUnsafe(args: unknown, options: SpawnOptions | undefined): AnyRef {
    if (this.place !== undefined) {
      const issue = "takes its time: `start` is for children of other isolates"
      throw new SpawnError({ reason: new InvalidOption({ option: "place", issue }) })
    }
    const ref: AnyRef = this.self.spawnUnsafe(this.node.behavior, args, this.tied(options))
    this.running.add(ref, options === undefined ? args : new Entry(ref, args, options))
    this.events.started(this.context, this.node.pathText, this.node.id, ref)
    return ref
  }

  /** Runs the start: for an Effect that is being run. A child whose `init` is no Effect takes no fiber. */
  start(args: unknown, options: SpawnOptions | undefined): Effect.Effect<AnyRef, unknown> {
    this.starting++
    const begun = this.begin(args, options)
    if (!isWaiting(begun)) return this.settled(Exit.succeed(begun), args, options)
    return Effect.contextWith((context: Context.Context<never>) => {
      const fiber = Effect.runForkWith(context)(begun)
      const exit = fiber.pollUnsafe()
      return exit === undefined ? this.whenStarted(fiber, args, options) : this.settled(exit, args, options)
    })
  }

  /** The start is over, however it came out. */
  private settled(
    exit: Exit.Exit<AnyRef, unknown>,
    args: unknown,
    options: SpawnOptions | undefined
  ): Effect.Effect<AnyRef, unknown> {
    const late = Exit.isSuccess(exit) ? this.started(exit.value, args, options) : undefined
    if (--this.starting === 0 && this.early.size > 0) this.early.clear()
    return late === undefined ? exit : Effect.andThen(late, exit)
  }

  /** A start that waits, for its caller: given up by that, or by the end of the supervisor. */
  private whenStarted(
    fiber: Fiber.Fiber<AnyRef, unknown>,
    args: unknown,
    options: SpawnOptions | undefined
  ): Effect.Effect<AnyRef, unknown> {
    return Effect.callback((resume) => {
      this.pending.add(fiber)
      fiber.addObserver((exit) => {
        this.pending.delete(fiber)
        const isGivenUp = this.ending && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
        resume(this.settled(isGivenUp ? Exit.fail(this.gone) : exit, args, options))
      })
      // It may have started all the same.
      return Effect.flatMap(Fiber.interrupt(fiber), () => {
        const exit = fiber.pollUnsafe()
        return exit !== undefined && Exit.isSuccess(exit) ? this.stop(exit.value) : Effect.void
      })
    })
  }

  private get gone(): SpawnError {
    return new SpawnError({ reason: new OwnerStopped({ owner: this.node.pathText }) })
  }

  /** The child, where it has started; else what waits for it. */
  private begin(args: unknown, options: SpawnOptions | undefined): AnyRef | Effect.Effect<AnyRef, unknown> {
    const { node, place } = this
    if (place !== undefined && isMovable(node.behavior)) {
      return spawnPlaced(this.self, node, node.behavior, place, args, options, this.ended)
    }
    try {
      return this.self.begin(node.behavior, args, this.tied(options))
    } catch (error) {
      return Exit.fail(error)
    }
  }

  /** Where its children run; undefined: here. */
  private get place(): Place | undefined {
    const { place } = this.node.spec.child
    return place === "here" ? undefined : place
  }

  /** What is left to be done of it. */
  private started(ref: AnyRef, args: unknown, options: SpawnOptions | undefined): Effect.Effect<void> | undefined {
    const what = options === undefined ? args : new Entry(ref, args, options)
    this.events.started(this.context, this.node.pathText, this.node.id, ref)
    const reason = this.early.size === 0 ? undefined : this.early.get(ref)
    if (reason === undefined) {
      this.running.add(ref, what)
      // Whoever ended the supervisor meanwhile did not know of this one.
      return this.ending ? this.stop(ref) : undefined
    }
    if (!this.ending) this.decideLater(ref, what, reason)
    return undefined
  }

  private tied(options: SpawnOptions | undefined): Tie {
    return options === undefined ? this.tie : { ...options, ...this.tie }
  }

  // -- ends of children -----------------------------------------------------------------------------------------------

  private readonly ended = (ref: AnyRef, reason: ExitReason): void => {
    const at = this.running.find(ref)
    if (at === -1) {
      if (this.starting > 0) this.early.set(ref, reason)
      return
    }
    // The one that it was started with: of an actor of another isolate there are several.
    const own = this.running.refAt(at)
    const what = this.running.take(at)
    const stopping = this.stopping.get(own)
    if (stopping !== undefined) {
      this.stopping.delete(own)
      stopping.forEach((done) => done())
    } else if (!this.ending) this.decideLater(own, what, reason)
    if (this.running.size === 0) this.onEmpty?.()
  }

  private decideLater(ref: AnyRef, what: unknown, reason: ExitReason): void {
    const { restart } = this.node.child
    const isFailure = ExitReason.isFailure(reason)
    if (isFailure) this.events.tell(this.context, "Crashed", this.node.pathText, this.node.id, ref, reason)
    if (restart === "temporary" || (restart === "transient" && !isFailure) || saysIgnore(reason)) return
    const entry = what instanceof Entry ? what : new Entry(ref, what, undefined)
    this.waiting.add(entry)
    this.ends.push({ entry, reason })
    if (this.ends.length === 1) this.orders.settle()
  }

  /** How many run and are to go on. */
  get count(): number {
    return this.running.size - this.stopping.size
  }

  /** Those. */
  get active(): ReadonlyArray<AnyRef> {
    const refs = this.running.refs()
    return this.stopping.size === 0 ? refs : refs.filter((ref) => !this.stopping.has(ref))
  }

  /** Was told to end, and has not yet. */
  isStopping(ref: AnyRef): boolean {
    return this.stopping.has(ref)
  }

  /** Some of the ends, in the order in which they came; the rest behind whatever else is asked of the supervisor. */
  settle(): void {
    const ends = this.ends.splice(0, perTurn)
    for (const { entry, reason } of ends) {
      if (this.ending) return
      if (this.waiting.has(entry)) this.attempt(entry, reason)
    }
    if (this.ends.length > 0 && !this.ending) this.orders.settle()
  }

  private attempt(entry: Entry, reason: ExitReason | undefined): void {
    if (this.closing) return void this.waiting.delete(entry)
    const { rules } = this.node
    if (!this.intensity.add(monotonic(this.context), rules)) {
      this.events.tell(this.context, "Escalated", this.node.pathText, this.node.id, undefined, reason)
      this.ending = true
      this.self.stop(ExitReason.shutdown(`restart intensity of ${this.node.pathText}`))
    } else if (rules.backoff === undefined) this.restart(entry)
    else this.orders.retry(entry, backoffOf(rules.backoff, this.intensity.recent))
  }

  /** Its wait is over, or its start has failed before: `counts`. */
  retry(entry: Entry, counts: boolean): void {
    if (this.ending || !this.waiting.has(entry)) return
    if (counts) this.attempt(entry, undefined)
    else this.restart(entry)
  }

  // While its `init` takes its time it waits among those whose restart is due.
  private restart(entry: Entry): void {
    this.starting++
    const begun = this.begin(entry.args, entry.options)
    if (!isWaiting(begun)) return this.restartOver(entry, Exit.succeed(begun))
    const fiber = Effect.runForkWith(this.context)(begun)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return this.restartOver(entry, exit)
    this.restarting.set(entry, fiber)
    fiber.addObserver((exit) => {
      this.restarting.delete(entry)
      this.restartOver(entry, exit)
    })
  }

  private restartOver(entry: Entry, exit: Exit.Exit<AnyRef, unknown>): void {
    const ended = Exit.isSuccess(exit) ? this.early.get(exit.value) : undefined
    if (--this.starting === 0 && this.early.size > 0) this.early.clear()
    const isWanted = !this.ending && this.waiting.has(entry)
    if (Exit.isFailure(exit)) {
      if (isWanted) this.notRestarted(entry, exit.cause)
      return
    }
    const ref = exit.value
    // Stopped meanwhile, or with its supervisor.
    if (!isWanted) return void Effect.runForkWith(this.context)(Actor.exit(ref, ExitReason.shutdown()))
    this.waiting.delete(entry)
    this.restarted(entry, ref)
    if (ended === undefined) this.running.add(ref, entry)
    else this.decideLater(ref, entry, ended)
  }

  private notRestarted(entry: Entry, cause: Cause.Cause<unknown>): void {
    const error = Cause.squash(cause)
    this.closing ||= isClosing(error)
    if (isIgnore(error) || this.closing) return void this.waiting.delete(entry)
    // Counted and tried again, in line with whatever else is asked of the supervisor.
    this.orders.retry(entry, 0)
    Effect.runForkWith(this.context)(Effect.logWarning(`a child of ${this.node.pathText} did not start again`, cause))
  }

  private restarted(entry: Entry, ref: AnyRef): void {
    entry.ref = ref
    entry.restarts++
    this.node.restarts++
    this.events.tell(this.context, "Restarted", this.node.pathText, this.node.id, ref, undefined)
  }

  // -- stopping -------------------------------------------------------------------------------------------------------

  /**
   * Stops one; also one that is just being started again. Whom it does not know it leaves alone. The stop is the
   * supervisor's: it goes on when the caller gives up, and the supervisor ends after it.
   */
  stop(ref: AnyRef): Effect.Effect<void> {
    return Effect.suspend(() => {
      const at = this.running.find(ref)
      if (at === -1) {
        for (const waiting of this.waiting) {
          if (waiting.ref.pid !== ref.pid) continue
          this.waiting.delete(waiting)
          this.restarting.get(waiting)?.interruptUnsafe()
        }
        return Effect.void
      }
      const own = this.running.refAt(at)
      const gone = Effect.callback<void>((resume) => {
        const waiters = this.stopping.get(own)
        if (waiters === undefined) resume(Effect.void)
        else waiters.push(() => resume(Effect.void))
      })
      if (!this.stopping.has(own)) {
        this.stopping.set(own, [])
        const how = this.node.child.shutdown
        const lost = Effect.map(unheard(own), (reason) => this.lost(own, reason))
        Effect.runForkWith(this.context)(within(how, (reason) => Actor.exit(own, reason), gone, lost))
      }
      return gone
    })
  }

  /** All at once, under one timer. */
  private stopAll(how: Treatment["shutdown"]): Effect.Effect<void> {
    const gone = Effect.callback<void>((resume) => {
      if (this.running.size === 0) resume(Effect.void)
      else this.onEmpty = () => resume(Effect.void)
    })
    // Whoever ends meanwhile is out of `running`, but a signal to the dead harms nobody.
    const signal = (reason: ExitReason) =>
      Effect.suspend(() => Effect.forEach(this.running.refs(), (ref) => Actor.exit(ref, reason), { discard: true }))
    return within(how, signal, gone, Effect.suspend(() => this.lostOnes))
  }

  /** Nobody will hear of its end. */
  private lost(ref: AnyRef, reason: ExitReason): void {
    this.events.tell(this.context, "Crashed", this.node.pathText, this.node.id, ref, reason)
    this.ended(ref, reason)
  }

  // One of each isolate is asked about for all of them.
  private get lostOnes(): Effect.Effect<void> {
    const shards = new Map<string, Array<AnyRef>>()
    for (const ref of this.running.refs()) {
      const [shard] = Pid.print(ref.pid).split(".", 1) as [string]
      const there = shards.get(shard)
      if (there === undefined) shards.set(shard, [ref])
      else there.push(ref)
    }
    return Effect.forEach(
      shards.values(),
      (refs) =>
        Effect.map(unheard(refs[0]!), (reason) => {
          for (const ref of refs) if (this.running.find(ref) !== -1) this.lost(ref, reason)
        }),
      { concurrency: "unbounded", discard: true }
    )
  }

  /**
   * The end of the supervisor, however it came: nobody is left when it is done. It happens once, and whoever is
   * interrupted in waiting for it does not interrupt it.
   */
  readonly terminate: Effect.Effect<void> = Effect.suspend(() => {
    this.ending = true
    this.waiting.clear()
    this.ends = []
    for (const fiber of this.pending) fiber.interruptUnsafe()
    for (const fiber of this.restarting.values()) fiber.interruptUnsafe()
    if (this.finishing === undefined && this.running.size === 0) return Effect.void
    this.finishing ??= Effect.runForkWith(this.context)(this.stopAll(this.node.child.shutdown))
    return Effect.asVoid(Fiber.await(this.finishing))
  })
}
