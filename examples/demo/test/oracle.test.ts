// The run without actors: the order of delivery does not matter, and the books balance every day.
import { assert, describe, it } from "@effect/vitest"
import { loadCities } from "../src/cities.ts"
import { makeGeography } from "../src/geography.ts"
import { headcount } from "../src/model.ts"
import { simulate } from "./oracle.ts"

const cities = loadCities(2_000)
const geography = makeGeography(cities)

describe("the run without actors", () => {
  it("comes to the same days in any order of delivery", () => {
    const straight = simulate(cities, geography, { seed: 3, days: 12 })
    for (const order of [1, 2, 3]) {
      assert.deepStrictEqual(simulate(cities, geography, { seed: 3, days: 12, order }), straight)
    }
  })

  it("is another epidemic with another seed", () => {
    assert.notDeepEqual(
      simulate(cities, geography, { seed: 3, days: 3 }),
      simulate(cities, geography, { seed: 4, days: 3 })
    )
  })

  it("balances every day", () => {
    const days = simulate(cities, geography, { seed: 3, days: 20 })
    for (const { lost, strayed, totals } of days) assert.strictEqual(headcount(totals) + strayed + lost, cities.people)
    const last = days[days.length - 1]
    assert.isTrue(last.strayed > 0 && last.lost > 0 && last.totals.recovered > 0)
  })
})
