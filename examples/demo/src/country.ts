/**
 * One actor per country: it knows the last report of each of its cities, and kills those whose day has come. Their
 * supervisor starts them again at once, from that report; they sleep until the country publishes their new address the
 * day after. A killed city takes with it who had arrived and was not admitted yet: those are the losses of the ledger.
 *
 * Dawn goes round the isolate: a country wakes its cities some hundreds at a time, and hands on to the next country.
 */
import { Actor } from "@myrmidonjs/actor"
import { Effect } from "effect"
import type { Atlas } from "./atlas.ts"
import { mustArrive } from "./atlas.ts"
import type { Census } from "./census.ts"
import { degree } from "./geography.ts"
import * as Protocols from "./protocols.ts"

const { Dawn } = Protocols.City.messages
const { Wake } = Protocols.Country.messages
const { Sighting } = Protocols.Observer.messages
const { Done, Ready } = Protocols.Region.messages

/** Cities woken in one go: the groups under way stay few, and what they touch stays in the cache. */
const atOnce = 512

export interface CountryArgs {
  readonly atlas: Atlas
  /** Which of the countries of its isolate it is. */
  readonly place: number
  readonly from: number
  readonly to: number
  readonly known: Census
}

/** What goes into `Done`. */
interface Today {
  lost: number
  killed: number
  restarted: number
  handled: number
  strays: number
  vaccinated: number
  reached: Array<{ readonly city: number; readonly source: number }>
}

interface State extends CountryArgs {
  today: Today
  /** Dead on this day, in order. */
  down: ReadonlyArray<number>
  /** Where those who are back live, until the next day begins. */
  readonly back: Map<number, Actor.Ref<typeof Protocols.City>>
  /** Of these, how many the dawn has passed. */
  nextDown: number
  /** By row: how many neighbours are dead on this day. */
  readonly silent: Uint16Array
  /** Killed cities that are not back yet, then reports that are missing. */
  awaited: number
}

export const CountryLive = Protocols.Country.behavior({
  init: (args: CountryArgs): State => ({
    ...args,
    today: newDay(),
    down: [],
    back: new Map(),
    nextDown: 0,
    silent: new Uint16Array(args.to - args.from),
    awaited: 0
  }),
  handlers: {
    Prepare: (state, { down }, self) => {
      const { address, geography } = state.atlas
      const { from, to } = state
      state.today = newDay()
      state.today.handled++
      for (const [city, ref] of state.back) address[city] = ref
      state.today.restarted = state.back.size
      state.back.clear()
      state.silent.fill(0)
      for (const city of down) {
        for (let road = geography.first[city]; road < geography.first[city + 1]; road++) {
          const neighbour = geography.neighbour[road]
          if (neighbour >= from && neighbour < to) state.silent[neighbour - from]++
        }
      }
      state.down = down.filter((city) => city >= from && city < to)
      state.nextDown = 0
      state.awaited = state.down.length
      if (state.awaited === 0) return mustArrive(self.send(state.atlas.region, Ready({ moved: [] })))
      for (const city of state.down) loseArrivals(state, city - from)
      state.today.killed = state.down.length
      return Effect.forEach(state.down, (city) => Actor.kill(address[city]), { discard: true })
    },
    Back: (state, { city, ref }, self) => {
      state.back.set(city, ref)
      state.today.handled++
      if (--state.awaited > 0) return
      const moved = Array.from(state.back, ([city, ref]) => ({ city, ref }))
      const seenAbroad = moved.filter(({ city }) => state.atlas.isBorder[city] === 1)
      mustArrive(self.send(state.atlas.region, Ready({ moved: seenAbroad })))
    },
    Wake: (state, { day, from }, self) => {
      const { address, countries, geography } = state.atlas
      const { from: first, silent, to: end, today } = state
      if (from === first) state.awaited = end - first - state.down.length
      const to = Math.min(end, from + atOnce)
      const dawn = Dawn({ day, silent: 0 })
      for (let city = from; city < to; city++) {
        if (city === state.down[state.nextDown]) {
          state.nextDown++
          // Each living neighbour sends it a group all the same.
          today.strays += degree(geography, city) - silent[city - first]
          continue
        }
        const missing = silent[city - first]
        mustArrive(self.send(address[city], missing === 0 ? dawn : Dawn({ day, silent: missing })))
        // The dawn, its groups, and the report that comes of them.
        today.handled += 2 + degree(geography, city) - missing
      }
      today.handled++
      if (to < end) {
        mustArrive(self.tell(Wake({ day, from: to })))
        return
      }
      const next = countries[state.place + 1]
      if (next !== undefined) mustArrive(self.send(next.ref, Wake({ day, from: next.from })))
      // Every city is dead, and no report will come.
      if (state.down.length === end - first) mustArrive(self.send(state.atlas.region, Done(sumUp(state))))
    },
    Report: (state, report, self) => {
      const { known, today } = state
      const row = report.city - state.from
      known.susceptible[row] = report.susceptible
      known.infected[row] = report.infected
      known.recovered[row] = report.recovered
      known.waitingSusceptible[row] = report.waitingSusceptible
      known.waitingInfected[row] = report.waitingInfected
      known.waitingRecovered[row] = report.waitingRecovered
      today.vaccinated += report.vaccinated
      if (known.reached[row] === 0 && report.infected + report.waitingInfected > 0) {
        known.reached[row] = 1
        today.reached.push({ city: report.city, source: report.source })
      }
      if (--state.awaited > 0) return
      const observer = state.atlas.observers[state.place % state.atlas.observers.length]
      for (const { city } of today.reached) {
        // In one breath, to one small mailbox. Whether there is room is the observer's affair.
        self.send(observer, Sighting({ city, infected: known.infected[city - state.from] }))
      }
      mustArrive(self.send(state.atlas.region, Done(sumUp(state))))
    }
  }
})

const newDay = (): Today => ({ lost: 0, killed: 0, restarted: 0, handled: 0, strays: 0, vaccinated: 0, reached: [] })

/** Who had arrived in a city that is killed now existed in its memory alone. */
const loseArrivals = ({ known, today }: State, row: number): void => {
  today.lost += known.waitingSusceptible[row] + known.waitingInfected[row] + known.waitingRecovered[row]
  known.waitingSusceptible[row] = known.waitingInfected[row] = known.waitingRecovered[row] = 0
}

const sumUp = ({ known, today }: State) => {
  const waiting = total(known.waitingSusceptible) + total(known.waitingInfected) + total(known.waitingRecovered)
  return {
    susceptible: total(known.susceptible) + total(known.waitingSusceptible),
    infected: total(known.infected) + total(known.waitingInfected),
    recovered: total(known.recovered) + total(known.waitingRecovered),
    waiting,
    ...today
  }
}

const total = (column: Int32Array): number => {
  let sum = 0
  for (let row = 0; row < column.length; row++) sum += column[row]
  return sum
}
