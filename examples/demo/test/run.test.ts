// A small run end to end: the actors come to what the plain loop comes to, on both backends, to the last person.
import { ActorSystem, type DeadLetter } from "@myrmidonjs/actor"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { loadCities } from "../src/cities.ts"
import { makeGeography } from "../src/geography.ts"
import type { Place } from "../src/founding.ts"
import { Ledger } from "../src/ledger.ts"
import { downOn, isKilled, nobody } from "../src/model.ts"
import * as Protocols from "../src/protocols.ts"
import { run } from "../src/run.ts"
import { simulate } from "./oracle.ts"

const cities = loadCities(2_000)
const geography = makeGeography(cities)
const plan = { cities, geography, seed: 11, days: 5, mistake: true }
const quiet = { spawned: () => {}, day: () => {} }
// `npm test -- --no-native` sets the variable, and says which suites it left out.
const isNative = process.env["MYRMIDON_NO_NATIVE"] === undefined
const backends = [
  ...(isNative ? [["native", ActorSystem.layer] as const] : []),
  ["memory", ActorSystem.layerMemory] as const
]

describe.each(backends)("the demo on the %s backend", (backend, layer) => {
  it.effect("comes to the people of the plain loop", () =>
    Effect.gen(function*() {
      const ledger = new Ledger(cities.people)
      const { figures, history } = yield* run(plan, ledger, quiet).pipe(
        Effect.provide(layer({ onDeadLetter: ledger.letter }))
      )
      const expected = simulate(cities, geography, plan)
      const last = expected[expected.length - 1]
      assert.deepStrictEqual(figures.totals, last.totals)
      assert.deepStrictEqual({ strayed: ledger.strayPeople, lost: ledger.lost }, {
        strayed: last.strayed,
        lost: last.lost
      })
      expected.forEach((day, at) => {
        const { infected, reached, recovered, susceptible } = history.days[at]
        assert.deepStrictEqual({ susceptible, infected, recovered }, day.totals)
        assert.deepStrictEqual([...reached].sort((a, b) => a.city - b.city), [...day.reached])
      })
      const killed = [1, 2, 3, 4, 5].reduce(
        (sum, day) => sum + downOn(plan.seed, cities.size, day, plan.days).length,
        0
      )
      assert.isTrue(killed > 0)
      assert.deepStrictEqual({ killed: figures.killed, restarted: figures.restarted }, { killed, restarted: killed })
      assert.strictEqual(figures.backend, backend)
      // Each road twice a day, a dawn and a report a city, less what the dead would have handled: at least this many.
      assert.isTrue(
        figures.handled > 5 * (2 * geography.roads + 2 * cities.size - 100 * killed),
        String(figures.handled)
      )
    }))
})

describe.each(backends)("the bad version on the %s backend", (_, layer) => {
  it.effect("is brought back, and no person of the run is another one for it", () =>
    Effect.gen(function*() {
      const live = (mistake: boolean) =>
        Effect.gen(function*() {
          const ledger = new Ledger(cities.people)
          const outcome = yield* run({ ...plan, days: 8, mistake }, ledger, quiet).pipe(
            Effect.provide(layer({ onDeadLetter: ledger.letter }))
          )
          return { ...outcome, strayed: ledger.strayPeople, lost: ledger.lost }
        })
      const without = yield* live(false), withIt = yield* live(true)
      assert.deepStrictEqual([without.figures.rolled_back, withIt.figures.rolled_back], [0, 32])
      for (const { figures } of [without, withIt]) {
        // Who is started again meanwhile is a V2 from the start, or one that is swapped.
        assert.isAtMost(figures.swapped, cities.size)
        assert.isAtLeast(figures.swapped, cities.size - downOn(plan.seed, cities.size, 4, 8).length)
        assert.isAbove(figures.vaccinated, 0)
        assert.strictEqual(figures.restarts_by_supervisor, figures.killed)
      }
      assert.deepStrictEqual(withIt.figures.totals, without.figures.totals)
      assert.deepStrictEqual(withIt.ledger, without.ledger)
      const people = ({ history }: typeof withIt) =>
        history.days.map(({ infected, lost, recovered, susceptible, vaccinated, waiting }) => ({
          infected,
          lost,
          recovered,
          susceptible,
          vaccinated,
          waiting
        }))
      assert.deepStrictEqual(people(withIt), people(without))
    }))
})

