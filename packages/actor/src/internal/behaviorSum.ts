/** Rows of behaviours from several isolates as one list. */
import type { BehaviorInfo } from "../ActorSystem.ts"

export const behaviorKey = ({ protocol, version }: Pick<BehaviorInfo, "protocol" | "version">): string =>
  JSON.stringify([protocol, version])

/** Adds rows of the same behaviour; the order is that of their first sight. */
export const behaviorSums = (rows: Iterable<BehaviorInfo>): ReadonlyMap<string, BehaviorInfo> => {
  const sums = new Map<string, BehaviorInfo>()
  for (const row of rows) {
    const key = behaviorKey(row)
    const sum = sums.get(key)
    sums.set(
      key,
      sum === undefined ? row : {
        ...row,
        actors: sum.actors + row.actors,
        reductions: sum.reductions + row.reductions,
        millis: sum.millis + row.millis,
        mailbox: sum.mailbox + row.mailbox,
        memory: sum.memory + row.memory
      }
    )
  }
  return sums
}
