/** Which actors a group swap is about. In turns of the event loop, where there are many to look at. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ActorInfo } from "../Actor.ts"
import type { AnyRef } from "../ActorRef.ts"
import { ActorSystem } from "../ActorSystem.ts"
import type { Pid } from "../Pid.ts"
import { type Cell, cellOf } from "./cell.ts"
import { hostOf } from "./system.ts"
import { inTurns } from "./turn.ts"
import type { UpgradeImpl } from "./upgrade.ts"

interface Selection {
  readonly where?: ((info: ActorInfo) => boolean) | undefined
  readonly tree?: AnyRef | undefined
}

/** Everybody below `root`, while others may still be born there. */
function* below(root: Cell): Generator<Cell> {
  const todo = [root]
  for (let cell = todo.pop(); cell !== undefined; cell = todo.pop()) {
    for (const child of cell.life?.children?.all() ?? []) {
      if (!child.host.shard.holds(child)) continue
      yield child
      todo.push(child)
    }
  }
}

/** In order of their spawn. */
function* everybody(context: Context.Context<never>): Generator<Cell> {
  const { shard } = hostOf(Context.get(context as Context.Context<ActorSystem>, ActorSystem))
  for (const pid of shard.pids()) yield shard.cellOf(pid as Pid)
}

const infoOf = (cell: Cell): ActorInfo | undefined => {
  const found = cell.host.shard.info(cell)
  const { program } = cell.bound
  return found === undefined
    ? undefined
    : { pid: cell.pid, name: cell.life?.name, protocol: program.protocol, version: program.version, ...found }
}

export const selectCells = (
  context: Context.Context<never>,
  upgrade: UpgradeImpl,
  selection: Selection | undefined
): Effect.Effect<ReadonlyArray<Cell>> =>
  Effect.suspend(() => {
    const { where, tree } = selection ?? {}
    const chosen: Array<Cell> = []
    const all = tree === undefined ? everybody(context) : below(cellOf(tree))
    return Effect.as(
      inTurns(all, (cell) => {
        if (!upgrade.runs(cell)) return
        if (where !== undefined) {
          const info = infoOf(cell)
          if (info === undefined || !where(info)) return
        }
        chosen.push(cell)
      }),
      chosen
    )
  })
