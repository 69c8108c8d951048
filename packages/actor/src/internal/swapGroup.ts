/**
 * Swaps of many actors: one by one, so that nothing stands still for long, or all together.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import type { RolledBack, SwapError } from "../SwapError.ts"
import type { Cell } from "./cell.ts"
import {
  attempt,
  commit,
  doneOf,
  exited,
  quiet,
  refusal,
  type Resolved,
  rolledBack,
  standing,
  Still,
  swapCell,
  timedOut
} from "./hotSwap.ts"
import type { Canary } from "./swap.ts"
import { migrate, type UpgradeImpl } from "./upgrade.ts"

export interface Report {
  readonly swapped: number
  readonly rolledBack: ReadonlyArray<RolledBack>
  readonly failed: ReadonlyArray<{ readonly pid: Pid; readonly error: SwapError }>
  /** From the end of the last old message, or from when it was found idle, to readiness for the next; microseconds. */
  readonly pause: { readonly p50: number; readonly p99: number; readonly max: number }
}

/** ms of work before the event loop gets its turn. */
const turn = 0.4
/** Actors between two looks at the clock that decides about it. */
const look = 8
/** From so many on, to find them, and to sum up afterwards, are turns of their own. */
const crowd = 1_000

const quantile = (sorted: Float64Array, q: number): number =>
  sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!

const micros = (millis: number): number => Math.round(millis * 1e6) / 1e3

const pauses = (millis: ReadonlyArray<number>): Report["pause"] => {
  const sorted = Float64Array.from(millis).sort()
  return {
    p50: micros(quantile(sorted, 0.5)),
    p99: micros(quantile(sorted, 0.99)),
    max: micros(quantile(sorted, 1))
  }
}

/** What was swapped so far, so that all of it can be brought back. */
class Group {
  readonly swapped: Array<{ readonly cell: Cell; readonly canary: Canary | undefined }> = []
  readonly failed: Array<{ readonly pid: Pid; readonly error: SwapError }> = []
  readonly pauses: Array<number> = []
  readonly rolledBack: Array<RolledBack> = []
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  took(cell: Cell, exit: Exit.Exit<{ readonly canary: Canary | undefined }, SwapError>, millis: number): void {
    if (Exit.isFailure(exit)) {
      const [reason] = exit.cause.reasons
      if (reason?._tag === "Fail") this.failed.push({ pid: cell.pid, error: reason.error })
      return
    }
    const { canary } = exit.value
    this.swapped.push({ cell, canary })
    this.pauses.push(millis)
    canary?.onEnd((end) => {
      if (end !== undefined && !end.passed) this.rolledBack.push(rolledBack(cell, end.reason, end.handled))
    })
  }

  get isSpoilt(): boolean {
    return this.rolledBack.length >= this.most
  }

  /** Brings back whoever still runs the new version, youngest first. */
  bringAllBack(timeout: number): Effect.Effect<void> {
    const reason = this.rolledBack[0]?.reason ?? ExitReason.shutdown("rolled back with its group")
    const back = new Set(this.rolledBack.map(({ pid }) => pid))
    const rest = this.swapped.filter(({ cell }) => !back.has(cell.pid)).reverse()
    const passed: Array<Canary> = []
    for (const { canary } of rest) {
      if (canary === undefined) continue
      if (canary.isOver) passed.push(canary)
      else canary.rollBack(reason)
    }
    return Effect.forEach(passed, (canary) =>
      standing(canary.cell, timeout, () => canary.recall(reason)).pipe(
        Effect.matchEffect({
          onSuccess: (handled) =>
            Effect.sync(() => {
              if (handled !== undefined) this.rolledBack.push(rolledBack(canary.cell, reason, handled))
            }),
          onFailure: (error) => Effect.sync(() => void this.failed.push({ pid: canary.cell.pid, error }))
        })
      ), { discard: true })
  }

  get report(): Report {
    return {
      swapped: this.swapped.length - this.rolledBack.length,
      rolledBack: this.rolledBack,
      failed: this.failed,
      pause: pauses(this.pauses)
    }
  }
}

