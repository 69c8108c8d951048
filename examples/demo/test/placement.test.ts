// Countries over isolates: everybody has as much to do, and few roads lead from one to another.
import { assert, describe, it } from "@effect/vitest"
import { loadCities } from "../src/cities.ts"
import { makeGeography } from "../src/geography.ts"
import { placeCountries } from "../src/placement.ts"

const cities = loadCities(20_000)
const geography = makeGeography(cities)
const { first, neighbour } = geography

/** Counted by hand: what each part handles in a day, and the roads between two parts. */
const measure = (partOf: ReadonlyArray<number>, parts: number) => {
  const partOfCity = new Int32Array(cities.size)
  cities.countries.forEach(({ from, to }, country) => partOfCity.fill(partOf[country], from, to))
  const work = new Array<number>(parts).fill(0)
  let ends = 0
  for (let city = 0; city < cities.size; city++) {
    work[partOfCity[city]] += 2 + first[city + 1] - first[city]
    for (let road = first[city]; road < first[city + 1]; road++) {
      if (partOfCity[neighbour[road]] !== partOfCity[city]) ends++
    }
  }
  return { work, crossing: ends / 2 }
}

describe("the placement", () => {
  it.each([1, 2, 3, 4])("shares the work among %s isolates, to some per cent", (parts) => {
    const { crossing, partOf } = placeCountries(cities, geography, parts)
    const { crossing: counted, work } = measure(partOf, parts)
    assert.strictEqual(crossing, counted)
    const fair = work.reduce((sum, each) => sum + each, 0) / parts
    for (const each of work) assert.isBelow(Math.abs(each / fair - 1), 0.07, String(work))
  })

  it("lets fewer roads cross than turns would, by far", () => {
    const byTurns = measure(cities.countries.map((_, country) => country % 2), 2)
    const { crossing } = placeCountries(cities, geography, 2)
    assert.isAbove(crossing, 0)
    assert.isBelow(crossing, byTurns.crossing / 4)
  })

  it("gives the largest country an isolate of its own when it is more than a fair share", () => {
    const { partOf } = placeCountries(cities, geography, 32)
    const largest = cities.countries.reduce((a, b) => a.to - a.from >= b.to - b.from ? a : b)
    const part = partOf[cities.countries.indexOf(largest)]
    assert.strictEqual(partOf.filter((each) => each === part).length, 1)
  })

  it("leaves parts empty when there are not as many countries", () => {
    const few = loadCities(3)
    const { crossing, partOf } = placeCountries(few, makeGeography(few), 8)
    assert.isTrue(partOf.every((part) => part >= 0 && part < 8))
    assert.strictEqual(new Set(partOf).size, few.countries.length)
    assert.isAtLeast(crossing, 0)
  })
})
