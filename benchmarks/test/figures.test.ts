// The arithmetic between a run and a table.
import { assert, it } from "vitest"
import { percentiles, Tally, xorshift32 } from "../src/measure.ts"
import { explain } from "../src/ours/absences.ts"
import { run } from "../src/run.ts"
import { bigOther } from "../src/shapes.ts"
import { figureOf, Figures } from "../src/summary.ts"
import { targets } from "../src/targets.ts"
import { bigActors, type Measured, roundSize, type Row, type Subject } from "../src/workload.ts"

const subjectOf = (measured: () => Promise<Measured>): Subject => ({
  name: "one",
  version: "1.0.0",
  programs: { count: measured },
  sizes: { count: 100 },
  cannot: { fair: "it has no clock" }
})
const cell = { n: undefined, quick: false } as const

it("a row has the fields of the page, then what the workload adds", async () => {
  const one = subjectOf(() => Promise.resolve({ completed: 100, seconds: 0.5, extra: { p50_us: 1.23456789 } }))
  assert.deepStrictEqual(await run(one, { ...cell, workload: "count" }), {
    peer: "one",
    version: "1.0.0",
    workload: "count",
    n: 100,
    completed: 100,
    seconds: 0.5,
    per_s: 200,
    ns_per_op: 5_000_000,
    p50_us: 1.23457
  })
})

it("work that is not complete is an error row", async () => {
  const row = await run(subjectOf(() => Promise.resolve({ completed: 99, seconds: 1 })), { ...cell, workload: "count" })
  assert.deepInclude(row, { completed: 99, error: "expected 100 completed, got 99", cannot: false })
})

it("a program that throws is an error row", async () => {
  const row = await run(subjectOf(() => Promise.reject(new Error("no"))), { ...cell, workload: "count" })
  assert.deepInclude(row, { completed: 0, error: "Error: no", cannot: false })
})

it("what a subject cannot do says why", async () => {
  const row = await run(subjectOf(() => Promise.reject(new Error("no"))), { ...cell, workload: "fair" })
  assert.deepInclude(row, { error: "it has no clock", cannot: true })
})

it("a program warms up with a tenth, and quick is a tenth of the subject's own size", async () => {
  const seen: Array<ReadonlyArray<number>> = []
  const one: Subject = {
    ...subjectOf(() => Promise.resolve({ completed: 0, seconds: 1 })),
    programs: {
      count: (n, warm) => {
        seen.push([n, warm])
        return Promise.resolve({ completed: n, seconds: 1 })
      }
    }
  }
  await run(one, { ...cell, workload: "count" })
  await run(one, { ...cell, workload: "count", quick: true })
  await run(one, { ...cell, workload: "count", n: 5 })
  assert.deepStrictEqual(seen, [[100, 10], [10, 1], [5, 1]])
})

it("sizes are rounded to what a workload can be", () => {
  assert.deepStrictEqual([1, 10, 99_999, 100_000, 1_000_000].map((n) => roundSize("skynet", n)), [
    10,
    10,
    10_000,
    100_000,
    1_000_000
  ])
  assert.deepStrictEqual([1, 600_000, 600_119].map((n) => roundSize("big", n)), [120, 600_000, 600_000])
})

it("percentiles are by nearest rank", () => {
  const samples = Float64Array.from({ length: 1000 }, (_, i) => 1000 - i)
  assert.deepStrictEqual(percentiles(samples), { p50: 500, p99: 990, p999: 999, max: 1000 })
  assert.deepStrictEqual(percentiles(Float64Array.of(7)), { p50: 7, p99: 7, p999: 7, max: 7 })
})

it("xorshift32 from 1 is Marsaglia's sequence", () => {
  const first = xorshift32(1)
  assert.deepStrictEqual([first, xorshift32(first)], [270_369, 67_634_689])
})

it("nobody in big pings itself, and everybody else can be hit", () => {
  const hit = new Set(Array.from({ length: bigActors - 1 }, (_, x) => bigOther(7, x)))
  assert.strictEqual(hit.size, bigActors - 1)
  assert.isFalse(hit.has(7))
})

