/** Which actors a group swap is about. */
import * as Context from "effect/Context"
import type { ActorInfo } from "../Actor.ts"
import type { AnyRef } from "../ActorRef.ts"
import { ActorSystem } from "../ActorSystem.ts"
import { type Cell, cellOf } from "./cell.ts"
import { hostOf } from "./system.ts"
import type { UpgradeImpl } from "./upgrade.ts"

interface Selection {
  readonly where?: ((info: ActorInfo) => boolean) | undefined
  readonly tree?: AnyRef | undefined
}

const below = (root: Cell): ReadonlyArray<Cell> => {
  const found: Array<Cell> = []
  const todo = [root]
  // Of a child that is linked as well, both know.
  const seen = new Set<Cell>()
  const hooked = root.host.endHooks.byParent()
  for (let cell = todo.pop(); cell !== undefined; cell = todo.pop()) {
    for (const child of [...cell.life?.children?.all() ?? [], ...hooked.get(cell) ?? []]) {
      if (seen.has(child) || !child.host.shard.holds(child)) continue
      seen.add(child)
      found.push(child)
      todo.push(child)
    }
  }
  return found
}

const infoOf = (cell: Cell): ActorInfo | undefined => {
  const found = cell.host.shard.info(cell)
  const { program } = cell.bound
  return found === undefined
    ? undefined
    : { pid: cell.pid, name: cell.life?.name, protocol: program.protocol, version: program.version, ...found }
}

/** In order of their spawn, where no tree says otherwise. */
export const selectCells = (
  context: Context.Context<never>,
  upgrade: UpgradeImpl,
  selection: Selection | undefined
): ReadonlyArray<Cell> => {
  const { where, tree } = selection ?? {}
  const host = hostOf(Context.get(context as Context.Context<ActorSystem>, ActorSystem))
  const all = tree === undefined ? host.shard.cells() : below(cellOf(tree))
  const chosen: Array<Cell> = []
  for (const cell of all) {
    if (!upgrade.runs(cell)) continue
    if (where !== undefined) {
      const info = infoOf(cell)
      if (info === undefined || !where(info)) continue
    }
    chosen.push(cell)
  }
  return chosen
}
