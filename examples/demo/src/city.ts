/**
 * One actor per city. It carries the model (model.ts) and decides nothing: at dawn it admits who arrived, lives the
 * day and sends a group down every road; when each living neighbour has been heard of, it folds the arrivals and
 * reports. A neighbour may be faster: its group can arrive before the dawn here.
 *
 * There are three versions of it, and a run goes through all of them: `CityLive` knows no vaccine; `CityV2` does, and
 * its state gains a field; `CityV3` is a mistake that crashes on whatever it is sent first. The day of a swap is lived
 * alike by the first two, so that the people of a run do not depend on which message of the day a city was swapped at.
 */
import { type Actor, HotSwap, type Self } from "@myrmidonjs/actor"
import type { Atlas } from "./atlas.ts"
import { mustArrive } from "./atlas.ts"
import { lastKnown } from "./census.ts"
import { degree } from "./geography.ts"
import { nextDraw } from "./hash.ts"
import { admit, arrive, depart, headcount, live, nobody, vaccinate } from "./model.ts"
import type { People, Travellers } from "./model.ts"
import * as Protocols from "./protocols.ts"

const { Travellers: Group } = Protocols.City.messages
const { Back, Report } = Protocols.Country.messages

export interface CityArgs {
  readonly atlas: Atlas
  readonly city: number
  readonly country: Actor.Ref<typeof Protocols.Country>
  /** Which of the countries of its isolate that is. */
  readonly place: number
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

interface StateV2 extends State {
  /** Today. */
  vaccinated: number
}

/** A city begins with the people of the census, also when its supervisor starts it again. */
const settleIn = ({ atlas, city, country, place }: CityArgs): State => ({
  atlas,
  city,
  country,
  people: lastKnown(atlas.countries[place].census, city - atlas.countries[place].from),
  waiting: nobody(),
  arrivals: Array.from({ length: degree(atlas.geography, city) }, (): Travellers | undefined => undefined),
  heard: 0,
  expected: -1
})

type Sender = Pick<Self.Any, "send">

/** The first half of a city's day. `vaccine`: gives it to some of those who are here, and says to how many. */
const dawn = (
  state: State,
  { day, silent }: { readonly day: number; readonly silent: number },
  self: Sender,
  vaccine?: (people: People) => void
): void => {
  const { atlas, city, people, waiting } = state
  const { first, neighbour, slot, volume } = atlas.geography
  admit(people, waiting)
  waiting.susceptible = waiting.infected = waiting.recovered = 0
  vaccine?.(people)
  let random = live(people, atlas.seed, city, day)
  const whole = headcount(people)
  for (let road = first[city], end = first[city + 1]; road < end; road++) {
    const group = depart(people, slot[road], volume[road], whole, random)
    mustArrive(self.send(atlas.address[neighbour[road]], Group(group)))
    random = nextDraw(random)
  }
  state.expected = degree(atlas.geography, city) - silent
}

/** Everybody has been heard of: the day is folded and told. */
const dusk = (state: State, self: Sender, vaccinated: number): void => {
  if (state.heard !== state.expected) return
  const { arrivals, atlas, city, country, people, waiting } = state
  const source = arrive(waiting, arrivals)
  arrivals.fill(undefined)
  state.heard = 0
  state.expected = -1
  mustArrive(self.send(
    country,
    Report({
      city,
      susceptible: people.susceptible,
      infected: people.infected,
      recovered: people.recovered,
      vaccinated,
      waitingSusceptible: waiting.susceptible,
      waitingInfected: waiting.infected,
      waitingRecovered: waiting.recovered,
      source: source < 0 ? -1 : atlas.geography.neighbour[atlas.geography.first[city] + source]
    })
  ))
}

const hear = (state: State, group: Travellers): void => {
  state.arrivals[group.slot] = group
  state.heard++
}

interface Newcomer extends Sender {
  readonly ref: Actor.Ref<typeof Protocols.City>
}

const wakeUp = (args: CityArgs, self: Newcomer): State => {
  // Nobody lives at its address before the first start: whom a supervisor starts again has to say where it lives now.
  const { atlas, city, country } = args
  if (atlas.address[city] !== undefined) mustArrive(self.send(country, Back({ city, ref: self.ref })))
  return settleIn(args)
}

export const CityLive = Protocols.City.behavior({
  init: wakeUp,
  handlers: {
    Dawn: (state, today, self) => {
      dawn(state, today, self)
      dusk(state, self, 0)
    },
    Travellers: (state, group, self) => {
      hear(state, group)
      dusk(state, self, 0)
    }
  }
})

export const CityV2 = Protocols.City.behavior({
  version: "2",
  init: (args: CityArgs, self): StateV2 => ({ ...wakeUp(args, self), vaccinated: 0 }),
  handlers: {
    Dawn: (state, today, self) => {
      const { atlas, city } = state
      state.vaccinated = 0
      dawn(state, today, self, (people) => {
        if (today.day > atlas.vaccineDay) state.vaccinated = vaccinate(people, atlas.seed, city, today.day)
      })
      dusk(state, self, state.vaccinated)
    },
    Travellers: (state, group, self) => {
      hear(state, group)
      dusk(state, self, state.vaccinated)
    }
  }
})

/** Somebody was in a hurry. */
export const CityV3 = Protocols.City.behavior({
  version: "3",
  init: (args: CityArgs, self): StateV2 => ({ ...wakeUp(args, self), vaccinated: 0 }),
  handlers: {
    Dawn: () => {
      throw new Error("V3 has a bug")
    },
    Travellers: () => {
      throw new Error("V3 has a bug")
    }
  }
})

// The atlas is shared by all cities and is not theirs to copy: only what a day of a city changes is.
const copyOf = <S extends State>(state: S): S => ({
  ...state,
  people: { ...state.people },
  waiting: { ...state.waiting },
  arrivals: [...state.arrivals]
})

export const toV2 = HotSwap.upgrade(CityLive, CityV2, {
  copy: (state) => copyOf(state),
  migrate: (state) => ({ ...state, vaccinated: 0 })
})
/** `changed`: called for each city that gets it. */
export const toV3 = (changed: () => void) =>
  HotSwap.upgrade(CityV2, CityV3, {
    copy: (state) => copyOf(state),
    migrate: (state) => {
      changed()
      return state
    }
  })
