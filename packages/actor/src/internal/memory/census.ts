/**
 * What is told of actors: of one, of the largest, of all. Linear in the slots; nothing here changes a cell.
 */
import type { Measure, ShardInfo, Usages } from "../shard.ts"
import { millisOf, reductionsOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { memoryOf } from "./footprint.ts"
import { lengthOf } from "./lanes.ts"
import { activePeers } from "./links.ts"
import { Ranking } from "./ranking.ts"
import type { Slab } from "./slab.ts"

export const infoOf = (cell: MemoryCell): ShardInfo => {
  const { flags } = cell
  return {
    status: (flags & (Is.Held | Is.Suspended)) !== 0
      ? "suspended"
      : (flags & (Is.Busy | Is.Starting)) !== 0
      ? "busy"
      : (flags & Is.Queued) !== 0
      ? "runnable"
      : "idle",
    mailbox: lengthOf(cell),
    held: heldBy(cell),
    reductions: reductionsOf(cell),
    millis: millisOf(cell),
    memory: memoryOf(cell),
    links: activePeers(cell).map((peer) => peer.pid)
  }
}

const heldBy = ({ aside }: MemoryCell): number => (aside?.holds?.length ?? 0) + (aside?.waiters?.size ?? 0)

/** The cells with one of these flags, in order of their spawn. */
export const inOrder = (slab: Slab, flags: number): Array<MemoryCell> => {
  const cells: Array<MemoryCell> = []
  let sorted = true
  for (let index = 1; index < slab.size; index++) {
    const cell = slab.at(index)
    if (cell === undefined || (cell.flags & flags) === 0) continue
    // Slots are given out in order until one is used again.
    if (cells.length > 0 && slab.byBirth(cells[cells.length - 1]!, cell) > 0) sorted = false
    cells.push(cell)
  }
  return sorted ? cells : cells.sort((a, b) => slab.byBirth(a, b))
}

/** The `n` largest by one measure, the largest first. */
export const topOf = (
  cells: ReadonlyArray<MemoryCell>,
  n: number,
  by: Measure
): ReadonlyArray<readonly [cell: MemoryCell, info: ShardInfo]> => {
  const ranking = new Ranking<MemoryCell>(n)
  const amount = amounts[by]
  for (const cell of cells) ranking.offer(cell, cell.pid, amount(cell))
  return ranking.ranked().map((cell) => [cell, infoOf(cell)])
}

const amounts: Readonly<Record<Measure, (cell: MemoryCell) => number>> = {
  reductions: reductionsOf,
  time: millisOf,
  mailbox: lengthOf,
  memory: memoryOf
}

export const usagesOf = (cells: ReadonlyArray<MemoryCell>): Usages => ({
  cells,
  reductions: column(cells, reductionsOf),
  millis: column(cells, millisOf),
  mailbox: column(cells, lengthOf),
  memory: column(cells, memoryOf)
})

export const pidsOf = (cells: ReadonlyArray<MemoryCell>): Float64Array => {
  // Not `from`, which takes ten times as long: a group swap begins with this.
  const pids = new Float64Array(cells.length)
  for (let at = 0; at < cells.length; at++) pids[at] = cells[at]!.pid
  return pids
}

const column = (cells: ReadonlyArray<MemoryCell>, of: (cell: MemoryCell) => number): Float64Array => {
  const numbers = new Float64Array(cells.length)
  for (let at = 0; at < cells.length; at++) numbers[at] = of(cells[at]!)
  return numbers
}
