/**
 * What the metrics of a system count: of this isolate, and of the others as they said it last.
 */
import type { Host } from "./host.ts"

/** Of one isolate. The first three are of what is there now, the others only grow. */
export interface Figures {
  readonly queued: number
  readonly bytes: number
  readonly calls: number
  readonly crashes: number
  readonly tellsFailed: number
  readonly swaps: number
  readonly rollbacks: number
  readonly longSchedules: number
}

const nothing: Figures = {
  queued: 0,
  bytes: 0,
  calls: 0,
  crashes: 0,
  tellsFailed: 0,
  swaps: 0,
  rollbacks: 0,
  longSchedules: 0
}

/** What an isolate holds. `queued`: for actors of the program; what waits for its agent is none of theirs. */
export const statsOf = (host: Host): ReturnType<Host["shard"]["stats"]> => {
  const { shard } = host
  const stats = shard.stats()
  const agent = host.isolates?.agent
  const own = agent === undefined ? 0 : shard.info(agent)?.mailbox ?? 0
  return { ...stats, queued: stats.queued - own }
}

export const figuresOf = (host: Host): Figures => {
  const { bytes, calls, queued } = statsOf(host)
  const { crashes, longSchedules, rollbacks, swaps, tellsFailed } = host
  return { queued, bytes, calls, crashes, tellsFailed, swaps, rollbacks, longSchedules }
}

/** What the other isolates have said. */
export class FarFigures {
  private readonly latest = new Map<number, Figures>()
  /** Of those that have ended. */
  private past = nothing

  hear(isolate: number, figures: Figures): void {
    this.latest.set(isolate, figures)
  }

  /** An isolate has ended. What it held is gone, what it counted has happened. */
  down(isolate: number): void {
    const figures = this.latest.get(isolate)
    if (figures === undefined) return
    this.latest.delete(isolate)
    const { past } = this
    this.past = {
      ...nothing,
      crashes: past.crashes + figures.crashes,
      tellsFailed: past.tellsFailed + figures.tellsFailed,
      swaps: past.swaps + figures.swaps,
      rollbacks: past.rollbacks + figures.rollbacks,
      longSchedules: past.longSchedules + figures.longSchedules
    }
  }

  sum(column: keyof Figures): number {
    let sum = this.past[column]
    for (const figures of this.latest.values()) sum += figures[column]
    return sum
  }
}
