// The picture and the progress display: every city is there, nothing is NaN, and a frame fits its terminal.
import { assert, describe, it } from "@effect/vitest"
import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { WriteStream } from "node:tty"
import { loadCities } from "../src/cities.ts"
import { makeGeography } from "../src/geography.ts"
import { originOf } from "../src/model.ts"
import { drawPoster } from "../src/picture/poster.ts"
import { writePicture } from "../src/picture/write.ts"
import { makeProgress } from "../src/progress.ts"
import type { Outcome } from "../src/run.ts"
import { table } from "../src/table.ts"
import { simulate } from "./oracle.ts"

const cities = loadCities(1_500)
const plan = { seed: 5, days: 9 }

const outcome = ((): Outcome => {
  const days = simulate(cities, makeGeography(cities), plan).map(({ reached, totals }, at) => ({
    day: at + 1,
    ...totals,
    waiting: 0,
    lost: 0,
    killed: 0,
    restarted: 0,
    handled: 0,
    strays: 0,
    vaccinated: 0,
    reached,
    byRegion: [2_000, 1_000]
  }))
  const reachedOn = new Uint16Array(cities.size)
  const source = new Int32Array(cities.size).fill(-1)
  for (const { day, reached } of days) {
    for (const one of reached) {
      reachedOn[one.city] = day
      source[one.city] = one.source
    }
  }
  const { infected, recovered, susceptible } = days[days.length - 1]
  return {
    history: { origin: originOf(plan.seed, cities.population), days, reachedOn, source },
    regions: [{ isolate: 1, cities: 1_000, handled: 2_000 }, { isolate: 2, cities: 500, handled: 1_000 }],
    ledger: { inCities: cities.people - 3, strayed: 2, lost: 1, start: cities.people },
    figures: {
      totals: { susceptible, infected, recovered },
      actors: 1_600,
      spawn_ms: 1,
      bytes_per_actor: 2,
      handled: 3,
      seconds: 4,
      per_s: 5,
      ask_p50_us: 6,
      ask_p99_us: 7,
      killed: 8,
      restarted: 8,
      restarts_by_supervisor: 8,
      vaccinated: 12,
      swapped: 13,
      swap_pause_p99_us: 14,
      rolled_back: 15,
      dead_letters: 9,
      overflowed: 10,
      ledger_ok: true,
      backend: "native",
      isolates: 2,
      crossing_share: 0.0043
    }
  }
})()

describe("the picture", () => {
  it("has a dot for every city, and no number that is none", () => {
    const svg = drawPoster(cities, outcome)
    assert.strictEqual(svg.split("h0").length - 1, cities.size)
    assert.notInclude(svg, "NaN")
    assert.notInclude(svg, "undefined")
  })

  it("is drawn when nothing has happened yet, and when there is one city", () => {
    const history = { ...outcome.history, reachedOn: new Uint16Array(1), source: new Int32Array(1).fill(-1), origin: 0 }
    assert.notInclude(
      drawPoster(loadCities(1), { ...outcome, history: { ...history, days: history.days.slice(0, 1) } }),
      "NaN"
    )
  })

  it("is written as SVG and as PNG", async () => {
    const folder = await mkdtemp(join(tmpdir(), "myrmidon-demo-"))
    try {
      const [svg, png] = await writePicture(cities, outcome, join(folder, "new"))
      assert.include(await readFile(svg, "utf8"), "</svg>")
      assert.deepStrictEqual([...(await readFile(png)).subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe("the progress", () => {
  const watch = (size: { readonly isTTY: boolean; readonly columns: number; readonly rows: number }) => {
    const written: Array<string> = []
    const out: WriteStream = Object.create(WriteStream.prototype, {
      isTTY: { value: size.isTTY },
      columns: { value: size.columns },
      rows: { value: size.rows },
      write: { value: (text: string) => written.push(text) > 0 }
    })
    const progress = makeProgress(out, () => cities, plan.days)
    progress.spawned(1_600, 3, outcome.regions)
    for (const day of outcome.history.days) {
      progress.day(day, { ...outcome.history, days: outcome.history.days.slice(0, day.day) }, 2)
    }
    progress.stop()
    return written
  }

  it("draws frames that fit the terminal, one over the other, and gives the cursor back", () => {
    for (const size of [{ columns: 200, rows: 24 }, { columns: 80, rows: 60 }]) {
      const frames = watch({ isTTY: true, ...size })
      const frame = frames[2].split("\n").length - 1
      assert.isTrue(frame < size.rows, `${frame} lines in ${size.rows}`)
      assert.isTrue(frames[2].startsWith(`\x1b[${frame}A`))
      assert.strictEqual(frames[frames.length - 1], "\x1b[?25h")
      assert.include(frames[2], "isolate 1 1.00 M/s, isolate 2 0.50 M/s")
    }
  })

  it("is plain lines where there is no terminal", () => {
    const lines = watch({ isTTY: false, columns: 0, rows: 0 })
    assert.strictEqual(lines.length, 1 + plan.days)
    assert.notInclude(lines.join(""), "\x1b")
  })
})

describe("the table", () => {
  it("spells out the ledger", () => {
    assert.include(table(outcome), "in cities + 2 in dead letters + 1 lost to kills")
  })

  it("says what each isolate has done, and of none where there is one alone", () => {
    assert.match(table(outcome), /- on isolate 2 +250, with 500 cities/)
    assert.include(table(outcome), "2 beside main; 0.43 % of the travellers")
    const alone = {
      ...outcome,
      regions: [{ isolate: 0, cities: 1_500, handled: 3_000 }],
      figures: { ...outcome.figures, isolates: 0 }
    }
    assert.notMatch(table(alone), /on isolate/)
    assert.include(table(alone), "main alone")
  })
})