it("a tally resolves at its target, and not before", async () => {
  const tally = new Tally()
  let done = false
  const expected = tally.expect(2).then(() => done = true)
  tally.hit()
  await Promise.resolve()
  assert.isFalse(done)
  tally.hit()
  await expected
  assert.strictEqual(tally.handled, 2)
})

it("the median of an even number of rounds is between the two in the middle", () => {
  assert.deepStrictEqual(figureOf([4, 1, 3, 2]), { median: 2.5, min: 1, max: 4 })
  assert.deepStrictEqual(figureOf([5]), { median: 5, min: 5, max: 5 })
  assert.isUndefined(figureOf([]))
})

const rowOf = (peer: string, ns: number, extra: Readonly<Record<string, number>> = {}): Row => ({
  peer,
  version: "1",
  workload: "random",
  n: 1,
  completed: 1,
  seconds: 1,
  per_s: 1,
  ns_per_op: ns,
  ...extra
})
const cellOf = (row: Row) => ({
  subject: row.peer,
  workload: row.workload,
  rows: [row],
  error: undefined,
  cannot: false
})

it("goals are ratios of medians of the same run; what was not measured is not judged", () => {
  const figures = new Figures([
    cellOf(rowOf("myrmidon", 200)),
    cellOf(rowOf("nact", 2100)),
    cellOf(rowOf("xstate", 1300)),
    cellOf(rowOf("js-limit", 100, { floor_ns: 80 }))
  ])
  const found = targets(figures).filter((target) => target.what.startsWith("`random`, native"))
  assert.deepStrictEqual(found.map(({ goal, met, reached }) => [goal, reached, met]), [
    [">= 10x nact", "10.5x", true],
    [">= 7x xstate", "6.5x", false],
    [">= 40x effect-queue", undefined, undefined],
    ["<= 4x", "2.5x", true]
  ])
})

it("a million actors are judged by the process that holds them, too", () => {
  const row = {
    ...rowOf("myrmidon", 300, { bytes_per_actor: 230, process_mb: 400 }),
    workload: "spawn-million" as const
  }
  const found = targets(new Figures([cellOf(row)])).filter((target) => target.what.includes("a million"))
  assert.deepStrictEqual(found.map(({ goal, met, reached }) => [goal, reached, met]), [
    ["<= 250 B", "230 B", true],
    ["<= 350 MB", "400 MB", false]
  ])
})

it("a cell with an error has no figure, whatever it measured before", () => {
  const figures = new Figures([{ ...cellOf(rowOf("nact", 5)), error: "mismatch" }])
  assert.isUndefined(figures.get("nact", "random", "ns_per_op"))
})

it("a long absence is ours without the collections in it, without waiting for a processor, and as far as it computed", () => {
  const absences = [
    { from: 0, to: 0.6, waited: 0, computed: 0.6 },
    { from: 10, to: 13, waited: 0, computed: 2.5 },
    { from: 20, to: 23, waited: 1, computed: 2 },
    { from: 30, to: 34, waited: 3.5, computed: 0.5 },
    // The host had the machine.
    { from: 40, to: 49, waited: 0, computed: 0.75 },
    // It waited for 2 ms, and whether while it collected is not known; of the second it is, nearly.
    { from: 50, to: 54, waited: 2, computed: 2 },
    { from: 60, to: 64, waited: 0.5, computed: 3.5 }
  ]
  // Before the first, two in the second, after the third, one each in the last two.
  const collections = [
    { startTime: -5, duration: 1 },
    { startTime: 10.5, duration: 1 },
    { startTime: 11.5, duration: 0.75 },
    { startTime: 23.5, duration: 1 },
    { startTime: 51, duration: 2 },
    { startTime: 61, duration: 2 }
  ]
  assert.deepStrictEqual(explain(absences, collections), {
    longest: 9,
    own: 2,
    over: 6,
    overOwn: 3,
    overUnsure: 1
  })
})
