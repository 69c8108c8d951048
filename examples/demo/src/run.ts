/**
 * One run of the demo on whatever `ActorSystem` is in the context, over all of its worker isolates: found the world, live
 * the days, check the ledger each day, measure. It prints nothing; who wants to watch gets told at each step.
 */
import { ActorRef, ActorSystem, type DeadLetter } from "@myrmidonjs/actor"
import { Data, Deferred, Effect, Stream } from "effect"
import { mustArrive } from "./atlas.ts"
import type { Cities } from "./cities.ts"
import { found, type Founded, type Place } from "./founding.ts"
import type { Geography } from "./geography.ts"
import type { Ledger } from "./ledger.ts"
import { vaccineDay } from "./model.ts"
import type { People } from "./model.ts"
import * as Protocols from "./protocols.ts"
import { patience } from "./world.ts"

const { Dawn, Travellers } = Protocols.City.messages
const { Advance } = Protocols.World.messages
const { Latest } = Protocols.Reporter.messages
const { Seen } = Protocols.Observer.messages
const { BackToV2, ToV2, TryV3 } = Protocols.Upgrader.messages

/** The figures of a run: the table, and the object that `--json` prints. */
export interface Figures {
  readonly totals: People
  readonly actors: number
  readonly spawn_ms: number
  readonly bytes_per_actor: number
  readonly handled: number
  readonly seconds: number
  readonly per_s: number
  readonly ask_p50_us: number
  readonly ask_p99_us: number
  readonly killed: number
  readonly restarted: number
  /** Restarts that the supervisors of the countries count themselves. */
  readonly restarts_by_supervisor: number
  readonly vaccinated: number
  /** Cities that were given another version under load. */
  readonly swapped: number
  readonly swap_pause_p99_us: number
  /** Cities whose next version was a mistake, and that were brought back. */
  readonly rolled_back: number
  readonly dead_letters: number
  readonly overflowed: number
  readonly ledger_ok: boolean
  readonly backend: string
  /** Worker isolates beside main; 0: everything lives on main. */
  readonly isolates: number
  /** Of the groups of travellers that set out on a day, how many go to another isolate. */
  readonly crossing_share: number
}

/** What the pictures are made of. */
export interface History {
  readonly origin: number
  readonly days: ReadonlyArray<Protocols.Day>
  /** The day on which the infection came to a city; 0: never. */
  readonly reachedOn: Uint16Array
  /** Where it came from; -1: nowhere. */
  readonly source: Int32Array
}

export interface Outcome {
  readonly figures: Figures
  readonly history: History
  /** By region: where its cities are, and the messages that it has handled. */
  readonly regions: ReadonlyArray<Place & { readonly handled: number }>
  readonly ledger: {
    readonly inCities: number
    readonly strayed: number
    readonly lost: number
    readonly start: number
  }
}

/** What a spectator is told. */
export interface Spectator {
  readonly spawned: (actors: number, millis: number, places: ReadonlyArray<Place>) => void
  /** `millis`: what the day took. */
  readonly day: (day: Protocols.Day, history: History, millis: number) => void
}

export interface Plan {
  readonly cities: Cities
  readonly geography: Geography
  readonly seed: number
  readonly days: number
  /** Some cities get a version that crashes, the day after the vaccine. */
  readonly mistake: boolean
}

/** People were made or lost: the run is worth nothing. */
export class LedgerBroken extends Data.TaggedError("LedgerBroken")<{ readonly message: string }> {}
/** An actor of the demo crashed. */
export class ActorCrashed extends Data.TaggedError("ActorCrashed")<{ readonly message: string }> {}

const asksPerDay = 250
/** Cities of the world that get the bad version. */
const canaries = 32
const allAtOnce = { concurrency: "unbounded" } as const

