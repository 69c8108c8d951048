/**
 * One actor per city. It carries the model (model.ts) and decides nothing: at dawn it admits who arrived, lives the
 * day and sends a group down every road; when each living neighbour has been heard of, it folds the arrivals and
 * reports. A neighbour may be faster: its group can arrive before the dawn here.
 */
import type { Actor } from "@myrmidonjs/actor"
import type { Atlas } from "./atlas.ts"
import { mustArrive } from "./atlas.ts"
import { degree } from "./geography.ts"
import { nextDraw } from "./hash.ts"
import { admit, arrive, depart, headcount, live, nobody } from "./model.ts"
import type { People, Travellers } from "./model.ts"
import * as Protocols from "./protocols.ts"

const { Travellers: Group } = Protocols.City.messages
const { Report } = Protocols.Country.messages

export interface CityArgs {
  readonly atlas: Atlas
  readonly city: number
  readonly country: Actor.Ref<typeof Protocols.Country>
  /** As last known. */
  readonly people: People
}

interface State {
  readonly atlas: Atlas
  readonly city: number
  readonly country: Actor.Ref<typeof Protocols.Country>
  readonly people: People
  /** Arrived, folded, to be admitted at dawn. */
  readonly waiting: People
  /** Today's groups, by slot. */
  readonly arrivals: Array<Travellers | undefined>
  heard: number
  /** -1 before dawn. */
  expected: number
}

export const CityLive = Protocols.City.behavior({
  init: ({ atlas, city, country, people }: CityArgs): State => ({
    atlas,
    city,
    country,
    people,
    waiting: nobody(),
    arrivals: Array.from({ length: degree(atlas.geography, city) }, (): Travellers | undefined => undefined),
    heard: 0,
    expected: -1
  }),
  handlers: {
    Dawn: (state, { day, silent }, self) => {
      const { atlas, city, people, waiting } = state
      const { first, neighbour, slot, volume } = atlas.geography
      admit(people, waiting)
      waiting.susceptible = waiting.infected = waiting.recovered = 0
      let random = live(people, atlas.seed, city, day)
      const whole = headcount(people)
      for (let road = first[city], end = first[city + 1]; road < end; road++) {
        const group = depart(people, slot[road], volume[road], whole, random)
        mustArrive(self.send(atlas.address[neighbour[road]], Group(group)))
        random = nextDraw(random)
      }
      state.expected = degree(atlas.geography, city) - silent
      if (state.heard === state.expected) mustArrive(self.send(state.country, dusk(state)))
    },
    Travellers: (state, group, self) => {
      state.arrivals[group.slot] = group
      if (++state.heard === state.expected) mustArrive(self.send(state.country, dusk(state)))
    }
  }
})

/** Everybody has been heard of: the day is folded and told. */
const dusk = (state: State) => {
  const { arrivals, atlas, city, people, waiting } = state
  const source = arrive(waiting, arrivals)
  arrivals.fill(undefined)
  state.heard = 0
  state.expected = -1
  return Report({
    city,
    susceptible: people.susceptible,
    infected: people.infected,
    recovered: people.recovered,
    waitingSusceptible: waiting.susceptible,
    waitingInfected: waiting.infected,
    waitingRecovered: waiting.recovered,
    source: source < 0 ? -1 : atlas.geography.neighbour[atlas.geography.first[city] + source]
  })
}
