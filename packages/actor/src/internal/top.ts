/** What an actor looks like from outside, and which actors have most of something. */
import type { ActorInfo } from "../Actor.ts"
import type { Cell } from "./cell.ts"
import type { Host } from "./host.ts"
import { invalid } from "./invalid.ts"
import type { Measure, ShardInfo } from "./shard.ts"

const longest = 10_000
const measures: ReadonlyArray<unknown> = ["reductions", "time", "mailbox", "memory"] satisfies ReadonlyArray<Measure>

export const infoOf = (cell: Cell, found: ShardInfo): ActorInfo => ({
  pid: cell.pid,
  name: cell.life?.name,
  protocol: cell.bound.program.protocol,
  version: cell.bound.program.version,
  ...found
})

/** Throws `InvalidOption`. */
export const topOf = (host: Host, n: number, by: Measure): ReadonlyArray<ActorInfo> => {
  if (!Number.isInteger(n) || n < 1 || n > longest) {
    throw invalid("n", `a whole number from 1 to ${longest}`, n)
  }
  if (!measures.includes(by)) {
    throw invalid("by", `one of ${measures.join(", ")}`, by)
  }
  const agent = host.isolates?.agent
  if (agent === undefined) return host.shard.top(n, by).map(([cell, found]) => infoOf(cell, found))
  // It is none of the program's actors.
  const most = host.shard.top(n + 1, by).filter(([cell]) => cell !== agent)
  return most.slice(0, n).map(([cell, found]) => infoOf(cell, found))
}
