/** Where a swap is done: in this isolate, in that of the actor, or in all that have actors of a group. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { ActorSystem } from "../ActorSystem.ts"
import { SwapError } from "../SwapError.ts"
import { elsewhere } from "./about.ts"
import type { Cell } from "./cell.ts"
import { awaitCanary, type Resolved, rollBack, swapCell } from "./hotSwap.ts"
import type { Host } from "./host.ts"
import type { Swaps } from "./isolates.ts"
import { planCells, readyIn, sampled, swapShare } from "./swapGroup.ts"
import { merged, type Plan, type Report } from "./swapReport.ts"
import { selectCells, type Selection } from "./swapSelect.ts"
import { hostOf } from "./system.ts"
import type { UpgradeImpl } from "./upgrade.ts"

/** Swaps one actor. The ref of it, as what it understands from then on. */
export const swapOne = (
  cell: Cell,
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  options: Resolved
): Effect.Effect<Cell, SwapError> => {
  const far = upgrade.key === undefined ? undefined : elsewhere(cell)?.swaps
  if (far !== undefined) return Effect.map(far.swap(cell, upgrade, options), () => speaking(cell, upgrade))
  const swapped = Effect.suspend(() => swapCell(cell, upgrade, context, options, true))
  return Effect.flatMap(
    upgrade.last.ready === undefined
      ? swapped
      : Effect.andThen(readyIn(upgrade.ready(cell.host), options.timeout), swapped),
    ({ canary }) =>
      canary === undefined ? Effect.succeed(cell) : Effect.flatMap(
        awaitCanary(canary, options.canary!.within),
        (reason) => reason === undefined ? Effect.succeed(cell) : Effect.fail(new SwapError({ reason }))
      )
  )
}

// What stands for it here understands what it understood when its ref was made.
const speaking = (cell: Cell, { last: { program } }: UpgradeImpl): Cell =>
  cell.bound.program.rpcs === program.rpcs
    ? cell
    : cell.host.shard.cellOf(cell.pid, cell.host.foreignOf(program, () => program))

export const rollBackOne = (
  cell: Cell,
  version: string | undefined,
  timeout: number
): Effect.Effect<void, SwapError> =>
  elsewhere(cell)?.swaps.rollBack(cell, version, timeout) ?? rollBack(cell, version, timeout)

const hostIn = (context: Context.Context<never>): Host =>
  hostOf(Context.get(context as Context.Context<ActorSystem>, ActorSystem))

// A group of one isolate, where there is no other or none could import the upgrade.
const everywhere = (context: Context.Context<never>, upgrade: UpgradeImpl): Swaps | undefined =>
  upgrade.key === undefined ? undefined : hostIn(context).isolates?.swaps

export const swapMany = (
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  selection: Selection,
  together: boolean,
  options: Resolved
): Effect.Effect<Report> => {
  const all = everywhere(context, upgrade)
  if (all !== undefined) return all.swapAll(upgrade, context, selection, together, options)
  const share = Effect.flatMap(
    selectCells(context, upgrade, selection),
    (cells) => swapShare(hostIn(context), cells, upgrade, context, together, options)
  )
  return Effect.map(share, (share) => merged([share], []))
}

export const planMany = (
  upgrade: UpgradeImpl,
  context: Context.Context<never>,
  selection: Selection,
  sample: number,
  timeout: number
): Effect.Effect<Plan> => {
  const all = everywhere(context, upgrade)
  if (all !== undefined) return all.plan(upgrade, context, selection, sample, timeout)
  return Effect.flatMap(
    selectCells(context, upgrade, selection),
    (cells) => Effect.map(planCells(sampled(cells, sample), upgrade, timeout), (plan) => ({ ...plan, unreached: [] }))
  )
}
