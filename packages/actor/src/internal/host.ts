/**
 * What happens inside the actors of one system: the other half of the seam in `shard.ts`.
 *
 * Owner: the thread of its system. The shard calls the `ShardHost` methods from its pump alone; everything else may be
 * called from anywhere, also from inside a handler.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { Codec } from "../Codec.ts"
import type { DeadLetter } from "../DeadLetter.ts"
import { ExitReason } from "../ExitReason.ts"
import type { Message } from "../Message.ts"
import type { Pid } from "../Pid.ts"
import type { ChildOptions, SpawnOptions } from "../Self.ts"
import type { SystemEvent } from "../SystemEvent.ts"
import type { BadMessage } from "../TellError.ts"
import { Accounts } from "./accounts.ts"
import { behaviorOf, boundFor } from "./behaviorImpl.ts"
import { Away } from "./away.ts"
import { Bound, compile, compileForeign, movingOps, type Program } from "./bound.ts"
import { releaseAll } from "./buffer/payload.ts"
import type { BufferPool } from "./buffer/pool.ts"
import { Call, endCall } from "./call.ts"
import type { Cell } from "./cell.ts"
import { spawnChild, spawnChildBegun, spawnChildNow } from "./child.ts"
import { msgpack } from "./codec/msgpack.ts"
import { CrashReasons, told } from "./crashed.ts"
import { deliver, deliverDown, deliverExit, leave } from "./deliver.ts"
import { terminate, unwind } from "./end.ts"
import { EndHooks } from "./endHooks.ts"
import { Envelope } from "./envelope.ts"
import { Hub } from "./hub.ts"
import type { BehaviorMetrics } from "./behaviorMetrics.ts"
import { FarFigures } from "./figures.ts"
import type { IsolateMetrics } from "./isolateMetrics.ts"
import type { Isolates } from "./isolates.ts"
import { LateNames } from "./lateNames.ts"
import type { Life } from "./life.ts"
import { tagOf } from "./opcodes.ts"
import { openHosts } from "./openHosts.ts"
import type { ResolvedOptions } from "./options.ts"
import type { Owner } from "./owner.ts"
import { ActorScheduler } from "./scheduler.ts"
import type { RpcInfo } from "./rpc.ts"
import { askEnded } from "./send.ts"
import { CallEnd, type Shard, type ShardClock, type ShardHost, type Why } from "./shard.ts"
import { begin, checkSpawnOptions, detached, Starting } from "./spawn.ts"
import type { StopGroup } from "./stop.ts"
import { StreamRequest } from "./stream.ts"
import { switchTo } from "./swap.ts"
import type { Versions } from "./versions.ts"
import type { Watch } from "./watch.ts"

/** `ShutdownOverdue` counts all actors that were killed, and lists this many PIDs. */
const mostOverduePids = 100
/** The warning in the log names this many of them. */
const mostOverdueNames = 5

let boots = 0

const newBoot = (): string =>
  `${Date.now().toString(36)}-${Math.floor(Math.random() * 2 ** 48).toString(36)}-${(++boots).toString(36)}`

export class Host implements ShardHost {
  readonly options: ResolvedOptions
  readonly clock: ShardClock
  readonly wallClock: () => number
  /** Payloads and replies are validated by their schemas. */
  readonly checked: boolean
  /** Payloads and replies are encoded and decoded even inside this isolate (`layerTest`). */
  readonly roundTrip: boolean
  /** Tells this run of the system from every other one; part of a ref that was encoded. */
  readonly boot: string
  /** Encodes what goes to other isolates. */
  readonly codec: Codec["Service"]
  readonly scheduler: ActorScheduler
  /** Services for actors that are spawned outside of any Effect. */
  readonly context: Context.Context<never>
  readonly shard: Shard
  /** The behaviour of a cell that stands for a PID without an actor. */
  readonly nobody: Bound
  /** Handles what other isolates send; undefined where there are none. */
  readonly away: Away | undefined
  /** Spawns actors on other isolates, and asks about those that live there. */
  isolates: Isolates | undefined = undefined
  /** The `ActorSystem` service of this host. Set by whoever opens it. */
  system: object = this
  /** Scopes of ended actors that are still closing. */
  readonly cleanups = new Set<Fiber.Fiber<void>>()
  /** Run when the system closes, after all its actors have ended. */
  readonly closers: Array<Effect.Effect<void>> = []
  readonly buffers: BufferPool
  readonly letters = new Hub<DeadLetter>()
  readonly events = new Hub<SystemEvent>()
  readonly watches = new Map<number, Watch>()
  /** Actors that were asked to stop together, and are waited for. */
  readonly stopGroups = new Set<StopGroup>()
  /** The actors that end with each scope. */
  readonly owners = new WeakMap<Scope.Scope, Owner>()
  /** The owner used last: a loop that spawns into one scope finds it by one comparison. */
  lastOwner: { readonly scope: Scope.Scope; readonly owner: Owner } | undefined = undefined
  readonly endHooks = new EndHooks()
  /** The actor whose handler is on the stack. */
  running: Cell | undefined = undefined
  /** The system is stopping: no more spawns. */
  closing = false
  /** The system has stopped. */
  closed = false
  /** Done when the system has stopped. */
  readonly whenClosed = Deferred.makeUnsafe<void>()

