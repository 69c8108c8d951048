// What isolates tell of themselves, and what becomes of it (G226).
import { assert, describe, it } from "@effect/vitest"
import type { BehaviorInfo } from "../../src/ActorSystem.ts"
import { FarFigures, type Figures } from "../../src/internal/figures.ts"
import type { Host } from "../../src/internal/host.ts"
import { TeamOverview } from "../../src/internal/isolate/overview.ts"
import { Reporter } from "../../src/internal/isolate/report.ts"
import type { Team } from "../../src/internal/isolate/team.ts"

const row = (of: Partial<BehaviorInfo>): BehaviorInfo => ({
  protocol: "P",
  version: "1",
  actors: 1,
  reductions: 0,
  millis: 0,
  mailbox: 2,
  memory: 3,
  ...of
})

const figures = (of: Partial<Figures>): Figures => ({
  queued: 0,
  bytes: 0,
  calls: 0,
  crashes: 0,
  tellsFailed: 0,
  swaps: 0,
  rollbacks: 0,
  longSchedules: 0,
  ...of
})

describe("what an isolate reports", () => {
  it("G226: accounts are told at most every thousandth of its time, figures always", () => {
    let now = 0
    let reads = 0
    const host = {
      clock: { now: () => now },
      accounts: {
        read: () => {
          reads++
          now += 4
          return new Map([[0, row({})]])
        }
      },
      shard: { stats: () => ({ bytes: 1, calls: 2, queued: 3 }) },
      crashes: 4,
      longSchedules: 5,
      rollbacks: 6,
      swaps: 7,
      tellsFailed: 8
    } as unknown as Host
    const reporter = new Reporter(host)
    const first = reporter.report()
    assert.deepStrictEqual(first.behaviors, [row({})])
    for (now of [1_000, 4_003]) assert.isNull(reporter.report().behaviors)
    assert.deepStrictEqual(reporter.report().figures, first.figures)
    assert.deepStrictEqual(Object.values(first.figures), [3, 1, 2, 4, 8, 7, 6, 5])
    now = 4_004
    assert.isNotNull(reporter.report().behaviors)
    assert.strictEqual(reads, 2)
  })

  it("G226: what an isolate had used never shrinks, and stays when it has ended; what it held does not", () => {
    const seen: Array<string> = []
    const host = { behaviorMetrics: { saw: ({ version }: BehaviorInfo) => seen.push(version) } }
    const overview = new TeamOverview({ host } as unknown as Team)
    overview.hear(1, [row({ reductions: 10, millis: 5 })])
    // One that is older, and was overtaken.
    overview.hear(1, [row({ reductions: 8, millis: 6 }), row({ version: "2", reductions: 1 })])
    overview.hear(2, [row({ reductions: 100 })])
    assert.deepStrictEqual(seen, ["1", "2", "1"])
    assert.deepStrictEqual(overview.latest, [
      row({ reductions: 10, millis: 6 }),
      row({ version: "2", reductions: 1 }),
      row({ reductions: 100 })
    ])
    overview.down(1)
    overview.down(2)
    assert.deepStrictEqual(overview.latest, [
      row({ actors: 0, mailbox: 0, memory: 0, reductions: 110, millis: 6 }),
      row({ version: "2", actors: 0, mailbox: 0, memory: 0, reductions: 1 })
    ])
    const far = new FarFigures()
    far.hear(1, figures({ queued: 3, crashes: 1 }))
    far.hear(1, figures({ queued: 2, crashes: 2 }))
    far.hear(2, figures({ queued: 1, crashes: 1, bytes: 9 }))
    assert.deepStrictEqual([far.sum("queued"), far.sum("crashes"), far.sum("bytes")], [3, 3, 9])
    far.down(1)
    far.down(2)
    far.down(2)
    assert.deepStrictEqual([far.sum("queued"), far.sum("crashes"), far.sum("bytes")], [0, 3, 0])
  })
})
