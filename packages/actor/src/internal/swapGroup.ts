/**
 * Swaps of many actors: one after the other, or all together. Very many are gone through in several turns of the event
 * loop (`turn.ts`), so that the program goes on meanwhile.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SwapError } from "../SwapError.ts"
import type { Cell } from "./cell.ts"
import { isQuiet } from "./quiet.ts"
import type { Host } from "./host.ts"
import {
  commit,
  doneOf,
  exited,
  inTime,
  migrated,
  planCell,
  quiet,
  refusal,
  type Resolved,
  Still,
  swapCell,
  timedOut
} from "./hotSwap.ts"
import { Group, type Plan, type Share } from "./swapReport.ts"
import { inTurns, Turn } from "./turn.ts"
import type { UpgradeImpl } from "./upgrade.ts"
import { watch } from "./watch.ts"

/**
 * Decides for a group that lives in several isolates, of which this one has a share: the isolate that began the swap.
 */
export interface Conductor {
  /** `together`: done when the group will not be changed, so that waiting for its actors can end. */
  readonly refused: Effect.Effect<void>
  /** `together`: tells whether all actors of this share are suspended and migrated; succeeds with whether to commit. */
  readonly prepared: (ready: boolean) => Effect.Effect<boolean>
  /** Registers this share: its crashes count for the whole group, and its `stop` may be called from now on. */
  readonly joined: (group: Group) => void
  /** All are swapped, and `settled` ends with their canaries. Succeeds with whether all are brought back. */
  readonly verdict: (settled: Effect.Effect<void>, group: Group) => Effect.Effect<boolean>
}

const alone: Conductor = {
  refused: Effect.never,
  prepared: Effect.succeed,
  joined: () => {},
  verdict: (settled, group) => Effect.map(settled, () => group.isSpoilt)
}

/** Swaps one after the other. After `maxRollbacks` crashes no further actor is swapped, and all are brought back. */
export const swapEach = (
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved,
  conductor = alone
): Effect.Effect<Share> =>
  Effect.suspend(() => {
    const group = new Group(options)
    conductor.joined(group)
    let next = 0
    const worker = Effect.gen(function*() {
      const turn = new Turn()
      let before: number | undefined
      while (next < cells.length && !group.isSpoilt) {
        const cell = cells[next++]!
        const { clock } = cell.host
        before ??= clock.now()
        const swap = swapCell(cell, upgrade, context, options, false)
        const exit = doneOf(swap) ?? (yield* Effect.exit(swap))
        const now = clock.now()
        group.took(cell, exit, before, now)
        before = now
        if (!turn.step(cell)) continue
        yield* turn.next
        before = undefined
      }
    })
    const workers = Math.min(options.concurrency, cells.length)
    const all = workers <= 1
      ? worker
      : Effect.all(Array.from({ length: workers }, () => worker), { concurrency: "unbounded", discard: true })
    return reported(all, group, options, conductor)
  })

/** An actor of a group that changes together, suspended for it. `since`: when that was, or its handler was done. */
interface Held {
  readonly cell: Cell
  readonly still: Still
  since: number
  next: { readonly state: unknown } | undefined
}

/** Why a group is not changed: the actor that could not be, and its error. */
interface Failure {
  readonly cell: Cell
  readonly error: SwapError
}

/**
 * Suspends all, migrates copies of their states, commits all, and resumes them. When a migration fails nothing is
 * committed. An actor that has ended is left out.
 */
