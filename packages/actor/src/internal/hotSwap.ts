/**
 * Swaps of one actor and of many.
 *
 * One actor: once no handler of it runs or waits, its state is copied and migrated, and the next message is handled by
 * the new behaviour. What is done at once holds nobody still; else the actor is held until it is done, at most `timeout`.
 */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ActorExited } from "../AskError.ts"
import { ExitReason } from "../ExitReason.ts"
import { MigrationTimeout, RolledBack, SwapError, SwapInProgress, WrongVersion } from "../SwapError.ts"
import type { Bound } from "./bound.ts"
import type { Cell } from "./cell.ts"
import { Hold, holdStill, isQuiet, letGo, whenQuiet } from "./hold.ts"
import { bringBack, Canary, type Swaps, swapsOf, switchTo, type Version } from "./swap.ts"
import { migrate, swapError, type UpgradeImpl, wrongVersion } from "./upgrade.ts"
import { watch } from "./watch.ts"

/** As `options.ts` of the public module resolves them; times in ms. */
export interface Resolved {
  readonly timeout: number
  readonly keep: number
  readonly canary: { readonly messages: number; readonly within: number; readonly maxRollbacks: number } | undefined
}

export const exited = (cell: Cell): SwapError =>
  swapError(
    new ActorExited({
      pid: cell.pid,
      name: cell.life?.name,
      reason: cell.life?.ended ?? ExitReason.noProc(true)
    })
  )

/** Why it cannot begin. `sure`: asks the shard, which knows of ends that are under way. */
export const refusal = (cell: Cell, upgrade: UpgradeImpl | undefined, sure: boolean): SwapError | undefined => {
  const { life } = cell
  const { shard } = cell.host
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
  const from = upgrade.from
  const old: Version = { bound: cell.bound, state: cell.state, back: upgrade.back }
  cell.state = state
  let made: Canary | undefined
  if (canary !== undefined || keep > 0) {
    const swaps = swapsOf(cell)
    swaps.keep = keep
    swaps.versions.unshift(old)
    if (canary !== undefined) {
      made = new Canary(cell, swaps, bound, canary.messages)
      made.start()
    } else swaps.trim()
  }
  if (made === undefined) switchTo(cell, bound)
  cell.host.swapped(cell, from, upgrade.to)
  return made
}

type Swapped = { readonly canary: Canary | undefined }

/** Swaps it now: it is quiet. An Effect where a migration takes its time. Throws a `SwapError`. */
const swapNow = (
  cell: Cell,
  upgrade: UpgradeImpl,
  bound: Bound,
  options: Resolved
): Swapped | Effect.Effect<Swapped, SwapError> => {
  const result = migrate(upgrade, cell.state)
  return Effect.isEffect(result)
    ? Effect.map(result, (state) => ({ canary: commit(cell, upgrade, bound, state, options) }))
    : { canary: commit(cell, upgrade, bound, result.state, options) }
}

export const attempt = <A>(f: () => A | Effect.Effect<A, SwapError>): Effect.Effect<A, SwapError> => {
  try {
    const result = f()
    return Effect.isEffect(result) ? result : Exit.succeed(result)
  } catch (error) {
    return error instanceof SwapError ? Exit.fail(error) : Exit.die(error)
  }
}

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
    holdStill(cell, Hold.Swap)
  }

  release(): void {
    this.swaps.busy = false
    letGo(this.cell, Hold.Swap)
  }
}

/** Does `f` while the actor stands still: no handler of it runs or waits, and none begins. */
export const standing = <A>(
  cell: Cell,
  timeout: number,
  f: () => A | Effect.Effect<A, SwapError>
): Effect.Effect<A, SwapError> =>
  Effect.suspend(() => {
    const still = new Still(cell)
    const held = watch(cell)
    const work = Effect.andThen(
      quiet(cell),
      Effect.suspend(() => cell.life?.ended === undefined ? attempt(f) : Effect.fail(exited(cell)))
    )
    const limited = timeout === Infinity ? work : Effect.timeoutOrElse(work, {
      duration: timeout,
      orElse: () => Effect.fail(timedOut(timeout))
    })
    const gone = Effect.flatMap(held.end, () => Effect.fail(exited(cell)))
    return Effect.onExit(Effect.raceFirst(limited, gone), () =>
      Effect.sync(() => {
        held.stop()
        still.release()
      }))
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
  if (isQuiet(cell)) {
    const done = attempt(() => swapNow(cell, upgrade, bound, options))
    // Its Effect has not begun: nothing was done yet that would be done twice.
    return Exit.isExit(done) ? done : standing(cell, options.timeout, () => done)
  }
  return standing(cell, options.timeout, () => {
    if (!upgrade.runs(cell)) throw wrongVersion(upgrade, cell)
    return swapNow(cell, upgrade, bound, options)
  })
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

export const rolledBack = (cell: Cell, reason: ExitReason, handled: RolledBack["handled"]): RolledBack =>
  new RolledBack({ pid: cell.pid, reason, handled }, { disableChecks: true })

/** To the version before, or to a named one that is still kept. */
export const rollBack = (cell: Cell, version: string | undefined, timeout: number): Effect.Effect<void, SwapError> =>
  Effect.suspend(() => {
    const gone = refusal(cell, undefined, true)
    if (gone !== undefined && gone.reason._tag !== "SwapInProgress") return Effect.fail(gone)
    const swaps = cell.life?.swap
    const canary = swaps?.canary
    if (canary !== undefined && (version === undefined || version === swaps!.versions[0]?.bound.program.version)) {
      return Effect.sync(() => canary.rollBack(ExitReason.shutdown("rolled back by hand")))
    }
    if (gone !== undefined) return Effect.fail(gone)
    const back = (): void => {
      const at = version === undefined
        ? 0
        : swaps?.versions.findIndex((kept) => kept.bound.program.version === version) ?? -1
      if (swaps === undefined || at < 0 || at >= swaps.versions.length) {
        throw swapError(
          new WrongVersion({ expected: version ?? "a version before", running: cell.bound.program.version })
        )
      }
      const running = cell.bound.program.version
      for (let step = 0; step <= at; step++) bringBack(cell, swaps)
      cell.host.rolledBack(cell, running, ExitReason.shutdown("rolled back by hand"))
    }
    return isQuiet(cell) ? attempt(back) : standing(cell, timeout, back)
  })

/** What the migration would come to, on a copy. */
export const planCell = (cell: Cell, upgrade: UpgradeImpl): Effect.Effect<void, SwapError> => {
  const refused = refusal(cell, upgrade, false)
  if (refused !== undefined) return Exit.fail(refused)
  return Effect.asVoid(attempt<unknown>(() => migrate(upgrade, cell.state) as { readonly state: unknown }))
}
