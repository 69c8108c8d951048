/**
 * Who travels where: the roads between neighbouring cities and what they carry a day.
 *
 * Every city has a road to its two nearest neighbours and to the nearest town; towns, metropolises and megacities are
 * joined among themselves the same way, each kind over a longer distance, which is how an ocean is crossed. Roads run
 * both ways and carry as many people out as in, so a city keeps its size. Built once, read by everybody, never written
 * again.
 */
import { around, distance } from "geokdbush"
import KDBush from "kdbush"
import type { Cities } from "./cities.ts"

export interface Geography {
  /** The roads of city `c` are `first[c]` up to, not including, `first[c + 1]`, in order of the neighbour's index. */
  readonly first: Int32Array
  readonly neighbour: Int32Array
  /** People who take the road in a day. */
  readonly volume: Int32Array
  /** Which of the neighbour's roads this one is, counted from its first: where its sender stands in the fold. */
  readonly slot: Int32Array
  readonly roads: number
}

/** A city of at least `people` has a road to its `nearest` of this kind, and one to the nearest of the next kind. */
const kinds = [
  { people: 0, nearest: 2 },
  { people: 100_000, nearest: 3 },
  { people: 1_000_000, nearest: 6 },
  { people: 3_500_000, nearest: 16 }
]

export const makeGeography = (cities: Cities): Geography => {
  const { latitude, longitude, population, size } = cities
  const joined = Array.from({ length: size }, () => new Set<number>())
  const join = (a: number, b: number) => {
    joined[a].add(b)
    joined[b].add(a)
  }
  let lesser: ReadonlyArray<number> = []
  for (const kind of kinds) {
    const members = Array.from(population.keys()).filter((city) => population[city] >= kind.people)
    if (members.length < 2) break
    const nearestTo = nearestOf(cities, members)
    for (const city of members) for (const other of nearestTo(city, kind.nearest)) join(city, other)
    for (const city of lesser) {
      if (population[city] < kind.people) { for (const other of nearestTo(city, 1)) join(city, other) }
    }
    lesser = members
  }
  const first = new Int32Array(size + 1)
  for (let city = 0; city < size; city++) first[city + 1] = first[city] + joined[city].size
  const roads = first[size]
  const neighbour = new Int32Array(roads)
  const volume = new Int32Array(roads)
  for (let city = 0; city < size; city++) {
    neighbour.set([...joined[city]].sort((a, b) => a - b), first[city])
    for (let road = first[city]; road < first[city + 1]; road++) {
      const other = neighbour[road]
      // Both ends must come to the same number: the smaller index is always the first argument.
      const [a, b] = city < other ? [city, other] : [other, city]
      const km = Math.round(distance(longitude[a], latitude[a], longitude[b], latitude[b]))
      volume[road] = Math.max(1, Math.floor(Math.min(population[a], population[b]) * 5 / (100 + km)))
    }
  }
  const slot = new Int32Array(roads)
  // Cities in order write each neighbour's slots in order: a counter per city is all it takes.
  const met = new Int32Array(size)
  for (let city = 0; city < size; city++) {
    for (let road = first[city]; road < first[city + 1]; road++) slot[road] = met[neighbour[road]]++
  }
  return { first, neighbour, volume, slot, roads: roads / 2 }
}

/** How many neighbours a city has. */
export const degree = (geography: Geography, city: number): number => geography.first[city + 1] - geography.first[city]

/** The `count` members nearest to a city, itself left out. */
const nearestOf = (cities: Cities, members: ReadonlyArray<number>) => {
  const index = new KDBush(members.length)
  for (const city of members) index.add(cities.longitude[city], cities.latitude[city])
  index.finish()
  return (city: number, count: number): ReadonlyArray<number> =>
    around(index, cities.longitude[city], cities.latitude[city], count + 1).map((at) => members[at])
      .filter((other) => other !== city).slice(0, count)
}