export const swapTogether = (
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved,
  conductor = alone
): Effect.Effect<Share> =>
  Effect.suspend(() => {
    const { concurrency, timeout } = options
    const group = new Group(options)
    conductor.joined(group)
    const all: Array<Held> = []
    const failed = (cell: Cell, error: SwapError): void => group.took(cell, Exit.fail(error), 0, 0)

    const holdAll = Effect.gen(function*() {
      const turn = new Turn()
      for (const cell of cells) {
        const refused = refusal(cell, upgrade, false)
        if (refused === undefined) {
          all.push({ cell, still: new Still(cell), since: cell.host.clock.now(), next: undefined })
        } else if (refused.reason._tag === "ActorExited") failed(cell, refused)
        else return yield* Effect.fail<Failure>({ cell, error: refused })
        if (turn.step(cell)) yield* turn.next
      }
    })
    const migrateOne = (held: Held): Effect.Effect<void, Failure> =>
      Effect.matchEffect(migrated(held.cell, upgrade), {
        onFailure: (error) => Effect.fail({ cell: held.cell, error }),
        onSuccess: (next) => {
          held.next = next
          return Effect.void
        }
      })
    const migrateLater = (held: Held): Effect.Effect<void, Failure> =>
      Effect.flatMap(quiet(held.cell), () => {
        held.since = held.cell.host.clock.now()
        // Its message in hand may have crashed: it is told of with the reason once it has ended.
        return held.cell.host.shard.isAlive(held.cell) ? migrateOne(held) : ended(held.cell)
      })
    const migrateAll = Effect.gen(function*() {
      const turn = new Turn()
      const later: Array<Held> = []
      for (const held of all) {
        if (isQuiet(held.cell) && !upgrade.takesTime) yield* migrateOne(held)
        else later.push(held)
        if (turn.step(held.cell)) yield* turn.next
      }
      yield* Effect.forEach(later, migrateLater, { concurrency, discard: true })
    })
    const own = inTime(Effect.andThen(holdAll, migrateAll), timeout, (): Failure => ({
      cell: (all.find(({ next }) => next === undefined)?.cell ?? cells[0])!,
      error: timedOut(timeout)
    }))
    const prepared = conductor === alone
      ? own
      : Effect.raceFirst(own, Effect.flatMap(conductor.refused, () => Effect.fail(undefined)))
    // All are suspended: no actor handles a message while another is being changed.
    const commitAll = Effect.suspend(() =>
      inTurns(all, (held) => {
        const { cell, next } = held
        if (next === undefined || !cell.host.shard.holds(cell) || cell.life?.ended !== undefined) {
          failed(cell, exited(cell))
        } else {
          const canary = commit(cell, upgrade, upgrade.bound(cell, context), next.state, options)
          group.took(cell, Exit.succeed({ canary, since: undefined }), held.since, cell.host.clock.now())
        }
        return cell
      })
    )
    const releaseAll = Effect.suspend(() => inTurns(all.toReversed(), ({ cell, still }) => (still.release(), cell)))
    const change = Effect.onExit(
      Effect.matchEffect(prepared, {
        // Of those that somebody else has refused there is nothing to tell.
        onFailure: (failure) =>
          Effect.suspend(() => {
            if (failure !== undefined) failed(failure.cell, failure.error)
            return conductor.prepared(false)
          }),
        onSuccess: () =>
          Effect.flatMap(
            conductor.prepared(true),
            (changes) => changes ? Effect.uninterruptible(commitAll) : Effect.void
          )
      }),
      () => releaseAll
    )
    return reported(change, group, options, conductor)
  })

const ended = (cell: Cell): Effect.Effect<void> =>
  Effect.suspend(() => {
    const watching = watch(cell)
    return Effect.ensuring(Effect.asVoid(watching.end), Effect.sync(() => watching.stop()))
  })

/** Waits for what the new behaviour needs (its module, its Layer), before any actor is suspended for it (G191). */
export const readyIn = <A>(ready: Effect.Effect<A, SwapError>, timeout: number): Effect.Effect<A, SwapError> =>
  inTime(ready, timeout, () => timedOut(timeout))

/**
 * Swaps the actors of this isolate, by either way, once the new behaviour is ready; if it does not get so, all fail.
 */
export const swapShare = (
  host: Host,
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  together: boolean,
  options: Resolved,
  conductor = alone
): Effect.Effect<Share> => {
  const swap = together ? swapTogether : swapEach
  const all = Effect.suspend(() => swap(cells, upgrade, context, options, conductor))
  if (upgrade.last.ready === undefined) return all
  return Effect.matchEffect(readyIn(upgrade.ready(host), options.timeout), {
    onSuccess: () => all,
    onFailure: (error) => {
      const nobody: Conductor = {
        ...conductor,
        prepared: (ready) => conductor.prepared(ready && cells.length === 0)
      }
      return Effect.map(
        swap([], upgrade, context, options, nobody),
        (share) => ({ ...share, failed: cells.map(({ pid }) => ({ pid, error })) })
      )
    }
  })
}

/** So many of the actors, evenly spread; `Infinity`: all. */
export const sampled = <A>(all: ReadonlyArray<A>, sample: number): ReadonlyArray<A> => {
  if (all.length <= sample) return all
  const step = all.length / sample
  return Array.from({ length: sample }, (_, at) => all[Math.floor(at * step)]!)
}

/** Rehearses the migrations of these actors. */
export const planCells = (
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  timeout: number
): Effect.Effect<Omit<Plan, "unreached">> =>
  Effect.gen(function*() {
    const turn = new Turn()
    const failures: Array<Plan["failures"][number]> = []
    for (const cell of cells) {
      const planned = planCell(cell, upgrade, timeout)
      const exit = doneOf(planned) ?? (yield* Effect.exit(planned))
      const [reason] = Exit.isFailure(exit) ? exit.cause.reasons : []
      if (reason?._tag === "Fail") failures.push({ pid: cell.pid, error: reason.error })
      if (turn.step(cell)) yield* turn.next
    }
    return { checked: cells.length, failures }
  })

/** Waits for the canaries. If too many crash, the whole group is brought back; interrupted, all canaries pass. */
const reported = (
  swaps: Effect.Effect<unknown>,
  group: Group,
  { canary }: Resolved,
  conductor: Conductor
): Effect.Effect<Share> => {
  const probation = canary === undefined
    ? swaps
    : swaps.pipe(
      Effect.andThen(Effect.suspend(() => conductor.verdict(group.settled, group))),
      Effect.flatMap((back) => back ? group.allBack : group.passed),
      Effect.onInterrupt(() => Effect.sync(() => group.giveUp()))
    )
  return Effect.map(probation, () => group.share)
}
