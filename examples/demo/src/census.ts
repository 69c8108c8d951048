/**
 * What a country knows of its cities: the last report of each, as columns; `city - from` is the row.
 *
 * This is the one thing that outlives a killed city. Owner: the country, which alone writes it; a city reads its row
 * when it starts.
 */
import { settle } from "./model.ts"
import type { People } from "./model.ts"

export interface Census {
  readonly susceptible: Int32Array
  readonly infected: Int32Array
  readonly recovered: Int32Array
  readonly waitingSusceptible: Int32Array
  readonly waitingInfected: Int32Array
  readonly waitingRecovered: Int32Array
  /** 1 from the day on which the infection came. */
  readonly reached: Uint8Array
}

/** Before the first day. */
export const firstCensus = (
  population: ArrayLike<number>,
  origin: number,
  { from, to }: { readonly from: number; readonly to: number }
): Census => {
  const size = to - from
  const census: Census = {
    susceptible: new Int32Array(size),
    infected: new Int32Array(size),
    recovered: new Int32Array(size),
    waitingSusceptible: new Int32Array(size),
    waitingInfected: new Int32Array(size),
    waitingRecovered: new Int32Array(size),
    reached: new Uint8Array(size)
  }
  for (let city = from; city < to; city++) {
    const people = settle(population[city], city === origin)
    census.susceptible[city - from] = people.susceptible
    census.infected[city - from] = people.infected
  }
  return census
}

/** Of a city, as an object of the asker's own. */
export const lastKnown = (census: Census, row: number): People => ({
  susceptible: census.susceptible[row],
  infected: census.infected[row],
  recovered: census.recovered[row]
})
