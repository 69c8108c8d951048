/**
 * How an actor begins.
 *
 * In order: the PID is reserved; the mailbox opens, and in the same step the name, the link and the monitor are taken;
 * `init` runs; delivery begins. A plain `init` of an actor without a name, which takes no `self`, runs before the
 * mailbox opens: then there is nothing to undo when it throws. After an `init` that fails there never was an actor.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { ExitReason } from "../ExitReason.ts"
import type { ChildOptions, SpawnOptions } from "../Self.ts"
import {
  InitCrashed,
  InitTimeout,
  InvalidOption,
  LimitReached,
  NameTaken,
  SpawnError,
  SystemStopped
} from "../SpawnError.ts"
import type { Bound } from "./bound.ts"
import type { Cell } from "./cell.ts"
import { leave } from "./deliver.ts"
import { becameQuiet } from "./quiet.ts"
import { functionOf, invalid } from "./invalid.ts"
import { interruptAll, lifeOf, ownFiber } from "./life.ts"
import { checkKnown } from "./known.ts"
import { millisOf, resolveMailbox } from "./mailbox.ts"
import { checkName } from "./name.ts"
import { Runner } from "./runner.ts"
import { selfOf } from "./self.ts"
import { mostBudget, type OpenOptions } from "./shard.ts"

/** The link and the monitor between the new actor and the one that spawns it. */
export interface Ties {
  readonly parent: Cell | undefined
  readonly watcher: Cell | undefined
  readonly watchRef: number
}

/** A spawn whose `init` is an Effect. Settles once: with the actor, or with the failure. */
export class Starting {
  readonly cell: Cell
  readonly timeout: number
  /** The ref was given out before `init` was done, so that a failure is a crash of the actor, of which others hear. */
  isKnown = false
  private outcome: Exit.Exit<Cell, unknown> | undefined = undefined
  private waiter: ((exit: Exit.Exit<Cell, unknown>) => void) | undefined = undefined

  constructor(cell: Cell, timeout: number) {
    this.cell = cell
    this.timeout = timeout
  }

  get result(): Exit.Exit<Cell, unknown> | undefined {
    return this.outcome
  }

  get hasFailed(): boolean {
    return this.outcome !== undefined && Exit.isFailure(this.outcome)
  }

  /** The first call counts; later ones do nothing. */
  settle(exit: Exit.Exit<Cell, unknown>): void {
    if (this.outcome !== undefined) return
    this.outcome = exit
    this.waiter?.(exit)
  }

  onSettled(waiter: (exit: Exit.Exit<Cell, unknown>) => void): void {
    if (this.outcome !== undefined) waiter(this.outcome)
    else this.waiter = waiter
  }
}

const spawnError = (reason: SpawnError["reason"]): SpawnError => new SpawnError({ reason })

const initCrashed = (defect: unknown): SpawnError => spawnError(new InitCrashed({ reason: ExitReason.crashed(defect) }))

// A shard knows no `SpawnError`: it throws an Error with the fields of the reason.
const asSpawnError = (error: unknown): unknown => {
  if (error instanceof InvalidOption || error instanceof NameTaken || error instanceof SystemStopped) {
    return spawnError(error)
  }
  if (!(error instanceof Error) || !("_tag" in error)) return error
  switch (error._tag) {
    case "SystemStopped":
      return spawnError(new SystemStopped())
    case "LimitReached":
      return spawnError(
        new LimitReached({ what: "actors", limit: "limit" in error ? Number(error.limit) : 0 })
      )
    default:
      return error
  }
}

const budgetOf = (budget: number): number => {
  if (Number.isInteger(budget) && budget >= 1 && budget <= mostBudget) return budget
  throw invalid("budget", `a whole number of messages from 1 to ${mostBudget}`, budget)
}

const spawnOptions: ReadonlySet<string> = new Set(
  ["name", "mailbox", "initTimeout", "budget"] satisfies ReadonlyArray<keyof SpawnOptions>
)
const childOptions: ReadonlySet<string> = new Set(
  [...spawnOptions, ...["link", "monitor", "onEnd"] satisfies ReadonlyArray<keyof ChildOptions>]
)

/**
 * The frozen options of a child that were checked last: a parent of very many children has one object for all of them.
 */
let known: unknown

