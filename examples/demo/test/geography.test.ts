// The map: the real cities, and roads that both ends agree on.
import { assert, describe, it } from "@effect/vitest"
import { allCities, countryOf, loadCities } from "../src/cities.ts"
import { degree, makeGeography } from "../src/geography.ts"

const cities = loadCities(3_000)
const geography = makeGeography(cities)

describe("cities", () => {
  it("are the largest, each country in one piece", () => {
    assert.strictEqual(allCities, 135_233)
    assert.strictEqual(cities.size, 3_000)
    assert.strictEqual(new Set(cities.countries.map(({ code }) => code)).size, cities.countries.length)
    assert.strictEqual(cities.countries.reduce((sum, { from, to }) => sum + to - from, 0), 3_000)
    assert.isTrue(cities.population.every((people) => people > 100_000))
    for (const country of cities.countries) {
      assert.deepStrictEqual(countryOf(cities, country.from), country)
      assert.deepStrictEqual(countryOf(cities, country.to - 1), country)
    }
  })
})

describe("roads", () => {
  it("run both ways, carry the same, and know their slot at the other end", () => {
    for (let city = 0; city < cities.size; city++) {
      for (let road = geography.first[city]; road < geography.first[city + 1]; road++) {
        const other = geography.neighbour[road]
        assert.notStrictEqual(other, city)
        const back = geography.first[other] + geography.slot[road]
        assert.strictEqual(geography.neighbour[back], city)
        assert.strictEqual(geography.volume[back], geography.volume[road])
        assert.isTrue(geography.volume[road] >= 1)
      }
    }
    assert.strictEqual(geography.roads * 2, geography.neighbour.length)
  })

  it("lead from everywhere to everywhere", () => {
    const reached = new Set([0])
    for (const city of reached) {
      for (let road = geography.first[city]; road < geography.first[city + 1]; road++) {
        reached.add(geography.neighbour[road])
      }
    }
    assert.strictEqual(reached.size, cities.size)
  })

  it("are none for a single city", () => {
    assert.strictEqual(degree(makeGeography(loadCities(1)), 0), 0)
  })
})
