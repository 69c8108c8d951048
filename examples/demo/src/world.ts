/**
 * The one actor that keeps the days apart: dawn breaks when every country is ready, and the day ends when every
 * country is done. Counts alone; a country that stays silent stops the world, and the caller's timeout says so.
 */
import { Deferred, Exit } from "effect"
import type { Atlas } from "./atlas.ts"
import { mustArrive } from "./atlas.ts"
import { downOn } from "./model.ts"
import * as Protocols from "./protocols.ts"

const { Prepare, Wake } = Protocols.Country.messages
const { Record } = Protocols.Reporter.messages

interface State {
  readonly atlas: Atlas
  sum: Protocols.Day
  answer: Deferred.Deferred<Protocols.Day>
  /** Countries that are not ready, then those that are not done. */
  awaited: number
}

export const WorldLive = Protocols.World.behavior({
  init: (atlas: Atlas): State => ({ atlas, sum: emptyDay(0), answer: Deferred.makeUnsafe(), awaited: 0 }),
  handlers: {
    Advance: (state, { day }, self) => {
      const { atlas } = state
      state.sum = emptyDay(day)
      state.answer = Deferred.makeUnsafe()
      state.awaited = atlas.countries.length
      const prepare = Prepare({ day, down: downOn(atlas.seed, atlas.cities.size, day, atlas.lastDay) })
      for (const country of atlas.countries) mustArrive(self.send(country.ref, prepare))
      // Answered when the last country is done; until then the world goes on listening.
      return state.answer
    },
    Ready: (state, _, self) => {
      if (--state.awaited > 0) return
      const { countries } = state.atlas
      state.awaited = countries.length
      const [first] = countries
      if (first !== undefined) mustArrive(self.send(first.ref, Wake({ day: state.sum.day, from: first.from })))
    },
    Done: (state, country, self) => {
      state.sum = add(state.sum, country)
      if (--state.awaited > 0) return
      const { atlas, sum } = state
      const { day, infected, recovered, susceptible } = sum
      mustArrive(self.send(atlas.reporter, Record({ day, susceptible, infected, recovered })))
      // Its own: the request, and two from each country.
      const whole = { ...sum, handled: sum.handled + 1 + 2 * atlas.countries.length }
      Deferred.doneUnsafe(state.answer, Exit.succeed(whole))
    }
  }
})

const emptyDay = (day: number): Protocols.Day => ({
  day,
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

const add = (sum: Protocols.Day, country: Omit<Protocols.Day, "day">): Protocols.Day => ({
  day: sum.day,
  susceptible: sum.susceptible + country.susceptible,
  infected: sum.infected + country.infected,
  recovered: sum.recovered + country.recovered,
  waiting: sum.waiting + country.waiting,
  lost: sum.lost + country.lost,
  killed: sum.killed + country.killed,
  restarted: sum.restarted + country.restarted,
  handled: sum.handled + country.handled,
  strays: sum.strays + country.strays,
  vaccinated: sum.vaccinated + country.vaccinated,
  reached: country.reached.length === 0 ? sum.reached : [...sum.reached, ...country.reached]
})