/** Checks the options of a spawn; `isChild`: by an actor, which has more of them. Throws `SpawnError`. */
export const checkSpawnOptions = (options: unknown, isChild: boolean): void => {
  if (options === undefined || (isChild && options === known)) return
  try {
    checkKnown(options, isChild ? childOptions : spawnOptions)
    if (isChild) checkTies(options as ChildOptions)
  } catch (error) {
    throw asSpawnError(error)
  }
  if (isChild && Object.isFrozen(options)) known = options
}

const checkTies = ({ link, monitor, onEnd }: ChildOptions): void => {
  if (link !== undefined) checkBoolean("link", link)
  if (monitor !== undefined) checkBoolean("monitor", monitor)
  if (onEnd !== undefined) functionOf("onEnd", onEnd)
}

const checkBoolean = (option: string, value: unknown): void => {
  if (typeof value !== "boolean") throw invalid(option, "a boolean", value)
}

const openOptions = (bound: Bound, options: SpawnOptions | undefined, ties: Ties | undefined): OpenOptions => {
  const name = options?.name
  checkName(name)
  const mailbox = options?.mailbox === undefined ? bound.mailbox : resolveMailbox(options.mailbox, bound.mailbox)
  // Field by field, in the order of `Bound.open`, so that both have one shape. To spread two objects costs more than
  // the rest of a child's spawn.
  return {
    name,
    capacity: mailbox.capacity,
    onFull: mailbox.onFull,
    sendTimeout: mailbox.sendTimeout,
    budget: options?.budget === undefined ? mostBudget : budgetOf(options.budget),
    trapExit: bound.open.trapExit,
    cleanup: bound.open.cleanup,
    starting: false,
    parent: ties?.parent,
    watcher: ties?.watcher,
    watchRef: ties?.watchRef ?? 0
  }
}

/**
 * Spawns an actor: returns it where `init` is a plain value, else a `Starting`, which may be settled already. `begun`
 * is called with the actor as soon as others can end it, which may be before its `init` runs. Throws `SpawnError`.
 */
export const begin = (
  bound: Bound,
  args: unknown,
  options: SpawnOptions | undefined,
  ties: Ties | undefined,
  begun?: (cell: Cell) => void
): Cell | Starting => {
  try {
    return beginUnsafe(bound, args, options, ties, begun)
  } catch (error) {
    throw asSpawnError(error)
  }
}

const beginUnsafe = (
  bound: Bound,
  args: unknown,
  options: SpawnOptions | undefined,
  ties: Ties | undefined,
  begun: ((cell: Cell) => void) | undefined
): Cell | Starting => {
  const { host, program } = bound
  const { shard } = host
  if (host.closing) throw new SystemStopped()
  const open = ties === undefined && (options === undefined || isPlain(options))
    ? bound.open
    : openOptions(bound, options, ties)
  const timeout = options?.initTimeout === undefined
    ? Infinity
    : millisOf("initTimeout", options.initTimeout, Number.MAX_SAFE_INTEGER)
  const cell = shard.reserve(bound)
  let isOpen = false
  if (open.name !== undefined || program.initTakesSelf) {
    const holder = shard.open(cell, { ...open, starting: true })
    if (holder !== undefined) {
      shard.release(cell)
      throw new NameTaken({ name: open.name!, holder })
    }
    isOpen = true
    begun?.(cell)
  }
  if (open !== bound.open) remember(cell, bound, open)
  let state: unknown
  try {
    state = program.options.init(args, program.initTakesSelf ? selfOf(cell) : undefined)
  } catch (error) {
    if (isOpen) abandon(cell)
    else shard.release(cell)
    throw initCrashed(error)
  }
  // A rejection is a defect of `init`, as that of a handler is.
  if (state instanceof Promise) {
    const promise: Promise<unknown> = state
    state = Effect.promise(() => promise)
  }
  // In place of `Effect.isEffect`, which costs ten times as much: it is called with objects of all shapes, so that V8
  // cannot specialise it.
  if (typeof state === "object" && state !== null && Effect.TypeId in state) {
    if (!isOpen) {
      shard.open(cell, { ...open, starting: true })
      begun?.(cell)
    }
    return start(cell, state as Effect.Effect<unknown, unknown>, timeout)
  }
  cell.state = state
  if (isOpen) {
    ready(cell)
  } else {
    shard.open(cell, open)
    begun?.(cell)
  }
  return cell
}

