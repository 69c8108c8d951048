/**
 * The swap, the rehearsal and the rollback of one actor. (`swapGroup.ts` has those of many.)
 *
 * When no handler of the actor runs or waits, its state is copied and migrated, and the new behaviour handles the next
 * message. If that cannot be done at once, because a handler waits or the migration is an Effect, the actor is
 * suspended until it is done, `timeout` at most.
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { ExitReason } from "../ExitReason.ts"
import { MigrationTimeout, RolledBack, SwapError, SwapInProgress, WrongVersion } from "../SwapError.ts"
import { gone, notHere } from "./about.ts"
import type { Bound } from "./bound.ts"
import type { Cell } from "./cell.ts"
import { isQuiet, whenQuiet } from "./quiet.ts"
import { resume, suspend, SuspendedBy } from "./suspension.ts"
import { boundOf, bringBack, Canary, type Swaps, swapsOf, switchTo, type Version } from "./swap.ts"
import { migrate, swapError, type UpgradeImpl, wrongVersion } from "./upgrade.ts"
import { watch } from "./watch.ts"

/** The options of a swap, checked and with their defaults (`swapOptions.ts`). Times in ms. */
export interface Resolved {
  readonly timeout: number
  readonly keep: number
  /** In a group: how many actors may be waited for at the same time. */
  readonly concurrency: number
  readonly canary: { readonly messages: number; readonly within: number; readonly maxRollbacks: number } | undefined
}

export const exited = (cell: Cell): SwapError => swapError(gone(cell))

/** Why a swap of this actor cannot begin; undefined when it can. `sure`: also asks the shard whether it is ending. */
export const refusal = (cell: Cell, upgrade: UpgradeImpl | undefined, sure: boolean): SwapError | undefined => {
  const { life } = cell
  const { shard } = cell.host
  const away = notHere(cell)
  if (away !== undefined) return swapError(away)
  if (life?.ended !== undefined || life?.closing === true || !(sure ? shard.isAlive(cell) : shard.holds(cell))) {
    return exited(cell)
  }
  if (upgrade !== undefined && !upgrade.runs(cell)) return wrongVersion(upgrade, cell)
  const swaps = life?.swap
  return swaps !== undefined && (swaps.busy || swaps.canary !== undefined)
    ? swapError(new SwapInProgress({ pid: cell.pid }))
    : undefined
}

/** Gives the actor its new state and behaviour, and keeps the old ones for a rollback. */
export const commit = (
  cell: Cell,
  upgrade: UpgradeImpl,
  bound: Bound,
  state: unknown,
  { canary, keep }: Resolved
): Canary | undefined => {
  const old: Version = { bound: boundOf(cell), state: cell.state, back: upgrade.back, before: undefined }
  cell.state = state
  let made: Canary | undefined
  if (canary !== undefined || keep > 0) {
    const swaps = swapsOf(cell)
    swaps.keep = keep
    old.before = swaps.latest
    swaps.latest = old
    if (canary !== undefined) {
      made = new Canary(cell, swaps, bound, canary.messages)
      made.start()
    } else swaps.trim()
  } else if (cell.life?.swap !== undefined) {
    cell.life.swap.keep = 0
    cell.life.swap.trim()
  }
  if (made === undefined) switchTo(cell, bound)
  cell.host.swapped(cell, upgrade.first.program, upgrade.last.program)
  return made
}

/** `since`: for an actor that had to be waited for, when its last handler was done. */
export type Swapped = { readonly canary: Canary | undefined; readonly since: number | undefined }

/** Runs `f`, which may throw a `SwapError` or return an Effect that fails with one. */
export const attempt = <A>(f: () => A | Effect.Effect<A, SwapError>): Effect.Effect<A, SwapError> => {
  try {
    const result = f()
    return Effect.isEffect(result) ? result : Exit.succeed(result)
  } catch (error) {
    return error instanceof SwapError ? Exit.fail(error) : Exit.die(error)
  }
}

/** The migrated state, in a box, so that a state which is an Effect itself is not taken for the migration. */
export const migrated = (cell: Cell, upgrade: UpgradeImpl): Effect.Effect<{ readonly state: unknown }, SwapError> =>
  attempt(() => {
    const result = migrate(upgrade, cell.state)
    return Effect.isEffect(result) ? Effect.map(result, (state) => ({ state })) : result
  })

/** The result of an Effect that is done already. */
export const doneOf = <A, E>(effect: Effect.Effect<A, E>): Exit.Exit<A, E> | undefined =>
  Exit.isExit(effect) ? effect as Exit.Exit<A, E> : undefined

