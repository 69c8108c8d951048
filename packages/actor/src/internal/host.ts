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
import * as Fiber from "effect/Fiber"
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
import { msgpack } from "./codec/msgpack.ts"
import { CrashReasons, told } from "./crashed.ts"
import { deliver, deliverDown, deliverExit, leave } from "./deliver.ts"
import { Envelope } from "./envelope.ts"
import { EndHook, EndHooks } from "./endHooks.ts"
import { becameQuiet } from "./hold.ts"
import { Hub } from "./hub.ts"
import type { BehaviorMetrics } from "./behaviorMetrics.ts"
import { FarFigures } from "./figures.ts"
import type { IsolateMetrics } from "./isolateMetrics.ts"
import type { Isolates } from "./isolates.ts"
import { hold, interruptAll, type Life, lifeOf } from "./life.ts"
import { tagOf } from "./opcodes.ts"
import { openHosts } from "./openHosts.ts"
import type { ResolvedOptions } from "./options.ts"
import { Owner } from "./owner.ts"
import { Runner } from "./runner.ts"
import { ActorScheduler } from "./scheduler.ts"
import type { RpcInfo } from "./rpc.ts"
import { selfOf } from "./self.ts"
import { askEnded } from "./send.ts"
import { CallEnd, type Shard, type ShardClock, type ShardHost, type Why } from "./shard.ts"
import { begin, checkSpawnOptions, detached, isTieAlone, settled, Starting, type Ties } from "./spawn.ts"
import type { StopGroup } from "./stop.ts"
import { StreamRequest } from "./stream.ts"
import { switchTo } from "./swap.ts"
import type { Versions } from "./versions.ts"
import type { Watch } from "./watch.ts"
import { endAll } from "./wrapper.ts"

/** A signal is delivered soon after its sender's end; a name that is later than so many other deaths is lost. */
const lateNamesKept = 4096

/** Of those that were killed because the time was over: PIDs in the event, and names in the log. */
const mostTold = 100
const mostNamed = 5

let boots = 0

const newBoot = (): string =>
  `${Date.now().toString(36)}-${Math.floor(Math.random() * 2 ** 48).toString(36)}-${(++boots).toString(36)}`

export class Host implements ShardHost {
  readonly options: ResolvedOptions
  readonly clock: ShardClock
  readonly wallClock: () => number
  /** Payloads and replies are checked. */
  readonly checked: boolean
  /** They go through their encoded side. */
  readonly roundTrip: boolean
  readonly boot: string
  /** For what crosses a border. */
  readonly codec: Codec["Service"]
  readonly scheduler: ActorScheduler
  /** For spawns outside of any Effect. */
  readonly context: Context.Context<never>
  readonly shard: Shard
  readonly nobody: Bound
  /** What comes from other isolates, where the system has any. */
  readonly away: Away | undefined
  /** The same, for spawns and questions about actors that live there. */
  isolates: Isolates | undefined = undefined
  /** What its programs know it as. Set by whoever opens it. */
  system: object = this
  /** Scopes of actors that have ended, as long as they close. */
  readonly cleanups = new Set<Fiber.Fiber<void>>()
  /** What is to be closed after its actors have ended. */
  readonly closers: Array<Effect.Effect<void>> = []
  readonly buffers: BufferPool
  readonly letters = new Hub<DeadLetter>()
  readonly events = new Hub<SystemEvent>()
  readonly watches = new Map<number, Watch>()
  /** Whoever waits for actors that were asked to stop. */
  readonly stopGroups = new Set<StopGroup>()
  readonly owners = new WeakMap<Scope.Scope, Owner>()
  /** The last of them: a loop that spawns into one scope finds it by a comparison. */
  lastOwner: { readonly scope: Scope.Scope; readonly owner: Owner } | undefined = undefined
  readonly endHooks = new EndHooks()
  /** The actor whose handler is on the stack. */
  running: Cell | undefined = undefined
  /** No more spawns. */
  closing = false
  /** Nothing happens any more. */
  closed = false
  /** Whoever waits for that. */
  readonly whenClosed = Deferred.makeUnsafe<void>()
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
  /** Names of the latest dead; the oldest goes first. */
  private readonly foreigns = new WeakMap<object, Bound>()
  private readonly lateNames = new Map<Pid, string>()
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