describe.runIf(isNative)("the demo over worker isolates", () => {
  const many = loadCities(3_000)
  const whole = { cities: many, geography: makeGeography(many), seed: 5, days: 8, mistake: true }
  const expected = simulate(many, whole.geography, whole)

  it.live.each([0, 1, 2, 3])(
    "%s of them come to the people of the plain loop, every day",
    (isolates) =>
      Effect.gen(function*() {
        const ledger = new Ledger(many.people)
        let places: ReadonlyArray<Place> = []
        const spectator = {
          ...quiet,
          spawned: (_actors: number, _millis: number, at: typeof places) => void (places = at)
        }
        const { figures, history, ledger: closed, regions } = yield* run(whole, ledger, spectator).pipe(
          Effect.provide(ActorSystem.layer({ isolates, isolateSilence: "1 minute", onDeadLetter: ledger.letter }))
        )
        expected.forEach((day, at) => {
          const { infected, reached, recovered, susceptible } = history.days[at]
          assert.deepStrictEqual({ susceptible, infected, recovered }, day.totals)
          assert.deepStrictEqual([...reached].sort((a, b) => a.city - b.city), [...day.reached])
        })
        const last = expected[expected.length - 1]
        assert.deepStrictEqual(figures.totals, last.totals)
        assert.deepStrictEqual(closed, {
          inCities: many.people - last.strayed - last.lost,
          strayed: last.strayed,
          lost: last.lost,
          start: many.people
        })
        // Each isolate has its part, and what is said of all is the sum of what each did.
        assert.deepStrictEqual([figures.isolates, places.length], [isolates, Math.max(1, isolates)])
        assert.isTrue(places.every(({ cities, isolate }) => cities > 0 && isolate > 0 === isolates > 0))
        assert.strictEqual(places.reduce((sum, place) => sum + place.cities, 0), many.size)
        assert.isTrue(regions.every(({ handled }) => handled > 0))
        assert.strictEqual(figures.crossing_share > 0, isolates > 1)
        assert.isAbove(figures.killed, 0)
        assert.deepStrictEqual([figures.restarted, figures.restarts_by_supervisor], [figures.killed, figures.killed])
        assert.isAtLeast(figures.swapped, many.size - downOn(5, many.size, 4, 8).length)
        assert.strictEqual(figures.rolled_back, 32)
        assert.isAbove(figures.vaccinated, 0)
      })
  )

  it.live("leaves isolates empty when there are not as many countries", () =>
    Effect.gen(function*() {
      const few = loadCities(2)
      const ledger = new Ledger(few.people)
      const small = { cities: few, geography: makeGeography(few), seed: 3, days: 5, mistake: true }
      const { figures, regions } = yield* run(small, ledger, quiet).pipe(
        Effect.provide(ActorSystem.layer({ isolates: 3, isolateSilence: "1 minute", onDeadLetter: ledger.letter }))
      )
      assert.deepStrictEqual(figures.totals, simulate(few, small.geography, small)[4].totals)
      assert.deepStrictEqual([figures.isolates, regions.length], [3, few.countries.length])
    }))
})

describe.each(backends)("a small world on the %s backend", (_, layer) => {
  const sizes: ReadonlyArray<readonly [actors: number, days: number]> = [[1, 1], [1, 9], [2, 4], [3, 5], [40, 3], [
    40,
    12
  ]]
  it.effect.each(sizes)("of %s cities lives, and balances", ([actors, days]) =>
    Effect.gen(function*() {
      const few = loadCities(actors)
      const ledger = new Ledger(few.people)
      const small = { cities: few, geography: makeGeography(few), seed: 3, days, mistake: true }
      const { figures } = yield* run(small, ledger, quiet).pipe(
        Effect.provide(layer({ onDeadLetter: ledger.letter }))
      )
      assert.deepStrictEqual(figures.totals, simulate(few, small.geography, small)[days - 1].totals)
      assert.strictEqual(figures.swapped > 0, days >= 4)
      assert.strictEqual(figures.rolled_back > 0, days >= 4)
    }))

  it.effect("in which nobody is left to try the bad version lives, and balances", () =>
    Effect.gen(function*() {
      const alone = loadCities(1)
      // Its one city is killed on the day after the vaccine.
      const seed = Array.from({ length: 10_000 }, (_, seed) => seed).find((seed) => isKilled(seed, 0, 5))!
      const ledger = new Ledger(alone.people)
      const small = { cities: alone, geography: makeGeography(alone), seed, days: 9, mistake: true }
      const { figures } = yield* run(small, ledger, quiet).pipe(Effect.provide(layer({ onDeadLetter: ledger.letter })))
      assert.strictEqual(figures.rolled_back, 0)
      assert.deepStrictEqual(figures.totals, simulate(alone, small.geography, small)[8].totals)
    }))
})

const shuffled = backends.flatMap(([backend]) => [[backend, 1n], [backend, 2n]] as const)

