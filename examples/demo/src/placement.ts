/**
 * Which isolate each country lives on: so that all have as much to do, and as few roads as possible lead from one to
 * another. A country stays whole: its supervisor and its cities are its neighbours.
 *
 * Countries are given out, the largest first, each to where most of its roads lead already, as far as there is room (the
 * greedy rule of streaming graph partitioners); then moves and exchanges follow, for as long as one takes roads away.
 */
import type { Cities } from "./cities.ts"
import type { Geography } from "./geography.ts"

/** An isolate may have so much more than its fair share of the work. */
const slack = 1.03

export interface Placement {
  /** By country: its part, counted from 0. */
  readonly partOf: ReadonlyArray<number>
  /** Roads that lead from one part to another. */
  readonly crossing: number
}

/** In so many parts; of more parts than countries some stay empty. */
export const placeCountries = (cities: Cities, geography: Geography, parts: number): Placement => {
  const { roads, work } = countryGraph(cities, geography)
  const room = work.reduce((sum, each) => sum + each, 0) / parts * slack
  const partition = new Partition(roads, work, parts)
  const largestFirst = [...work.keys()].sort((a, b) => work[b] - work[a] || a - b)
  for (const country of largestFirst) partition.put(country, bestFor(partition, country, room))
  while (improve(partition, largestFirst, room));
  return { partOf: partition.of, crossing: partition.crossing() }
}

/** A graph of countries that is being cut into parts. */
class Partition {
  readonly of: Array<number>
  readonly load: Array<number>
  readonly parts: number
  readonly work: ReadonlyArray<number>
  readonly #roads: ReadonlyArray<ReadonlyMap<number, number>>
  /** By country and part. */
  readonly #roadsTo: Array<Int32Array>

  constructor(roads: ReadonlyArray<ReadonlyMap<number, number>>, work: ReadonlyArray<number>, parts: number) {
    this.#roads = roads
    this.work = work
    this.parts = parts
    this.of = work.map(() => -1)
    this.load = new Array<number>(parts).fill(0)
    this.#roadsTo = work.map(() => new Int32Array(parts))
  }

  roadsTo(country: number, part: number): number {
    return this.#roadsTo[country][part]
  }

  roadsBetween(a: number, b: number): number {
    return this.#roads[a].get(b) ?? 0
  }

  put(country: number, part: number): void {
    const before = this.of[country]
    this.of[country] = part
    this.load[part] += this.work[country]
    if (before >= 0) this.load[before] -= this.work[country]
    for (const [other, count] of this.#roads[country]) {
      this.#roadsTo[other][part] += count
      if (before >= 0) this.#roadsTo[other][before] -= count
    }
  }

  /** Roads that would not cross any more if the country were there. */
  gain(country: number, part: number): number {
    return this.#roadsTo[country][part] - this.#roadsTo[country][this.of[country]]
  }

  crossing(): number {
    const ends = this.#roadsTo.map((to, country) => to.reduce((sum, count) => sum + count, 0) - to[this.of[country]])
    return ends.reduce((sum, count) => sum + count, 0) / 2
  }
}

const bestFor = (partition: Partition, country: number, room: number): number => {
  const { load, parts, work } = partition
  let best = 0
  let bestScore = -Infinity
  for (let part = 0; part < parts; part++) {
    const left = 1 - (load[part] + work[country]) / room
    // The first ones have no neighbours yet: the emptiest part, then. So it is for one that is too large for any.
    const score = left < 0 ? left * 1e9 : (partition.roadsTo(country, part) + 1e-3) * left
    if (score > bestScore) {
      bestScore = score
      best = part
    }
  }
  return best
}

/** One round of moves and exchanges; false: there was none that helps. */
const improve = (partition: Partition, countries: ReadonlyArray<number>, room: number): boolean => {
  const { load, of, parts, work } = partition
  let improved = false
  const fits = (part: number, more: number): boolean => load[part] + more <= room
  for (const a of countries) {
    for (let part = 0; part < parts; part++) {
      if (partition.gain(a, part) <= 0 || !fits(part, work[a])) continue
      partition.put(a, part)
      improved = true
    }
    for (const b of countries) {
      const [here, there] = [of[a], of[b]]
      // A road between the two crosses after the exchange as before.
      const gain = partition.gain(a, there) + partition.gain(b, here) - 2 * partition.roadsBetween(a, b)
      if (gain <= 0 || !fits(there, work[a] - work[b]) || !fits(here, work[b] - work[a])) continue
      partition.put(a, there)
      partition.put(b, here)
      improved = true
    }
  }
  return improved
}

/** How many roads lead between two countries, and how many messages each handles in a day. */
const countryGraph = ({ countries, size }: Cities, { first, neighbour }: Geography) => {
  const countryOf = new Int32Array(size)
  countries.forEach(({ from, to }, country) => countryOf.fill(country, from, to))
  const roads = countries.map(() => new Map<number, number>())
  const work = countries.map(({ from, to }, country) => {
    for (let road = first[from]; road < first[to]; road++) {
      // A road that leads off the map crashes whoever takes it, and is not looked for here.
      const other = countryOf[neighbour[road]] ?? country
      if (other !== country) roads[country].set(other, (roads[country].get(other) ?? 0) + 1)
    }
    // A dawn and a report a city, and a group a road.
    return 2 * (to - from) + first[to] - first[from]
  })
  return { roads, work }
}
