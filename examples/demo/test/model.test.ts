// The epidemic as pure functions: people are neither made nor lost, and nothing depends on an order or a float.
import { assert, describe, it } from "@effect/vitest"
import { draw, mix } from "../src/hash.ts"
import {
  admit,
  arrive,
  depart,
  downOn,
  headcount,
  isKilled,
  live,
  nobody,
  originOf,
  settle,
  share
} from "../src/model.ts"
import type { People, Travellers } from "../src/model.ts"

describe("hash", () => {
  it("gives the numbers that every other language has to give", () => {
    assert.deepStrictEqual([mix(0), mix(1), mix(0xffffffff)], [0, 1364076727, 2180083513])
    assert.deepStrictEqual([draw(1, 0, 1), draw(1, 1, 1), draw(1, 0, 2), draw(2, 0, 1)].length, 4)
    assert.strictEqual(new Set([draw(1, 0, 1), draw(1, 1, 1), draw(1, 0, 2), draw(2, 0, 1)]).size, 4)
  })

  it("is even: each of 16 buckets gets its part of 160,000 draws, within 5 %", () => {
    const buckets = Array.from({ length: 16 }, () => 0)
    for (let city = 0; city < 400; city++) for (let day = 0; day < 400; day++) buckets[draw(7, city, day) & 15]++
    for (const bucket of buckets) assert.isTrue(Math.abs(bucket - 10_000) < 500, String(bucket))
  })
})

describe("share", () => {
  it("agrees with exact integers at the largest city there is", () => {
    const largest = 22_315_474
    const cases = [[largest * largest / 4, 40, largest * 32], [largest, 3, 4], [7, 1, 3], [0, 5, 9], [5, 0, 9]] as const
    for (const [amount, part, whole] of cases) {
      for (const random of [0, 1 << 20, 0x80000000, 0xffffffff]) {
        const product = BigInt(amount) * BigInt(part)
        const rest = product % BigInt(whole)
        const up = rest * 0x200000n > BigInt(random >>> 11) * BigInt(whole) ? 1n : 0n
        assert.strictEqual(BigInt(share(amount, part, whole, random)), product / BigInt(whole) + up)
      }
    }
  })

  it("is exact in the mean", () => {
    let sum = 0
    for (let at = 0; at < 100_000; at++) sum += share(1, 1, 3, draw(3, at, 0))
    assert.isTrue(Math.abs(sum - 33_333) < 500, String(sum))
  })
})

describe("a day of a city", () => {
  const city = (): People => ({ susceptible: 9_000, infected: 800, recovered: 200 })

  it("keeps its headcount while it lives", () => {
    const people = city()
    for (let day = 1; day < 200; day++) {
      live(people, 1, 5, day)
      assert.strictEqual(headcount(people), 10_000)
      assert.isTrue(people.susceptible >= 0 && people.infected >= 0 && people.recovered >= 0)
    }
    assert.strictEqual(people.infected, 0)
    assert.isTrue(people.recovered > 9_000)
  })

  it("stays healthy when nobody is infected", () => {
    const people = { susceptible: 10, infected: 0, recovered: 3 }
    live(people, 1, 5, 1)
    assert.deepStrictEqual(people, { susceptible: 10, infected: 0, recovered: 3 })
  })

  it("sends away whom it had, and nobody twice", () => {
    const people = city()
    const gone = nobody()
    for (let road = 0; road < 500; road++) admit(gone, depart(people, road, 40, 10_000, draw(1, road, 0)))
    assert.strictEqual(headcount(people) + headcount(gone), 10_000)
    assert.isTrue(people.susceptible >= 0 && people.infected >= 0 && people.recovered >= 0)
  })

  it("sends an empty group when nobody is left", () => {
    assert.deepStrictEqual(depart(nobody(), 4, 40, 0, 1), { slot: 4, susceptible: 0, infected: 0, recovered: 0 })
  })

  it("folds arrivals by sender, whatever order they came in", () => {
    const groups: ReadonlyArray<Travellers> = [
      { slot: 0, susceptible: 5, infected: 0, recovered: 0 },
      { slot: 3, susceptible: 1, infected: 2, recovered: 0 },
      { slot: 1, susceptible: 0, infected: 1, recovered: 9 }
    ]
    const fold = (order: ReadonlyArray<Travellers>) => {
      const arrivals: Array<Travellers | undefined> = []
      for (const group of order) arrivals[group.slot] = group
      const waiting = nobody()
      return { source: arrive(waiting, arrivals), waiting }
    }
    const folded = fold(groups)
    assert.deepStrictEqual(folded, { source: 1, waiting: { susceptible: 6, infected: 3, recovered: 9 } })
    assert.deepStrictEqual(fold([...groups].reverse()), folded)
  })
})

describe("kills", () => {
  it("take about one city in 400 a day, none on the first and the last", () => {
    assert.deepStrictEqual([downOn(1, 10_000, 1, 9), downOn(1, 10_000, 9, 9)], [[], []])
    const down = downOn(1, 135_233, 5, 9)
    assert.isTrue(down.length > 280 && down.length < 400, String(down.length))
    assert.isTrue(down.every((city) => isKilled(1, city, 5)))
  })
})

describe("the beginning", () => {
  it("is one of the largest cities, by the seed", () => {
    const population = Array.from({ length: 1000 }, (_, city) => city)
    for (let seed = 0; seed < 50; seed++) assert.isTrue(originOf(seed, population) >= 940)
  })

  it("never infects more people than there are", () => {
    assert.deepStrictEqual(settle(30, true), { susceptible: 0, infected: 30, recovered: 0 })
    assert.deepStrictEqual(settle(30, false), { susceptible: 30, infected: 0, recovered: 0 })
  })
})