/** One after the other. After `maxRollbacks` crashes nobody else is swapped, and all are brought back. */
export const swapEach = (
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved
): Effect.Effect<Report> =>
  Effect.gen(function*() {
    const { canary } = options
    const group = new Group(canary?.maxRollbacks ?? Infinity)
    const isCrowd = cells.length >= crowd
    if (isCrowd) yield* Effect.yieldNow
    let began = performance.now()
    let before = began
    for (let at = 0; at < cells.length && !group.isSpoilt; at++) {
      const cell = cells[at]!
      const swap = swapCell(cell, upgrade, context, options, false)
      const exit = doneOf(swap) ?? (yield* Effect.exit(swap))
      const now = performance.now()
      group.took(cell, exit, now - before)
      before = now
      if (at % look === look - 1 && now - began > turn) {
        yield* Effect.yieldNow
        began = before = performance.now()
      }
    }
    if (isCrowd) yield* Effect.yieldNow
    return yield* settled(group, options)
  })

/** All held still, changed on copies, and let go again; nobody is changed when one of them fails. */
export const swapTogether = (
  cells: ReadonlyArray<Cell>,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved
): Effect.Effect<Report> =>
  Effect.suspend(() => {
    const { canary, timeout } = options
    const group = new Group(canary?.maxRollbacks ?? Infinity)
    const held: Array<Still> = []
    const began = performance.now()
    const change = Effect.gen(function*() {
      for (const cell of cells) {
        const refused = refusal(cell, upgrade, false)
        if (refused !== undefined) return yield* Effect.fail({ cell, error: refused })
        held.push(new Still(cell))
      }
      const states: Array<unknown> = []
      for (const cell of cells) {
        const state = Effect.andThen(quiet(cell), Effect.suspend(() => migrated(cell, upgrade)))
        states.push(yield* Effect.mapError(state, (error) => ({ cell, error })))
      }
      for (const cell of cells) {
        if (cell.life?.ended !== undefined) return yield* Effect.fail({ cell, error: exited(cell) })
      }
      // In one step: whoever looks sees all of them changed, or none.
      for (const [at, cell] of cells.entries()) {
        group.took(
          cell,
          Exit.succeed({ canary: commit(cell, upgrade, upgrade.bound(cell, context), states[at], options) }),
          0
        )
      }
    })
    const limited = timeout === Infinity ? change : Effect.timeoutOrElse(change, {
      duration: timeout,
      orElse: () => Effect.fail({ cell: cells[0]!, error: timedOut(timeout) })
    })
    return limited.pipe(
      Effect.catch(({ cell, error }) => Effect.sync(() => group.took(cell, Exit.fail(error), 0))),
      Effect.onExit(() =>
        Effect.sync(() => {
          for (const hold of held.reverse()) hold.release()
          group.pauses.fill(performance.now() - began)
        })
      ),
      Effect.andThen(settled(group, options))
    )
  })

const migrated = (cell: Cell, upgrade: UpgradeImpl): Effect.Effect<unknown, SwapError> =>
  Effect.flatMap(
    attempt(() => migrate(upgrade, cell.state)),
    (result) =>
      typeof result === "object" && result !== null && "state" in result
        ? Effect.succeed(result.state)
        : Effect.succeed(result)
  )

/** Waits for the canaries; spoilt, the whole group goes back. */
const settled = (group: Group, { canary, timeout }: Resolved): Effect.Effect<Report> =>
  Effect.suspend(() => {
    if (canary === undefined) return Effect.succeed(group.report)
    const open = group.swapped.flatMap(({ canary }) => canary === undefined ? [] : [canary])
    const ends = open.length === 0 ? Effect.void : Effect.callback<void>((resume) => {
      let left = open.length
      const one = (): void => {
        if (--left === 0 || group.isSpoilt) resume(Exit.void)
      }
      for (const canary of open) canary.onEnd(one)
      return Effect.sync(() => open.forEach((canary) => canary.pass()))
    })
    const waited = canary.within === Infinity
      ? ends
      : Effect.timeoutOrElse(ends, { duration: canary.within, orElse: () => Effect.void })
    return Effect.flatMap(waited, () => {
      if (group.isSpoilt) return Effect.map(group.bringAllBack(timeout), () => group.report)
      for (const canary of open) canary.pass()
      return Effect.succeed(group.report)
    })
  })