  // Counters, read by `metrics.ts` and `ActorSystem.stats`.
  /** Actors that have ended. */
  ended = 0
  crashes = 0
  deadLetters = 0
  readonly deadLettersBy: Record<Why, number> = {
    NotAlive: 0,
    MailboxFull: 0,
    Dropped: 0,
    NodeUnreachable: 0,
    SwapRolledBack: 0,
    Stopped: 0,
    Interrupted: 0
  }
  longSchedules = 0
  tellsFailed = 0
  swaps = 0
  rollbacks = 0
  isolatesDown = 0
  isolatesSilent = 0
  versions: Versions | undefined = undefined
  isolateMetrics: IsolateMetrics | undefined = undefined
  behaviorMetrics: BehaviorMetrics | undefined = undefined
  readonly farFigures = new FarFigures()
  readonly crashReasons: CrashReasons
  readonly accounts = new Accounts(this)
  /** Names of actors that ended lately, for the signals that tell of it. */
  readonly lateNames = new LateNames()
  private readonly foreigns = new WeakMap<object, Bound>()
  private refs = 0
  private spent: Call | undefined = undefined

  constructor(
    options: ResolvedOptions,
    clock: ShardClock,
    wallClock: () => number,
    roundTrip: boolean,
    context: Context.Context<never>,
    makeShard: (host: Host) => Shard,
    boot: string = newBoot()
  ) {
    this.boot = boot
    this.options = options
    this.clock = clock
    this.wallClock = wallClock
    this.roundTrip = roundTrip
    this.checked = roundTrip || options.validate
    this.codec = Context.getOrElse(context, Codec, () => msgpack)
    this.scheduler = new ActorScheduler(this)
    this.context = this.actorContext(context)
    this.shard = makeShard(this)
    this.buffers = this.shard.makeBuffers(options.maxBufferBytes)
    this.nobody = new Bound(
      this,
      compile("nobody", [], { init: () => undefined, handlers: {} }),
      this.context
    )
    const { border } = this.shard
    this.crashReasons = new CrashReasons(border === undefined)
    this.away = border === undefined ? undefined : new Away(this, border)
    openHosts.set(this.boot, this)
  }

  /** Called when the system has closed: a ref that is decoded later finds no system, and streams of it end. */
  forget(): void {
    openHosts.delete(this.boot)
    this.letters.end()
    this.events.end()
    Deferred.doneUnsafe(this.whenClosed, Exit.void)
  }

  // A question whose call is over is delivered with this one: its answer goes nowhere (G21), and an error in it is no
  // `TellFailed`, since the message was not a tell.
  get spentCall(): Call {
    if (this.spent === undefined) {
      this.spent = new Call(0, this.shard.cellOf(0 as Pid), undefined)
      this.spent.pending = false
    }
    return this.spent
  }

  // For an actor of another isolate of which nothing but the PID is known.
  get foreign(): Bound | undefined {
    return this.away === undefined ? undefined : this.foreignOf(this, () => compileForeign("unknown", []))
  }

  /** The `Bound` that stands here for the behaviour of actors of other isolates; made once for each `key`. */
  foreignOf(key: object, program: () => Program): Bound {
    let bound = this.foreigns.get(key)
    if (bound === undefined) {
      this.foreigns.set(key, bound = new Bound(this, program(), this.context, this.shard.border!.sends))
    }
    return bound
  }

  /** The cell of an actor, here or elsewhere, whose protocol is known. */
  typed(pid: Pid, protocol: string, rpcs: ReadonlyArray<RpcInfo>): Cell {
    return this.cellOf(pid, rpcs, () => compileForeign(protocol, rpcs))
  }

  /** The cell of an actor. For one that lives elsewhere, `compile` makes its protocol, once for each `key`. */
  cellOf(pid: Pid, key: object, compile: () => Program): Cell {
    const { shard } = this
    return shard.border?.isAway(pid) === true ? shard.cellOf(pid, this.foreignOf(key, compile)) : shard.cellOf(pid)
  }