  /** It has closed: refs of it lead nowhere any more, and nothing more is told. */
  forget(): void {
    openHosts.delete(this.boot)
    this.letters.end()
    this.events.end()
    Deferred.doneUnsafe(this.whenClosed, Exit.void)
  }

  // A late answer to it is nobody's (G21), and its error no `TellFailed`: it was asked, not told.
  get spentCall(): Call {
    if (this.spent === undefined) {
      this.spent = new Call(0, this.shard.cellOf(0 as Pid), undefined)
      this.spent.pending = false
    }
    return this.spent
  }

  // What nothing is known of but its PID.
  get foreign(): Bound | undefined {
    return this.away === undefined ? undefined : this.foreignOf(this, () => compileForeign("unknown", []))
  }

  /** What actors of other isolates stand on here that understand the same; one for each `key`. */
  foreignOf(key: object, program: () => Program): Bound {
    let bound = this.foreigns.get(key)
    if (bound === undefined) {
      this.foreigns.set(key, bound = new Bound(this, program(), this.context, this.shard.border!.sends))
    }
    return bound
  }

  /** The actor with a PID, of which it is known what it understands, wherever it lives. */
  typed(pid: Pid, protocol: string, rpcs: ReadonlyArray<RpcInfo>): Cell {
    return this.cellOf(pid, rpcs, () => compileForeign(protocol, rpcs))
  }

  /** The cell of an actor; of one that lives elsewhere what it understands is compiled once a `key`. */
  cellOf(pid: Pid, key: object, compile: () => Program): Cell {
    const { shard } = this
    return shard.border?.isAway(pid) === true ? shard.cellOf(pid, this.foreignOf(key, compile)) : shard.cellOf(pid)
  }

  nextRef(): number {
    return ++this.refs
  }