describe.each(shuffled)(
  "the demo on the %s backend, one message at a time in the order of seed %s",
  (backend, order) => {
    it.effect("comes to the same people", () =>
      Effect.gen(function*() {
        const few = loadCities(500)
        const small = { cities: few, geography: makeGeography(few), seed: 2, days: 4, mistake: true }
        const ledger = new Ledger(few.people)
        const { figures } = yield* run(small, ledger, quiet).pipe(
          Effect.provide(ActorSystem.layerTest({ seed: order, backend, onDeadLetter: ledger.letter }))
        )
        assert.deepStrictEqual(figures.totals, simulate(few, small.geography, small)[3].totals)
        assert.isTrue(figures.killed > 0)
      }))
  }
)

describe("a run that goes wrong", () => {
  const onTwin = (broken: Partial<typeof plan>, ledger: Ledger) =>
    run({ ...plan, ...broken }, ledger, quiet).pipe(
      Effect.provide(ActorSystem.layerMemory({ onDeadLetter: ledger.letter })),
      Effect.flip
    )

  it.effect("fails on the first day that does not balance", () =>
    Effect.gen(function*() {
      const error = yield* onTwin({}, new Ledger(cities.people + 1))
      assert.strictEqual(error._tag, "LedgerBroken")
      assert.match(error.message, /^day 1: .* = 1685238203, not 1685238204$/)
    }))

  it.effect("fails when a city crashes, and does not wait for its report", () =>
    Effect.gen(function*() {
      // A road that leads off the map: who takes it has no address.
      const neighbour = geography.neighbour.map((city, road) => road === 100 ? cities.size : city)
      const error = yield* onTwin({ geography: { ...geography, neighbour } }, new Ledger(cities.people))
      assert.strictEqual(error._tag, "ActorCrashed")
    }))
})

describe("the ledger", () => {
  const day = (over: Partial<Protocols.Day>): Protocols.Day => ({
    day: 1,
    ...nobody(),
    waiting: 0,
    lost: 0,
    killed: 0,
    restarted: 0,
    handled: 0,
    strays: 0,
    vaccinated: 0,
    reached: [],
    byRegion: [],
    ...over
  })
  const dead = (message: DeadLetter["message"]): DeadLetter => ({
    to: 1 as never,
    from: undefined,
    message,
    why: "NotAlive",
    name: undefined,
    asked: false
  })
  const group = Protocols.City.messages.Travellers({ slot: 0, susceptible: 2, infected: 1, recovered: 0 })

  it.effect("balances with strays and losses", () =>
    Effect.gen(function*() {
      const ledger = new Ledger(10)
      ledger.letter(dead(group))
      assert.strictEqual(yield* ledger.close(day({ susceptible: 5, lost: 2, strays: 1 })), undefined)
    }))

  it.effect("notices one person who is missing", () =>
    Effect.gen(function*() {
      assert.match((yield* new Ledger(10).close(day({ susceptible: 9 })))!, /9 in cities .* = 9, not 10/)
    }))

  it.effect("waits for a dead letter that is still on its way", () =>
    Effect.gen(function*() {
      const ledger = new Ledger(6)
      ledger.letter(dead(group))
      const closing = yield* Effect.forkChild(ledger.close(day({ strays: 2 })), { startImmediately: true })
      assert.isUndefined(closing.pollUnsafe())
      ledger.letter(dead(group))
      assert.isUndefined(yield* Fiber.join(closing))
    }))

  it.effect("notices a dead letter that nobody expected, and one that does not come", () =>
    Effect.gen(function*() {
      const ledger = new Ledger(3)
      ledger.letter(dead(group))
      assert.match((yield* ledger.close(day({})))!, /1 groups of travellers are dead letters, 0 were sent/)
      const closing = yield* Effect.forkChild(new Ledger(0).close(day({ strays: 1 })), { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      assert.match((yield* Fiber.join(closing))!, /0 groups of travellers are dead letters, 1 were sent/)
    }))

  it.effect("does not take news for people", () =>
    Effect.gen(function*() {
      const ledger = new Ledger(0)
      ledger.letter(dead(Protocols.Observer.messages.Sighting({ city: 1, infected: 5 })))
      assert.strictEqual(yield* ledger.close(day({})), undefined)
      assert.strictEqual(ledger.overflowed, 1)
    }))

  it.effect("notices what a canary gave back and nobody has sent again", () =>
    Effect.gen(function*() {
      const ledger = new Ledger(0)
      ledger.letter({ ...dead(group), why: "SwapRolledBack" })
      assert.match((yield* ledger.close(day({})))!, /1 messages came back and were not sent again/)
      yield* ledger.returned(() => Effect.void)
      assert.isUndefined(yield* ledger.close(day({})))
    }))

  it.effect("notices any other message that was not handled", () =>
    Effect.gen(function*() {
      const ledger = new Ledger(0)
      ledger.letter(dead(Protocols.Region.messages.Memory()))
      assert.match((yield* ledger.close(day({})))!, /1 messages of the demo itself/)
    }))
})
