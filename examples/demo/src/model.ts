/**
 * The epidemic, as pure functions over integers: what a city does in a day. No actor, no clock, no float that is not
 * a whole number, so the same seed gives the same people in any language and in any order of delivery.
 *
 * A day of a city: who had arrived the day before is admitted; some fall ill, some recover (`live`); some leave on
 * each road (`depart`); and once every neighbour has been heard of, the arrivals are folded in the order of their
 * senders (`arrive`). Nobody is made, and nobody vanishes: `people` before is `people` after, plus those on the road.
 */
import { draw, mix, nextDraw } from "./hash.ts"

export interface People {
  susceptible: number
  infected: number
  recovered: number
}

export const nobody = (): People => ({ susceptible: 0, infected: 0, recovered: 0 })
export const headcount = (people: People): number => people.susceptible + people.infected + people.recovered
export const admit = (to: People, who: People): void => {
  to.susceptible += who.susceptible
  to.infected += who.infected
  to.recovered += who.recovered
}

/** Contacts a day that pass it on, in 1/32: 40/32 against a recovery of 1/4 is a reproduction number of 5. */
const contagion = 40
/** An infection lasts this many days, on average. */
const duration = 4
/** Of so many cities one is killed a day. */
const killRate = 400
/** Of so many susceptible people one is vaccinated a day, once there is a vaccine. */
const vaccination = 24
/** People who bring it to the first city. */
const outbreak = 2_000

/**
 * `amount * part / whole` as a whole number: the remainder is settled by the draw, so that the mean is exact.
 * Exact up to amount * part < 2^53 and whole < 2^31.
 */
export const share = (amount: number, part: number, whole: number, random: number): number => {
  const product = amount * part
  const rest = product % whole
  const floor = (product - rest) / whole
  // 21 bits of the draw against the remainder: both products stay below 2^53.
  return rest * 0x200000 > (random >>> 11) * whole ? floor + 1 : floor
}

/** One day of contagion and recovery. Returns the draw to go on with. */
export const live = (people: People, seed: number, city: number, day: number): number => {
  let random = draw(seed, city, day)
  if (people.infected === 0) return random
  const whole = headcount(people)
  const caught = Math.min(
    people.susceptible,
    // (susceptible * infected) first: below 2^48 for the largest city there is, times 40 still exact.
    share(people.susceptible * people.infected, contagion, whole * 32, random)
  )
  random = nextDraw(random)
  const healed = share(people.infected, 1, duration, random)
  people.susceptible -= caught
  people.infected += caught - healed
  people.recovered += healed
  return nextDraw(random)
}

/** One day of vaccination: the susceptible become immune without having been ill. Returns how many. */
export const vaccinate = (people: People, seed: number, city: number, day: number): number => {
  if (people.susceptible === 0) return 0
  const vaccinated = share(people.susceptible, 1, vaccination, draw(~seed, day, city))
  people.susceptible -= vaccinated
  people.recovered += vaccinated
  return vaccinated
}

/** The day in whose course the cities learn to vaccinate; they begin the day after. 0: the run is too short for it. */
export const vaccineDay = (days: number): number => days >= 4 ? days >> 1 : 0

/** A group on the road. `slot`: which of the receiver's roads it comes on. */
export interface Travellers extends People {
  readonly slot: number
}

/** Those who take a road of this volume today; they leave `people`. `whole`: the headcount before the first road. */
export const depart = (people: People, slot: number, volume: number, whole: number, random: number): Travellers => {
  const leaving = Math.min(volume, whole)
  let infected = 0
  let recovered = 0
  // Most of the world, most of the time: nothing to draw for.
  if (people.infected > 0) infected = Math.min(people.infected, share(leaving, people.infected, whole, random))
  if (people.recovered > 0) {
    recovered = Math.min(people.recovered, leaving - infected, share(leaving, people.recovered, whole, mix(random)))
  }
  const susceptible = Math.min(people.susceptible, leaving - infected - recovered)
  people.susceptible -= susceptible
  people.infected -= infected
  people.recovered -= recovered
  return { slot, susceptible, infected, recovered }
}

/** Folds a day's arrivals in the order of their senders. Returns the slot of the first who brought the infection, or -1. */
export const arrive = (waiting: People, arrivals: ReadonlyArray<Travellers | undefined>): number => {
  let source = -1
  for (let slot = 0; slot < arrivals.length; slot++) {
    const group = arrivals[slot]
    // A neighbour that was dead today sent nobody.
    if (group === undefined) continue
    if (source === -1 && group.infected > 0) source = slot
    admit(waiting, group)
  }
  return source
}

/** Is the city killed when that day begins? It is started again when the next one does. */
export const isKilled = (seed: number, city: number, day: number): boolean =>
  day > 1 && draw(~seed, city, day) % killRate === 0

/** Every city that is down on that day, in order. Nobody is killed on the last day: a run ends with everyone back. */
export const downOn = (seed: number, cities: number, day: number, lastDay: number): ReadonlyArray<number> => {
  const down: Array<number> = []
  if (day < lastDay) { for (let city = 0; city < cities; city++) if (isKilled(seed, city, day)) down.push(city) }
  return down
}

/** Where it begins: one of the sixty largest cities, by the seed. */
export const originOf = (seed: number, population: ArrayLike<number>): number => {
  const ranked = Array.from({ length: population.length }, (_, city) => city)
    .sort((a, b) => population[b] - population[a] || a - b)
  return ranked[draw(seed, 0, 0) % Math.min(ranked.length, 60)]
}

/** The people of a city before the first day. */
export const settle = (population: number, isOrigin: boolean): People => {
  const infected = isOrigin ? Math.min(outbreak, population) : 0
  return { susceptible: population - infected, infected, recovered: 0 }
}