export const quiet = (cell: Cell): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const undo = whenQuiet(cell, () => resume(Exit.void))
    return Effect.sync(undo)
  })

export const timedOut = (timeout: number): SwapError =>
  swapError(new MigrationTimeout({ after: Duration.millis(timeout) }))

/** An actor that is suspended for a swap, until `release`. */
export class Still {
  private readonly cell: Cell
  private readonly swaps: Swaps

  constructor(cell: Cell) {
    this.cell = cell
    this.swaps = swapsOf(cell)
    this.swaps.busy = true
    suspend(cell, SuspendedBy.Swap)
  }

  release(): void {
    this.swaps.busy = false
    resume(this.cell, SuspendedBy.Swap)
  }
}

/**
 * Runs `work` for `timeout` ms at most. When the time is over it is interrupted, but not waited for, since a migration
 * may be uninterruptible; its result is dropped.
 */
export const inTime = <A, E>(
  work: Effect.Effect<A, E>,
  timeout: number,
  late: () => E
): Effect.Effect<A, E> =>
  Effect.acquireUseRelease(
    Effect.forkDetach(work, { startImmediately: true }),
    (fiber) =>
      timeout === Infinity ? Fiber.join(fiber) : Effect.timeoutOrElse(Fiber.join(fiber), {
        duration: timeout,
        orElse: () => Effect.fail(late())
      }),
    (fiber) => Effect.sync(() => fiber.interruptUnsafe())
  )

/**
 * Runs `prepare` while the actor is suspended and no handler of it runs or waits, for `timeout` ms at most. Then runs
 * `finish` and resumes the actor, in one step. `refused` is asked first: why this cannot begin any more.
 */
export const standing = <A, B>(
  cell: Cell,
  timeout: number,
  refused: () => SwapError | undefined,
  prepare: () => A | Effect.Effect<A, SwapError>,
  finish: (prepared: A, since: number) => B
): Effect.Effect<B, SwapError> =>
  Effect.suspend(() => {
    // There may have been a wait since the caller asked.
    const refusal = refused()
    if (refusal !== undefined) return Effect.fail(refusal)
    let since = 0
    const work = Effect.andThen(
      quiet(cell),
      Effect.suspend(() => {
        since = cell.host.clock.now()
        // The handler may have crashed: then this waits for the actor's end, whose reason is the error (`gone`).
        return cell.host.shard.isAlive(cell) ? attempt(prepare) : Effect.never
      })
    )
    return Effect.acquireUseRelease(
      Effect.sync(() => ({ still: new Still(cell), watching: watch(cell) })),
      ({ watching }) => {
        const gone = Effect.flatMap(watching.end, () => Effect.fail(exited(cell)))
        return Effect.flatMap(
          Effect.raceFirst(inTime(work, timeout, () => timedOut(timeout)), gone),
          (prepared) => cell.host.shard.isAlive(cell) ? attempt(() => finish(prepared, since)) : gone
        )
      },
      ({ watching, still }) =>
        Effect.sync(() => {
          watching.stop()
          still.release()
        })
    )
  })

/** Swaps one actor: at once, where nothing has to be waited for. */
export const swapCell = (
  cell: Cell,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved,
  sure: boolean
): Effect.Effect<Swapped, SwapError> => {
  const refused = refusal(cell, upgrade, sure)
  if (refused !== undefined) return Exit.fail(refused)
  const bound = upgrade.bound(cell, context)
  if (!upgrade.takesTime && isQuiet(cell)) {
    try {
      const result = migrate(upgrade, cell.state)
      if (!Effect.isEffect(result)) {
        return Exit.succeed({ canary: commit(cell, upgrade, bound, result.state, options), since: undefined })
      }
      upgrade.takesTime = true
      return joined(swapEffect(cell, upgrade, bound, options, result), context)
    } catch (error) {
      return error instanceof SwapError ? Exit.fail(error) : Exit.die(error)
    }
  }
  return swapLater(
    cell,
    upgrade,
    bound,
    options,
    () => upgrade.runs(cell) ? migrated(cell, upgrade) : Effect.fail(wrongVersion(upgrade, cell))
  )
}

const swapEffect = (
  cell: Cell,
  upgrade: UpgradeImpl,
  bound: Bound,
  options: Resolved,
  migration: Effect.Effect<unknown, SwapError>
): Effect.Effect<Swapped, SwapError> =>
  swapLater(cell, upgrade, bound, options, () => Effect.map(migration, (state) => ({ state })))