  nextRef(): number {
    return ++this.refs
  }

  /** The spawner's services, for the actor: without its scope and span, which may end before the actor does. */
  actorContext(context: Context.Context<never>): Context.Context<never> {
    return context.pipe(
      Context.omit(Scope.Scope as never, Tracer.ParentSpan as never),
      Context.add(Scheduler.Scheduler, this.scheduler)
    )
  }

  // -- what actors do -------------------------------------------------------------------------------------------------

  leaveIfIdle(cell: Cell, life: Life): void {
    if (this.running !== cell && this.shard.isAlive(cell)) leave(cell, life)
  }

  spawnChild(
    parent: Cell,
    behavior: unknown,
    args: unknown,
    options: ChildOptions | undefined
  ): Effect.Effect<Cell, unknown> {
    return spawnChild(parent, behavior, args, options)
  }

  spawnChildBegun(
    parent: Cell,
    behavior: unknown,
    args: unknown,
    options: ChildOptions | undefined
  ): Cell | Effect.Effect<Cell, unknown> {
    return spawnChildBegun(parent, behavior, args, options)
  }

  spawnChildNow(parent: Cell, behavior: unknown, args: unknown, options: ChildOptions | undefined): Cell {
    return spawnChildNow(parent, behavior, args, options)
  }

  spawnNow(behavior: unknown, args: unknown, options: SpawnOptions | undefined): Cell {
    checkSpawnOptions(options, false)
    const begun = begin(boundFor(behaviorOf(behavior), this, this.context), args, options, undefined)
    return begun instanceof Starting ? detached(begun) : begun
  }

  become(cell: Cell, behavior: unknown): void {
    switchTo(cell, boundFor(behaviorOf(behavior), this, cell.bound.context))
  }

  /** The name of a living actor, or of one that ended lately. */
  nameOf(pid: Pid): string | undefined {
    return this.lateNames.get(pid) ?? this.shard.cellOf(pid).life?.name
  }

  /** Keeps the name of an actor that ends, for what is told of it when it is gone. */
  keepName(cell: Cell, { name }: Life): void {
    if (name !== undefined) this.lateNames.keep(cell.pid, name)
  }

  // -- events ---------------------------------------------------------------------------------------------------------

  crashed(cell: Cell, reason: ExitReason): void {
    this.crashes++
    if (this.events.idle) return
    this.events.publish({ _tag: "Crashed", pid: cell.pid, name: cell.life?.name, reason: told(reason) })
  }

  /** The actor's `terminate` or a finalizer failed. It ends all the same, and its exit reason stays. */
  cleanupFailed(cell: Cell, cause: Cause.Cause<unknown>): void {
    const { pid } = cell
    const name = cell.life?.name
    if (!this.events.idle) {
      this.events.publish({ _tag: "CleanupFailed", pid, name, reason: ExitReason.crashed(Cause.squash(cause)) })
    }
    const { context, program } = cell.bound
    Effect.runForkWith(context)(Effect.logError(`the cleanup of ${program.protocol} failed`, cause))
  }

  /** These actors were killed because they had not stopped when `shutdownDeadline` was over (G295). */
  overdue(cells: ReadonlySet<Cell>): Effect.Effect<void> {
    const millis = this.options.shutdownDeadline
    const actors = Array.from(cells, (cell) => cell.pid)
    this.events.publish({
      _tag: "ShutdownOverdue",
      killed: actors.length,
      actors: actors.slice(0, mostOverduePids),
      millis
    })
    const some = Array.from(cells).slice(0, mostOverdueNames).map(String)
    return Effect.logWarning(
      `${actors.length} actors had not stopped within ${millis} ms (shutdownDeadline), and were killed: ${
        some.join(", ")
      }`
    )
  }

  swapped(cell: Cell, from: Program, to: Program): void {
    this.swaps++
    this.versions?.saw(from, to)
    if (this.events.idle) return
    const { name } = cell.life ?? {}
    this.events.publish({ _tag: "Swapped", pid: cell.pid, name, from: from.version, to: to.version })
  }

  rolledBack(cell: Cell, version: string, reason: ExitReason): void {
    this.rollbacks++
    if (!this.events.idle) {
      this.events.publish({ _tag: "SwapRolledBack", pid: cell.pid, name: cell.life?.name, version, reason })
    }
  }