/** Whether a child's options are frozen, and say nothing but how it is tied to its parent. */
export const isTieAlone = (options: ChildOptions | undefined): boolean =>
  options !== undefined && Object.isFrozen(options) && isPlain(options) && options.initTimeout === undefined

const isPlain = ({ budget, mailbox, name }: SpawnOptions): boolean =>
  name === undefined && mailbox === undefined && budget === undefined

const remember = (cell: Cell, bound: Bound, open: OpenOptions): void => {
  if (open.name !== undefined) lifeOf(cell).name = open.name
  if (open.capacity !== bound.mailbox.capacity || open.onFull !== bound.mailbox.onFull) lifeOf(cell).mailbox = open
}

const ready = (cell: Cell): void => {
  cell.host.shard.started(cell)
  const { life } = cell
  if (life === undefined) return
  life.starting = false
  if (life.quiet !== undefined) becameQuiet(life)
  // `init` may have called `self.stop`.
  leave(cell, life)
}

const abandon = (cell: Cell): void => {
  const life = cell.life
  if (life !== undefined) {
    life.closing = true
    interruptAll(life)
    life.ended = ExitReason.noProc(true)
    cell.host.keepName(cell, life)
    if (life.quiet !== undefined) becameQuiet(life)
  }
  cell.host.endHooks.take(cell)
  cell.host.shard.abandon(cell)
  // Its links vanish without a signal: children that `init` has spawned are ended here.
  if (life?.children === undefined) return
  const children = life.children.drain()
  life.children = undefined
  for (const child of children) cell.host.shard.exit(child, undefined, ExitReason.shutdown())
}

const start = (cell: Cell, init: Effect.Effect<unknown, unknown>, timeout: number): Starting => {
  const life = lifeOf(cell)
  life.starting = true
  const scope = Scope.makeUnsafe()
  const runner = new Runner(cell, scope)
  const starting = new Starting(cell, timeout)
  life.onEnded = (reason) => starting.settle(Exit.fail(spawnError(new InitCrashed({ reason }))))
  const fiber = runner.run(init)
  ownFiber(life, fiber)
  fiber.addObserver((exit) => {
    life.fibers?.delete(fiber)
    // The actor was ended, or its spawn interrupted or timed out: `starting` is settled already.
    if (life.closing) {
      runner.run(Scope.close(scope, exit))
      return
    }
    life.onEnded = undefined
    if (Exit.isSuccess(exit)) {
      cell.state = exit.value
      if (scope.state._tag !== "Empty") {
        life.scope = scope
        cell.host.shard.setFlags(cell, cell.bound.open.trapExit, true)
      }
      ready(cell)
      starting.settle(Exit.succeed(cell))
      return
    }
    const failed = failure(exit.cause)
    if (starting.isKnown) {
      const reason = ExitReason.crashed(Cause.squash(exit.cause))
      cell.host.crashed(cell, reason)
      cell.host.shard.exitSelf(cell, reason)
    } else {
      abandon(cell)
    }
    runner.run(Scope.close(scope, exit)).addObserver(() => starting.settle(failed))
  })
  return starting
}

const failure = (cause: Cause.Cause<unknown>): Exit.Exit<never, unknown> => {
  const failed = cause.reasons.find(Cause.isFailReason)
  return failed !== undefined && !Cause.hasDies(cause)
    ? Exit.fail(failed.error)
    : Exit.fail(initCrashed(Cause.squash(cause)))
}

/** Waits for `init`. When this is interrupted or times out, there never was an actor. */
export const settled = (starting: Starting): Effect.Effect<Cell, unknown> => {
  const done = starting.result
  if (done !== undefined) return done
  const wait = Effect.callback<Cell, unknown>((resume) => {
    starting.onSettled(resume)
    return Effect.sync(() => {
      if (starting.result === undefined) abandon(starting.cell)
    })
  })
  if (starting.timeout === Infinity) return wait
  return Effect.timeoutOrElse(wait, {
    duration: starting.timeout,
    orElse: () => Effect.fail(spawnError(new InitTimeout({ after: Duration.millis(starting.timeout) })))
  })
}

/** Gives the actor out before its `init` is done, which goes on by itself; a failure of it is a crash of the actor. */
export const detached = (starting: Starting): Cell => {
  const { cell } = starting
  const done = starting.result
  if (done === undefined) {
    starting.isKnown = true
    return cell
  }
  if (Exit.isSuccess(done)) return cell
  throw Cause.squash(done.cause)
}