// A function of its own, so that a swap that is done at once does not allocate these closures.
const swapLater = (
  cell: Cell,
  upgrade: UpgradeImpl,
  bound: Bound,
  options: Resolved,
  migration: () => Effect.Effect<{ readonly state: unknown }, SwapError>
): Effect.Effect<Swapped, SwapError> =>
  standing(
    cell,
    options.timeout,
    () => refusal(cell, upgrade, true),
    migration,
    ({ state }, since): Swapped => ({ canary: commit(cell, upgrade, bound, state, options), since })
  )

/**
 * Starts `work` now, and not when the returned Effect is run: the state is copied already, so that the actor must be
 * suspended before it handles another message.
 */
const joined = <A, E>(work: Effect.Effect<A, E>, context: Context.Context<never>): Effect.Effect<A, E> => {
  const fiber = Effect.runForkWith(context)(work)
  return fiber.pollUnsafe() ?? Effect.onInterrupt(Fiber.join(fiber), () => Fiber.interrupt(fiber))
}

/**
 * Waits for the end of a canary, which passes after `within` ms, or when this is interrupted. Undefined: it has passed.
 */
export const awaitCanary = (canary: Canary, within: number): Effect.Effect<RolledBack | undefined, SwapError> =>
  Effect.callback<RolledBack | undefined, SwapError>((resume) => {
    canary.onEnd((end) => {
      if (end === undefined) resume(Exit.fail(exited(canary.cell)))
      else resume(Exit.succeed(end.passed ? undefined : rolledBack(canary.cell, end.reason, end.handled)))
    })
    return Effect.sync(() => canary.pass())
  }).pipe((end) =>
    within === Infinity ? end : Effect.timeoutOrElse(end, { duration: within, orElse: () => Effect.succeed(undefined) })
  )

/**
 * Made without a stack trace, which would only show who asked for the report, and costs ten times the rollback itself.
 */
export const rolledBack = (cell: Cell, reason: ExitReason, handled: RolledBack["handled"]): RolledBack => {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return new RolledBack({ pid: cell.pid, reason, handled }, { disableChecks: true })
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

const byHand = ExitReason.shutdown("rolled back by hand")

/** Takes an actor back to the version before, or to a named one that is still kept. */
export const rollBack = (cell: Cell, version: string | undefined, timeout: number): Effect.Effect<void, SwapError> => {
  const refused = refusal(cell, undefined, true)
  const swaps = cell.life?.swap
  const canary = swaps?.canary
  // A canary's rollback does not wait for its handlers: they are interrupted.
  if (refused !== undefined && (canary === undefined || refused.reason._tag !== "SwapInProgress")) {
    return Effect.fail(refused)
  }
  const kept = stepsTo(cell, version)
  if (kept === undefined) return Effect.fail(notKept(cell, version))
  if (canary !== undefined) {
    canary.rollBack(byHand)
    if (kept === 1) return Effect.void
  }
  const back = (): void => {
    const steps = canary === undefined ? stepsTo(cell, version) : kept - 1
    if (steps === undefined) throw notKept(cell, version)
    const running = cell.bound.program.version
    for (let step = 0; step < steps; step++) bringBack(cell, swapsOf(cell))
    cell.host.rolledBack(cell, running, byHand)
  }
  return isQuiet(cell)
    ? attempt(back)
    : standing(cell, timeout, () => refusal(cell, undefined, true), () => {}, back)
}

/** How many versions to go back to the named one, or to the one before; undefined when it is not kept. */
const stepsTo = (cell: Cell, version: string | undefined): number | undefined => {
  let steps = 1
  for (let kept = cell.life?.swap?.latest; kept !== undefined; kept = kept.before, steps++) {
    if (version === undefined || kept.bound.program.version === version) return steps
  }
  return undefined
}

const notKept = (cell: Cell, version: string | undefined): SwapError =>
  swapError(new WrongVersion({ expected: version ?? "a version before", running: cell.bound.program.version }))

/** Rehearses the migration of one actor on a copy of its state, for `timeout` ms at most. */
export const planCell = (cell: Cell, upgrade: UpgradeImpl, timeout: number): Effect.Effect<unknown, SwapError> => {
  const refused = refusal(cell, upgrade, false)
  if (refused !== undefined) return Exit.fail(refused)
  const planned = cell.life?.starting === true
    ? Effect.flatMap(quiet(cell), () => migrated(cell, upgrade))
    : migrated(cell, upgrade)
  return doneOf(planned) ?? inTime(planned, timeout, () => timedOut(timeout))
}
