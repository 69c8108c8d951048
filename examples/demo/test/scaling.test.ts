// The table of `--scaling`: medians, spreads and ratios of runs that are given.
import { assert, describe, it } from "@effect/vitest"
import { scalingTable } from "../src/scaling.ts"
import type { Figures } from "../src/run.ts"

const runs = (rates: ReadonlyArray<number>, crossing_share: number) =>
  rates.map((per_s) => ({ per_s, seconds: 10_000_000 / per_s, crossing_share, bytes_per_actor: 900 }) as Figures)

describe("the scaling table", () => {
  it("compares medians with the run on main alone", () => {
    const table = scalingTable([
      { isolates: 0, runs: runs([1_000_000, 3_000_000, 2_000_000], 0) },
      { isolates: 2, runs: runs([3_000_000, 2_900_000, 3_100_000], 0.0043) }
    ])
    assert.deepStrictEqual(table.split("\n"), [
      "| isolates | s | messages/s | of main alone | travellers that cross | bytes an actor |",
      "| --- | --- | --- | --- | --- | --- |",
      "| main alone | 5.0 | 2,000,000 (1,000,000 to 3,000,000) | 1.00x | 0.00 % | 900 |",
      "| 2 beside main | 3.3 | 3,000,000 (2,900,000 to 3,100,000) | 1.50x | 0.43 % | 900 |"
    ])
  })
})