/** `ledger.letter` must be the `onDeadLetter` of the system that the effect runs on. */
export const run = Effect.fnUntraced(function*(plan: Plan, ledger: Ledger, spectator: Spectator) {
  const system = yield* ActorSystem
  const { cities } = plan
  const founded = yield* found(cities, plan.geography, { lastDay: plan.days, seed: plan.seed })
  spectator.spawned(founded.actors, founded.spawnMillis, founded.places)

  const days: Array<Protocols.Day> = []
  const history: History = {
    origin: founded.origin,
    days,
    reachedOn: new Uint16Array(cities.size),
    source: new Int32Array(cities.size).fill(-1)
  }
  const asks: Array<number> = []
  const counted = { handled: 0, killed: 0, restarted: 0, vaccinated: 0 }
  const byRegion = founded.places.map(() => 0)
  const upgraded = { swapped: 0, pauseP99: 0, rolledBack: 0 }
  /** What happens to the cities in the course of a day, and whether it may come. */
  const duringDay = (day: number, begun: Deferred.Deferred<void>) =>
    Effect.gen(function*() {
      const learnOn = vaccineDay(plan.days)
      if (learnOn > 0 && plan.mistake && day === learnOn + 1) {
        upgraded.rolledBack = yield* tryV3(founded, day, begun)
        return
      }
      yield* Deferred.succeed(begun, undefined)
      if (learnOn > 0 && day === learnOn) {
        const reports = yield* Effect.forEach(
          founded.upgraders,
          (upgrader) => upgrader.ask(ToV2(), patience),
          allAtOnce
        )
        upgraded.swapped = reports.reduce((sum, { swapped }) => sum + swapped, 0)
        // Of the slowest isolate.
        upgraded.pauseP99 = Math.max(...reports.map(({ pauseP99 }) => pauseP99))
      }
    })
  const live = Effect.gen(function*() {
    let millis = 0
    for (let number = 1; number <= plan.days; number++) {
      const start = performance.now()
      const begun = Deferred.makeUnsafe<void>()
      const advance = founded.world.ask(Advance({ day: number }), patience)
      const [day] = yield* Effect.raceFirst(
        Effect.all([Effect.andThen(Deferred.await(begun), advance), duringDay(number, begun)], allAtOnce),
        Effect.forever(ledger.returned(sendAgain))
      )
      const broken = yield* ledger.close(day)
      if (broken !== undefined) return yield* new LedgerBroken({ message: broken })
      for (let ask = 0; ask < asksPerDay; ask++) {
        const asked = performance.now()
        const totals = yield* founded.reporter.ask(Latest())
        asks.push(performance.now() - asked)
        if (totals.day !== number || totals.infected !== day.infected) {
          return yield* new LedgerBroken({ message: `day ${number}: the reporter says ${JSON.stringify(totals)}` })
        }
      }
      const took = performance.now() - start
      millis += took
      // `Record` is the reporter's one message besides the asks.
      counted.handled += day.handled + 1 + asksPerDay
      counted.killed += day.killed
      counted.restarted += day.restarted
      counted.vaccinated += day.vaccinated
      day.byRegion.forEach((handled, region) => byRegion[region] += handled)
      days.push(day)
      for (const { city, source } of day.reached) {
        history.reachedOn[city] = number
        history.source[city] = source
      }
      spectator.day(day, history, took)
    }
    let seen = 0
    for (const observer of founded.observers) seen += (yield* observer.ask(Seen())).sightings
    counted.handled += seen + founded.observers.length
    const news = days.reduce((sum, day) => sum + day.reached.length, 0)
    if (seen + ledger.overflowed !== news) {
      return yield* new LedgerBroken({ message: `${seen} sightings read + ${ledger.overflowed} dropped, of ${news}` })
    }
    return millis / 1000
  })
  // A crashed city would never report: better to say so than to wait for the timeout.
  const crashed = system.events.pipe(
    Stream.filter((event) => event._tag === "Crashed"),
    Stream.runHead,
    Effect.flatMap((event) =>
      event._tag === "Some" ? new ActorCrashed({ message: JSON.stringify(event.value.reason) }) : Effect.never
    )
  )
  const seconds = yield* Effect.raceFirst(live, crashed)
  const last = days[days.length - 1]
  const totals = { susceptible: last.susceptible, infected: last.infected, recovered: last.recovered }
  const outcome: Outcome = {
    history,
    regions: founded.places.map((place, region) => ({ ...place, handled: byRegion[region] })),
    ledger: {
      inCities: totals.susceptible + totals.infected + totals.recovered,
      strayed: ledger.strayPeople,
      lost: ledger.lost,
      start: cities.people
    },
    figures: {
      totals,
      actors: founded.actors,
      spawn_ms: round(founded.spawnMillis, 1),
      bytes_per_actor: Math.round(founded.bytes / founded.actors),
      handled: counted.handled,
      seconds: round(seconds, 3),
      per_s: Math.round(counted.handled / seconds),
      ask_p50_us: round(quantile(asks, 0.5) * 1000, 2),
      ask_p99_us: round(quantile(asks, 0.99) * 1000, 2),
      killed: counted.killed,
      restarted: counted.restarted,
      restarts_by_supervisor: yield* founded.restarts,
      vaccinated: counted.vaccinated,
      swapped: upgraded.swapped,
      swap_pause_p99_us: round(upgraded.pauseP99, 1),
      rolled_back: upgraded.rolledBack,
      dead_letters: ledger.strayGroups,
      overflowed: ledger.overflowed,
      ledger_ok: true,
      backend: system.backend,
      isolates: founded.workers,
      crossing_share: round(founded.crossing / Math.max(1, plan.geography.roads), 5)
    }
  }
  return outcome
}, Effect.scoped)

/** The mistake, and its repair, in all isolates. Returns how many cities came back. */
const tryV3 = Effect.fnUntraced(function*({ upgraders }: Founded, day: number, begun: Deferred.Deferred<void>) {
  yield* Effect.forEach(upgraders, (upgrader, at) => {
    const share = Math.floor(canaries * (at + 1) / upgraders.length) - Math.floor(canaries * at / upgraders.length)
    return upgrader.ask(TryV3({ day, canaries: share }), patience)
  }, allAtOnce)
  yield* Deferred.succeed(begun, undefined)
  const back = yield* Effect.forEach(upgraders, (upgrader) => upgrader.ask(BackToV2(), patience), allAtOnce)
  return back.reduce((sum, cities) => sum + cities, 0)
})

/** What crashed a canary goes to its city once more. */
const sendAgain = ({ message, to }: DeadLetter) =>
  Effect.map(ActorRef.fromPid(Protocols.City, to), (city) => {
    if (Dawn.is(message) || Travellers.is(message)) mustArrive(city.tellUnsafe(message))
  })

const quantile = (samples: ReadonlyArray<number>, q: number): number => {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
