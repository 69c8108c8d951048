/**
 * Swaps of one actor and of many.
 *
 * One actor: once no handler of it runs or waits, its state is copied and migrated, and the next message is handled by
 * the new behaviour. What is done at once holds nobody still; else the actor is held until it is done, at most
 * `timeout`.
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

/** As `options.ts` of the public module resolves them; times in ms. */
export interface Resolved {
  readonly timeout: number
  readonly keep: number
  /** Of a group: actors that wait at once, for their handlers or their migrations. */
  readonly concurrency: number
  readonly canary: { readonly messages: number; readonly within: number; readonly maxRollbacks: number } | undefined
}

export const exited = (cell: Cell): SwapError => swapError(gone(cell))

/** Why it cannot begin. `sure`: asks the shard, which knows of ends that are under way. */
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

/** `since`: when it came to rest, where it had to be waited for. */
export type Swapped = { readonly canary: Canary | undefined; readonly since: number | undefined }

/** `f` may throw a `SwapError`, or give an Effect that fails with one. */
export const attempt = <A>(f: () => A | Effect.Effect<A, SwapError>): Effect.Effect<A, SwapError> => {
  try {
    const result = f()
    return Effect.isEffect(result) ? result : Exit.succeed(result)
  } catch (error) {
    return error instanceof SwapError ? Exit.fail(error) : Exit.die(error)
  }
}

/** The state that a migration comes to, in a box: the state may be anything. */
export const migrated = (cell: Cell, upgrade: UpgradeImpl): Effect.Effect<{ readonly state: unknown }, SwapError> =>
  attempt(() => {
    const result = migrate(upgrade, cell.state)
    return Effect.isEffect(result) ? Effect.map(result, (state) => ({ state })) : result
  })

/** What an Effect comes to that is done already. */
export const doneOf = <A, E>(effect: Effect.Effect<A, E>): Exit.Exit<A, E> | undefined =>
  Exit.isExit(effect) ? effect as Exit.Exit<A, E> : undefined

export const quiet = (cell: Cell): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const undo = whenQuiet(cell, () => resume(Exit.void))
    return Effect.sync(undo)
  })

export const timedOut = (timeout: number): SwapError =>
  swapError(new MigrationTimeout({ after: Duration.millis(timeout) }))

/** An actor that is held still for a swap, until it is released. */
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
 * `work` for at most `timeout` ms. Given up, it is interrupted and not waited for: a migration may refuse to be, and
 * what it comes to then is nobody's.
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
 * Does `prepare` while the actor stands still, at most for `timeout` ms, and then `finish` in one step with letting it
 * go: no handler of it runs or waits, and none begins. `refused`: why it cannot begin any more.
 */
export const standing = <A, B>(
  cell: Cell,
  timeout: number,
  refused: () => SwapError | undefined,
  prepare: () => A | Effect.Effect<A, SwapError>,
  finish: (prepared: A, since: number) => B
): Effect.Effect<B, SwapError> =>
  Effect.suspend(() => {
    // Whoever came here may have waited for a turn since it asked.
    const refusal = refused()
    if (refusal !== undefined) return Effect.fail(refusal)
    let since = 0
    const work = Effect.andThen(
      quiet(cell),
      Effect.suspend(() => {
        since = cell.host.clock.now()
        // Its message in hand may have crashed: it has not ended yet, and is told of with the reason once it has.
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

/** One actor. Done in one step where nothing has to be waited for. */
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

// Apart, so that a swap that is done at once makes none of its closures.
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
 * Begins at once, and not when its effect is run: its copy is made already, and no message may be handled before its
 * actor is held still.
 */
const joined = <A, E>(work: Effect.Effect<A, E>, context: Context.Context<never>): Effect.Effect<A, E> => {
  const fiber = Effect.runForkWith(context)(work)
  return fiber.pollUnsafe() ?? Effect.onInterrupt(Fiber.join(fiber), () => Fiber.interrupt(fiber))
}

/** How a canary ended; after `within` ms it has passed. Given up, it is none any more. */
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

/** Without a stack: it would say who asked for the report, and costs ten times as much as the way back itself. */
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

/** To the version before, or to a named one that is still kept: for an Effect that is being run. */
export const rollBack = (cell: Cell, version: string | undefined, timeout: number): Effect.Effect<void, SwapError> => {
  const refused = refusal(cell, undefined, true)
  const swaps = cell.life?.swap
  const canary = swaps?.canary
  // A canary does not wait: what runs of it is interrupted.
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

/** Versions to go back until it is the one that is named, or the one before. */
const stepsTo = (cell: Cell, version: string | undefined): number | undefined => {
  let steps = 1
  for (let kept = cell.life?.swap?.latest; kept !== undefined; kept = kept.before, steps++) {
    if (version === undefined || kept.bound.program.version === version) return steps
  }
  return undefined
}

const notKept = (cell: Cell, version: string | undefined): SwapError =>
  swapError(new WrongVersion({ expected: version ?? "a version before", running: cell.bound.program.version }))

/** What the migration would come to, on a copy, in `timeout` ms. */
export const planCell = (cell: Cell, upgrade: UpgradeImpl, timeout: number): Effect.Effect<unknown, SwapError> => {
  const refused = refusal(cell, upgrade, false)
  if (refused !== undefined) return Exit.fail(refused)
  const planned = cell.life?.starting === true
    ? Effect.flatMap(quiet(cell), () => migrated(cell, upgrade))
    : migrated(cell, upgrade)
  return doneOf(planned) ?? inTime(planned, timeout, () => timedOut(timeout))
}
