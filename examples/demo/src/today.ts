/** The account of a day, of a country, a region or the world: how it begins, and how two of them are one. */
import type { Today } from "./protocols.ts"

export const nothingYet = (): Today => ({
  susceptible: 0,
  infected: 0,
  recovered: 0,
  waiting: 0,
  lost: 0,
  killed: 0,
  restarted: 0,
  handled: 0,
  strays: 0,
  vaccinated: 0,
  reached: []
})

export const add = (sum: Today, part: Today): Today => ({
  susceptible: sum.susceptible + part.susceptible,
  infected: sum.infected + part.infected,
  recovered: sum.recovered + part.recovered,
  waiting: sum.waiting + part.waiting,
  lost: sum.lost + part.lost,
  killed: sum.killed + part.killed,
  restarted: sum.restarted + part.restarted,
  handled: sum.handled + part.handled,
  strays: sum.strays + part.strays,
  vaccinated: sum.vaccinated + part.vaccinated,
  reached: part.reached.length === 0 ? sum.reached : [...sum.reached, ...part.reached]
})