  /** Another isolate sent what this actor cannot decode, or has no handler for. */
  misunderstood(cell: Cell, from: Pid | 0, message: Envelope<string, unknown>, reason: BadMessage): void {
    if (!this.events.idle) {
      const { issue, tag } = reason
      this.events.publish({ _tag: "Misunderstood", pid: cell.pid, name: cell.life?.name, tag, issue })
    }
    this.publishDeadLetter(cell.pid, from === 0 ? undefined : from, message, "Dropped", false)
  }

  tellFailed(cell: Cell, op: number, error: unknown): void {
    this.tellsFailed++
    if (!this.events.idle) this.events.publish({ _tag: "TellFailed", pid: cell.pid, tag: tagOf(op), error })
  }

  publishDeadLetter(
    to: Pid,
    from: Pid | undefined,
    message: Message<string, unknown>,
    why: Why,
    asked: boolean,
    name?: string
  ): void {
    // Messages between the agents of the isolates are no dead letters of the program (G306).
    if (Envelope.tag(message).startsWith("myrmidon/")) return
    this.deadLetters++
    this.deadLettersBy[why]++
    const hook = this.options.onDeadLetter
    if (hook === undefined && this.letters.idle) return
    const letter: DeadLetter = { to, name: name ?? this.nameOf(to), from, message, asked, why }
    if (hook !== undefined) {
      try {
        hook(letter)
      } catch (error) {
        // An error of the program's hook is logged: the sender must not fail by it.
        Effect.runForkWith(this.context)(Effect.logError("onDeadLetter threw", error))
      }
    }
    this.letters.publish(letter)
  }

  // -- the shard's calls ----------------------------------------------------------------------------------------------

  deliver(cell: Cell, op: number, payload: unknown, from: Pid | 0, call: Call | undefined): boolean {
    return deliver(this, cell, op, payload, from, call)
  }

  exitSignal(cell: Cell, from: Pid | 0, reason: ExitReason, name?: string): boolean {
    return deliverExit(this, cell, from, reason, name)
  }

  down(cell: Cell, ref: number, from: Pid, reason: ExitReason): boolean {
    return deliverDown(this, cell, ref, from, reason)
  }

  outsideDown(ref: number, _from: Pid, reason: ExitReason): void {
    const watch = this.watches.get(ref)
    if (watch === undefined) return
    this.watches.delete(ref)
    watch.ended(told(reason))
  }

  terminate(cell: Cell, reason: ExitReason): void {
    terminate(cell, reason)
  }

  dead(cell: Cell, reason: ExitReason, reductions: number, millis: number): void {
    this.accounts.ended(cell, reductions, millis)
    this.ended++
    cell.state = undefined
    const { life } = cell
    if (life !== undefined) unwind(cell, life, reason)
    // Behind what it has left: closing the system may go on from here.
    if (this.stopGroups.size > 0) this.stopGroups.forEach((group) => group.ended(cell))
    // Last of all: a supervisor starts it again from here, and must find closed what closes at once.
    // To its parent the cell is a ref.
    this.endHooks.take(cell)?.call(cell as never, reason)
  }

  callEnded(call: Call, end: CallEnd, reason: ExitReason | undefined, capacity?: number): void {
    if (!call.pending) return
    call.pending = false
    const exit = Exit.fail(askEnded(call, end, reason && told(reason), capacity))
    // The callee did not end the call, so this need not wait behind what the callee has sent (`Shard.behind`).
    if (end !== CallEnd.Exited) (call.origin ?? call).exit = exit
    endCall(call, exit)
  }

  deadLetter(
    to: Pid,
    from: Pid | 0,
    op: number,
    payload: unknown,
    why: Why,
    asked: boolean,
    name?: string
  ): void {
    const carried = StreamRequest.is(payload) ? payload.payload : payload
    this.publishDeadLetter(to, from === 0 ? undefined : from, new Envelope(op, tagOf(op), carried), why, asked, name)
    if (movingOps.has(op)) releaseAll(carried)
  }

  longSchedule(cell: Cell, millis: number): void {
    this.longSchedules++
    if (!this.events.idle) {
      const { protocol } = cell.bound.program
      const isMain = (this.shard.border?.isolate ?? 0) === 0
      const advice = isMain && !protocol.startsWith("myrmidon/") ? adviceFor(protocol) : undefined
      this.events.publish({ _tag: "LongSchedule", pid: cell.pid, name: cell.life?.name, protocol, millis, advice })
    }
  }
}

const adviceFor = (protocol: string): string =>
  `move ${protocol} off the main thread: wrap its behaviour by Actor.module, open the system with { isolates: 1 } or more, and start it by spawnOn("worker", ...)`
