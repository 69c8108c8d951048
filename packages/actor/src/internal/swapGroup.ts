/**
 * Swaps of many actors: one by one, so that nothing stands still for long, or all together. A crowd is worked through in
 * turns of the event loop.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { SwapError } from "../SwapError.ts"
import type { Cell } from "./cell.ts"
import { isQuiet } from "./hold.ts"
import {
  commit,
  doneOf,
  exited,
  inTime,
  migrated,
  quiet,
  refusal,
  type Resolved,
  Still,
  swapCell,
  timedOut
} from "./hotSwap.ts"
import { Group, type Report } from "./swapReport.ts"
import { inTurns, Turn } from "./turn.ts"
import type { UpgradeImpl } from "./upgrade.ts"
import { watch } from "./watch.ts"

/** One after the other. After `maxRollbacks` crashes nobody else is swapped, and all are brought back. */
export const swapEach = (
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved
): Effect.Effect<Report> =>
  Effect.suspend(() => {
    const group = new Group(options)
    let next = 0
    const worker = Effect.gen(function*() {
      const turn = new Turn()
      let before = performance.now()
      while (next < cells.length && !group.isSpoilt) {
        const cell = cells[next++]!
        const swap = swapCell(cell, upgrade, context, options, false)
        const exit = doneOf(swap) ?? (yield* Effect.exit(swap))
        const now = performance.now()
        group.took(cell, exit, before, now)
        before = now
        if (!turn.step()) continue
        yield* turn.next
        before = performance.now()
      }
    })
    const workers = Math.min(options.concurrency, cells.length)
    const all = workers <= 1
      ? worker
      : Effect.all(Array.from({ length: workers }, () => worker), { concurrency: "unbounded", discard: true })
    return reported(all, group, options)
  })

/** Of a group that changes together: held still, `since` then or since its handler was done, with its next state. */
interface Held {
  readonly cell: Cell
  readonly still: Still
  since: number
  next: { readonly state: unknown } | undefined
}

/** Why nobody of a group is changed, and on whose account. */
interface Failure {
  readonly cell: Cell
  readonly error: SwapError
}

/**
 * All held still, changed on copies, and let go again; nobody is changed when a migration fails. Who has ended holds up
 * nobody.
 */
export const swapTogether = (
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved
): Effect.Effect<Report> =>
  Effect.suspend(() => {
    const { concurrency, timeout } = options
    const group = new Group(options)
    const all: Array<Held> = []
    const failed = (cell: Cell, error: SwapError): void => group.took(cell, Exit.fail(error), 0, 0)

    const holdAll = Effect.gen(function*() {
      const turn = new Turn()
      for (const cell of cells) {
        const refused = refusal(cell, upgrade, false)
        if (refused === undefined) {
          all.push({ cell, still: new Still(cell), since: performance.now(), next: undefined })
        } else if (refused.reason._tag === "ActorExited") failed(cell, refused)
        else return yield* Effect.fail<Failure>({ cell, error: refused })
        if (turn.step()) yield* turn.next
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
        held.since = performance.now()
        // Its message in hand may have crashed: it is told of with the reason once it has ended.
        return held.cell.host.shard.isAlive(held.cell) ? migrateOne(held) : ended(held.cell)
      })
    const migrateAll = Effect.gen(function*() {
      const turn = new Turn()
      const later: Array<Held> = []
      for (const held of all) {
        if (isQuiet(held.cell) && !upgrade.takesTime) yield* migrateOne(held)
        else later.push(held)
        if (turn.step()) yield* turn.next
      }
      yield* Effect.forEach(later, migrateLater, { concurrency, discard: true })
    })
    const prepared = inTime(Effect.andThen(holdAll, migrateAll), timeout, (): Failure => ({
      cell: (all.find(({ next }) => next === undefined)?.cell ?? cells[0])!,
      error: timedOut(timeout)
    }))
    // They all stand still: nobody handles a message of one version while another is changed.
    const commitAll = Effect.suspend(() =>
      inTurns(all, (held) => {
        const { cell, next } = held
        if (next === undefined || !cell.host.shard.holds(cell) || cell.life?.ended !== undefined) {
          return failed(cell, exited(cell))
        }
        const canary = commit(cell, upgrade, upgrade.bound(cell, context), next.state, options)
        group.took(cell, Exit.succeed({ canary, since: undefined }), held.since, performance.now())
      })
    )
    const releaseAll = Effect.suspend(() => inTurns(all.toReversed(), ({ still }) => still.release()))
    const change = Effect.onExit(
      Effect.matchEffect(prepared, {
        onFailure: ({ cell, error }) => Effect.sync(() => failed(cell, error)),
        onSuccess: () => Effect.uninterruptible(commitAll)
      }),
      () => releaseAll
    )
    return reported(change, group, options)
  })

const ended = (cell: Cell): Effect.Effect<void> =>
  Effect.suspend(() => {
    const held = watch(cell)
    return Effect.ensuring(Effect.asVoid(held.end), Effect.sync(() => held.stop()))
  })

/** Waits for the canaries; spoilt, the whole group goes back. Given up, there is no probation any more. */
const reported = (swaps: Effect.Effect<void>, group: Group, { canary }: Resolved): Effect.Effect<Report> => {
  const probation = canary === undefined
    ? swaps
    : swaps.pipe(
      Effect.andThen(group.settled),
      Effect.andThen(Effect.suspend(() => group.isSpoilt ? group.allBack : group.passed)),
      Effect.onInterrupt(() => Effect.sync(() => group.giveUp()))
    )
  return Effect.map(probation, () => group.report)
}