  /** What a spawner's context is to an actor: its scope and its span end before the actor does. */
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
    return Effect.withFiber((fiber) => {
      let begun: Cell | Starting
      try {
        begun = this.beginChild(parent, behavior, args, options, fiber.context)
      } catch (error) {
        return Exit.fail(error)
      }
      return begun instanceof Starting ? settled(begun) : Exit.succeed(begun)
    })
  }

  spawnChildBegun(
    parent: Cell,
    behavior: unknown,
    args: unknown,
    options: ChildOptions | undefined
  ): Cell | Effect.Effect<Cell, unknown> {
    const begun = this.beginChild(parent, behavior, args, options, this.context)
    if (!(begun instanceof Starting)) return begun
    const spawned = settled(begun)
    return Exit.isExit(spawned) && Exit.isSuccess(spawned) ? begun.cell : spawned
  }

  spawnChildNow(parent: Cell, behavior: unknown, args: unknown, options: ChildOptions | undefined): Cell {
    const begun = this.beginChild(parent, behavior, args, options, this.context)
    return begun instanceof Starting ? detached(begun) : begun
  }

  private beginChild(
    parent: Cell,
    behavior: unknown,
    args: unknown,
    options: ChildOptions | undefined,
    context: Context.Context<never>
  ): Cell | Starting {
    const known = parent.life?.endHook
    if (known !== undefined && options !== undefined && known.options === options) {
      const begun = begin(boundFor(behaviorOf(behavior), this, context), args, undefined, undefined)
      if (!(begun instanceof Starting)) this.endHooks.add(begun, known)
      else if (!begun.hasFailed) this.endHooks.add(begun.cell, known)
      return begun
    }
    checkSpawnOptions(options, true)
    const isWatched = options?.monitor === true
    const isLinked = options?.link !== false
    const ties: Ties | undefined = isLinked || isWatched
      ? {
        parent: isLinked ? parent : undefined,
        watcher: isWatched ? parent : undefined,
        watchRef: isWatched ? this.nextRef() : 0
      }
      : undefined
    const begun = begin(boundFor(behaviorOf(behavior), this, context), args, options, ties)
    const cell = begun instanceof Starting ? begun.cell : begun
    if (isWatched && options.name !== undefined) {
      ;(lifeOf(parent).watched ??= new Map()).set(ties!.watchRef, options.name)
    }
    const onEnd = options?.onEnd
    // What failed at once never was.
    if (onEnd !== undefined && !(begun instanceof Starting && begun.hasFailed)) {
      const life = lifeOf(parent)
      if (life.endHook?.call !== onEnd) {
        life.endHook = new EndHook(parent, onEnd, ties === undefined && isTieAlone(options) ? options : undefined)
      }
      this.endHooks.add(cell, life.endHook)
    }
    // A link does not carry a normal end.
    if (isLinked) (lifeOf(parent).children ??= new Owner()).add(cell)
    return begun
  }

  spawnNow(behavior: unknown, args: unknown, options: SpawnOptions | undefined): Cell {
    checkSpawnOptions(options, false)
    const begun = begin(boundFor(behaviorOf(behavior), this, this.context), args, options, undefined)
    return begun instanceof Starting ? detached(begun) : begun
  }

  become(cell: Cell, behavior: unknown): void {
    switchTo(cell, boundFor(behaviorOf(behavior), this, cell.bound.context))
  }

  /** Also of one that has just ended, for the signals that tell of it. */
  nameOf(pid: Pid): string | undefined {
    return this.lateNames.get(pid) ?? this.shard.cellOf(pid).life?.name
  }

  /** For what is still told of it when it is gone. */
  keepName(cell: Cell, { name }: Life): void {
    if (name === undefined) return
    this.lateNames.set(cell.pid, name)
    if (this.lateNames.size > lateNamesKept) this.lateNames.delete(this.lateNames.keys().next().value!)
  }

  // -- events ---------------------------------------------------------------------------------------------------------

  crashed(cell: Cell, reason: ExitReason): void {
    this.crashes++
    if (this.events.idle) return
    this.events.publish({ _tag: "Crashed", pid: cell.pid, name: cell.life?.name, reason: told(reason) })
  }

  /** Its `terminate` failed, or a finalizer: it ends all the same, with the reason that it had. */
  private cleanupFailed(cell: Cell, cause: Cause.Cause<unknown>): void {
    const { pid } = cell
    const name = cell.life?.name
    if (!this.events.idle) {
      this.events.publish({ _tag: "CleanupFailed", pid, name, reason: ExitReason.crashed(Cause.squash(cause)) })
    }
    const { context, program } = cell.bound
    Effect.runForkWith(context)(Effect.logError(`the cleanup of ${program.protocol} failed`, cause))
  }

  /** They had not stopped when the time of all was over, and were killed (G295). */
  overdue(cells: ReadonlySet<Cell>): Effect.Effect<void> {
    const millis = this.options.shutdownDeadline
    const actors = Array.from(cells, (cell) => cell.pid)
    this.events.publish({ _tag: "ShutdownOverdue", killed: actors.length, actors: actors.slice(0, mostTold), millis })
    const some = Array.from(cells).slice(0, mostNamed).map(String)
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

  /** What another isolate sent is none of its messages. */
  misunderstood(cell: Cell, from: Pid | 0, message: Envelope<string, unknown>, reason: BadMessage): void {
    if (!this.events.idle) {
      const { issue, tag } = reason
      this.events.publish({ _tag: "Misunderstood", pid: cell.pid, name: cell.life?.name, tag, issue })
    }
    this.letter(cell.pid, from === 0 ? undefined : from, message, "Dropped", false)
  }

  tellFailed(cell: Cell, op: number, error: unknown): void {
    this.tellsFailed++
    if (!this.events.idle) this.events.publish({ _tag: "TellFailed", pid: cell.pid, tag: tagOf(op), error })
  }

  letter(
    to: Pid,
    from: Pid | undefined,
    message: Message<string, unknown>,
    why: Why,
    asked: boolean,
    name?: string
  ): void {
    // What isolates say to each other is not the program's (G306).
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
        // The hook is the program's own: its error is told, and must not end whoever sent.
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
    const life = lifeOf(cell)
    life.closing = true
    const waiting = life.fibers === undefined ? [] : Array.from(life.fibers)
    interruptAll(life)
    const { host, program } = cell.bound
    const cleanup = Effect.suspend(() => {
      const result = program.options.terminate?.(cell.state, told(reason), selfOf(cell))
      if (Effect.isEffect(result)) return result as Effect.Effect<unknown, unknown>
      return result instanceof Promise ? Effect.promise(() => result) : Effect.void
    })
    const runner = new Runner(cell, Scope.makeUnsafe())
    const all = Effect.suspend(() => waiting.length === 0 ? cleanup : Effect.andThen(Fiber.awaitAll(waiting), cleanup))
    // The actor's own Scope closes in any case, also when a finalizer of its cleanup dies.
    const fiber = runner.run(Effect.ensuring(
      Effect.onExit(all, (exit) => Scope.close(runner.scope, exit)),
      Effect.suspend(() => life.scope === undefined ? Effect.void : Scope.close(life.scope, exitOf(reason)))
    ))
    hold(life, fiber)
    fiber.addObserver((exit) => {
      life.fibers?.delete(fiber)
      life.scope = undefined
      if (life.ended !== undefined) return
      if (Exit.isFailure(exit)) this.cleanupFailed(cell, exit.cause)
      host.shard.finished(cell)
    })
  }

  dead(cell: Cell, reason: ExitReason, reductions: number, millis: number): void {
    this.accounts.ended(cell, reductions, millis)
    this.over(cell, reason)
    // Last: who starts it again finds closed what closes at once. A cell is the ref that its parent has.
    this.endHooks.take(cell)?.call(cell as never, reason)
  }

  private over(cell: Cell, reason: ExitReason): void {
    const life = cell.life
    this.ended++
    cell.state = undefined
    if (life !== undefined) this.unwind(cell, life, reason)
    // Last: whoever closes the system goes on from here.
    if (this.stopGroups.size > 0) this.stopGroups.forEach((group) => group.ended(cell))
  }

  private unwind(cell: Cell, life: Life, reason: ExitReason): void {
    life.closing = true
    life.ended = reason
    if (life.quiet !== undefined) becameQuiet(life)
    life.swap?.ended()
    if (life.wrappers !== undefined) endAll(life)
    this.keepName(cell, life)
    life.runner = undefined
    interruptAll(life)
    if (life.scope !== undefined) {
      const scope = life.scope
      life.scope = undefined
      const fiber = Effect.runForkWith(cell.bound.context)(Scope.close(scope, exitOf(reason)))
      this.cleanups.add(fiber)
      fiber.addObserver((exit) => {
        this.cleanups.delete(fiber)
        if (Exit.isFailure(exit)) this.cleanupFailed(cell, exit.cause)
      })
    }
    if (life.children !== undefined) {
      const children = life.children.drain()
      life.children = undefined
      if (reason._tag === "Normal") {
        for (const child of children) this.shard.exit(child, undefined, ExitReason.shutdown())
      }
    }
    life.onEnded?.(told(reason))
    life.onEnded = undefined
  }

  callEnded(call: Call, end: CallEnd, reason: ExitReason | undefined, capacity?: number): void {
    if (!call.pending) return
    call.pending = false
    const exit = Exit.fail(askEnded(call, end, reason && told(reason), capacity))
    // It does not come from the callee, and waits for nothing that this one has sent.
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
    this.letter(to, from === 0 ? undefined : from, new Envelope(op, tagOf(op), carried), why, asked, name)
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

const exitOf = (reason: ExitReason): Exit.Exit<void> =>
  ExitReason.isFailure(reason) ? Exit.die(told(reason)) : Exit.void
