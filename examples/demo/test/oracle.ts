/**
 * The same run without a single actor: a plain loop over the model. What the actors must come to, and where a test
 * may shuffle the order of everything to show that it does not matter.
 */
import type { Cities } from "../src/cities.ts"
import type { Geography } from "../src/geography.ts"
import { mix, nextDraw } from "../src/hash.ts"
import {
  admit,
  arrive,
  depart,
  downOn,
  headcount,
  live,
  nobody,
  originOf,
  settle,
  vaccinate,
  vaccineDay
} from "../src/model.ts"
import type { People, Travellers } from "../src/model.ts"

export interface OracleDay {
  readonly totals: People
  /** In dead letters, since the start. */
  readonly strayed: number
  /** With killed cities, since the start. */
  readonly lost: number
  /** People, since the start. */
  readonly vaccinated: number
  /** Cities that the infection reached on this day, in order. */
  readonly reached: ReadonlyArray<{ readonly city: number; readonly source: number }>
}

/** `order` shuffles the order in which cities act and in which travellers arrive. */
export const simulate = (
  cities: Cities,
  geography: Geography,
  options: { readonly seed: number; readonly days: number; readonly order?: number }
): ReadonlyArray<OracleDay> => {
  const origin = originOf(options.seed, cities.population)
  const residents = Array.from(cities.population, (population, city) => settle(population, city === origin))
  const waiting = residents.map(nobody)
  const days: Array<OracleDay> = []
  const known = new Set<number>()
  const learnt = vaccineDay(options.days)
  let strayed = 0
  let lost = 0
  let vaccinated = 0
  let order = options.order
  for (let day = 1; day <= options.days; day++) {
    const down = new Set(downOn(options.seed, cities.size, day, options.days))
    for (const city of down) {
      lost += headcount(waiting[city])
      waiting[city] = nobody()
    }
    const sent: Array<readonly [to: number, who: Travellers]> = []
    const sequence = Array.from(residents.keys())
    if (order !== undefined) order = shuffle(sequence, order)
    for (const city of sequence) {
      if (down.has(city)) continue
      const people = residents[city]
      admit(people, waiting[city])
      waiting[city] = nobody()
      if (learnt > 0 && day > learnt) vaccinated += vaccinate(people, options.seed, city, day)
      let random = live(people, options.seed, city, day)
      const whole = headcount(people)
      for (let road = geography.first[city]; road < geography.first[city + 1]; road++) {
        sent.push([
          geography.neighbour[road],
          depart(people, geography.slot[road], geography.volume[road], whole, random)
        ])
        random = nextDraw(random)
      }
    }
    if (order !== undefined) order = shuffle(sent, order)
    const arrivals = residents.map((): Array<Travellers | undefined> => [])
    for (const [to, who] of sent) {
      if (down.has(to)) strayed += headcount(who)
      else arrivals[to][who.slot] = who
    }
    const totals = nobody()
    const reached: Array<OracleDay["reached"][number]> = []
    for (let city = 0; city < cities.size; city++) {
      const source = arrive(waiting[city], arrivals[city])
      if (!known.has(city) && residents[city].infected + waiting[city].infected > 0) {
        known.add(city)
        reached.push({ city, source: source < 0 ? -1 : geography.neighbour[geography.first[city] + source] })
      }
      admit(totals, residents[city])
      admit(totals, waiting[city])
    }
    days.push({ totals, strayed, lost, vaccinated, reached })
  }
  return days
}

/** Fisher-Yates by the hash; returns the draw to go on with. */
const shuffle = (list: Array<unknown>, order: number): number => {
  let random = mix(order)
  for (let at = list.length - 1; at > 0; at--) {
    const other = random % (at + 1)
    const held = list[at]
    list[at] = list[other]
    list[other] = held
    random = nextDraw(random)
  }
  return random
}
