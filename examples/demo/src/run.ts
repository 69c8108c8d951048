/**
 * One run of the demo on whatever `ActorSystem` is in the context: spawn, live the days, check the ledger each day,
 * measure. It prints nothing; who wants to watch gets told at each step.
 */
import { ActorSystem, type Behavior } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Data, Deferred, Effect, Stream } from "effect"
import type { Rpc } from "effect/rpc"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type { Atlas } from "./atlas.ts"
import type { Cities } from "./cities.ts"
import { firstCensus } from "./census.ts"
import { type CityArgs, CityLive, CityV2 } from "./city.ts"
import { CountryLive } from "./country.ts"
import type { Geography } from "./geography.ts"
import type { Ledger } from "./ledger.ts"
import { originOf, vaccineDay } from "./model.ts"
import type { People } from "./model.ts"
import { inTray, ObserverLive } from "./observer.ts"
import * as Protocols from "./protocols.ts"
import { ReporterLive } from "./reporter.ts"
import { learnToVaccinate, tryV3 } from "./upgrade.ts"
import { WorldLive } from "./world.ts"

const { Advance } = Protocols.World.messages
const { Latest } = Protocols.Reporter.messages
const { Seen } = Protocols.Observer.messages

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
  readonly ledger: {
    readonly inCities: number
    readonly strayed: number
    readonly lost: number
    readonly start: number
  }
}

/** What a spectator is told. */
export interface Spectator {
  readonly spawned: (actors: number, millis: number) => void
  readonly day: (day: Protocols.Day, history: History) => void
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

const observers = 8
const asksPerDay = 250

/** `ledger.letter` must be the `onDeadLetter` of the system that the effect runs on. */
export const run = Effect.fnUntraced(function*(plan: Plan, ledger: Ledger, spectator: Spectator) {
  const system = yield* ActorSystem
  const { cities } = plan
  const memoryBefore = yield* heldMemory(system)
  const spawnStart = performance.now()
  const { atlas, restarts, supervisors } = yield* populate(system, plan)
  const spawnMillis = performance.now() - spawnStart
  const bytes = (yield* heldMemory(system)) - memoryBefore
  const actors = cities.size + 2 * cities.countries.length + 1 + observers + 2
  spectator.spawned(actors, spawnMillis)

  const days: Array<Protocols.Day> = []
  const history: History = {
    origin: atlas.origin,
    days,
    reachedOn: new Uint16Array(cities.size),
    source: new Int32Array(cities.size).fill(-1)
  }
  const asks: Array<number> = []
  const counted = { handled: 0, killed: 0, restarted: 0, vaccinated: 0 }
  const upgraded = { swapped: 0, pauseP99: 0, rolledBack: 0 }
  /** What happens to the cities in the course of a day, and whether it may come. */
  const duringDay = (day: number, begun: Deferred.Deferred<void>) =>
    Effect.gen(function*() {
      const { vaccineDay } = atlas
      if (vaccineDay > 0 && plan.mistake && day === vaccineDay + 1) {
        upgraded.rolledBack = yield* tryV3(atlas, day, begun, ledger.returned)
        return
      }
      yield* Deferred.succeed(begun, undefined)
      if (vaccineDay > 0 && day === vaccineDay) {
        // Whoever is started again from now on is one that vaccinates.
        yield* supervisors(CityV2)
        const report = yield* learnToVaccinate()
        upgraded.swapped = report.swapped
        upgraded.pauseP99 = report.pause.p99
      }
    })
  const live = Effect.gen(function*() {
    let millis = 0
    for (let number = 1; number <= plan.days; number++) {
      const start = performance.now()
      const begun = Deferred.makeUnsafe<void>()
      const advance = atlas.world.ask(Advance({ day: number }), { timeout: "5 minutes" })
      const [day] = yield* Effect.all(
        [Effect.andThen(Deferred.await(begun), advance), duringDay(number, begun)],
        { concurrency: 2 }
      )
      const broken = ledger.close(day)
      if (broken !== undefined) return yield* new LedgerBroken({ message: broken })
      for (let ask = 0; ask < asksPerDay; ask++) {
        const asked = performance.now()
        const totals = yield* atlas.reporter.ask(Latest())
        asks.push(performance.now() - asked)
        if (totals.day !== number || totals.infected !== day.infected) {
          return yield* new LedgerBroken({ message: `day ${number}: the reporter says ${JSON.stringify(totals)}` })
        }
      }
      millis += performance.now() - start
      // `Record` is the reporter's one message besides the asks.
      counted.handled += day.handled + 1 + asksPerDay
      counted.killed += day.killed
      counted.restarted += day.restarted
      counted.vaccinated += day.vaccinated
      days.push(day)
      for (const { city, source } of day.reached) {
        history.reachedOn[city] = number
        history.source[city] = source
      }
      spectator.day(day, history)
    }
    let seen = 0
    for (const observer of atlas.observers) seen += (yield* observer.ask(Seen())).sightings
    counted.handled += seen + atlas.observers.length
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
    ledger: {
      inCities: totals.susceptible + totals.infected + totals.recovered,
      strayed: ledger.strayPeople,
      lost: ledger.lost,
      start: cities.people
    },
    figures: {
      totals,
      actors,
      spawn_ms: round(spawnMillis, 1),
      bytes_per_actor: Math.round(bytes / actors),
      handled: counted.handled,
      seconds: round(seconds, 3),
      per_s: Math.round(counted.handled / seconds),
      ask_p50_us: round(quantile(asks, 0.5) * 1000, 2),
      ask_p99_us: round(quantile(asks, 0.99) * 1000, 2),
      killed: counted.killed,
      restarted: counted.restarted,
      restarts_by_supervisor: yield* restarts,
      vaccinated: counted.vaccinated,
      swapped: upgraded.swapped,
      swap_pause_p99_us: round(upgraded.pauseP99, 1),
      rolled_back: upgraded.rolledBack,
      dead_letters: ledger.strayGroups,
      overflowed: ledger.overflowed,
      ledger_ok: true,
      backend: system.backend
    }
  }
  return outcome
}, Effect.scoped)

/** A supervisor a country for its cities, and whatever else lives: the cities by the synchronous start. */
const populate = Effect.fnUntraced(
  function*(system: ActorSystem["Service"], { cities, days, geography, seed }: Plan) {
    const countries: Array<Atlas["countries"][number]> = []
    const origin = originOf(seed, cities.population)
    const atlas: Atlas = {
      cities,
      geography,
      seed,
      lastDay: days,
      vaccineDay: vaccineDay(days),
      origin,
      reporter: system.spawnUnsafe(ReporterLive, undefined, { name: "reporter" }),
      observers: Array.from({ length: observers }, (_, at) =>
        system.spawnUnsafe(ObserverLive, undefined, {
          mailbox: { capacity: inTray, onFull: at % 2 === 0 ? "drop-newest" : "drop-oldest" }
        })),
      countries,
      censuses: cities.countries.map((country) => firstCensus(cities.population, origin, country)),
      address: [],
      // The world and its countries know each other: the world comes first, and finds the countries in the atlas.
      get world() {
        return world
      }
    }
    const world = system.spawnUnsafe(WorldLive, atlas, { name: "world" })
    const tree = <Rpcs extends Rpc.Any, State>(live: Behavior<Rpcs, CityArgs, State>) =>
      Supervisor.make(
        "cities",
        {},
        cities.countries.map(({ code, from, to }) =>
          // A country may lose as many cities in a second as it has.
          Supervisor.dynamic(code, live, { intensity: Math.max(10, to - from), period: "1 second", shutdown: "brutal" })
        )
      )
    const running = yield* Supervisor.start(tree(CityLive))
    for (const [place, country] of cities.countries.entries()) {
      const ref = system.spawnUnsafe(CountryLive, { atlas, place }, { name: country.code })
      countries.push({ ref, from: country.from })
      const supervisor = yield* running.get(country.code)
      for (let city = country.from; city < country.to; city++) {
        atlas.address.push(supervisor.startUnsafe({ atlas, city, country: ref, place }))
      }
    }
    const restarts = Effect.map(running.which, (children) => children.reduce((sum, child) => sum + child.restarts, 0))
    const supervisors = <Rpcs extends Rpc.Any, State>(live: Behavior<Rpcs, CityArgs, State>) =>
      Supervisor.change(running.ref, tree(live))
    return { atlas, restarts, supervisors }
  }
)

/**
 * Bytes that are really held: V8's live objects and buffers once the garbage is out, and on the native backend the
 * tables of Rust beside them. Resident memory would say less: pages that the map left empty are used again.
 */
const heldMemory = Effect.fnUntraced(function*(system: ActorSystem["Service"]) {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  // Twice: what the first finds dead may hold the last reference to more.
  if (typeof collect === "function") { for (let time = 0; time < 2; time++) collect() }
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  const info = yield* system.info
  return heapUsed + arrayBuffers + (system.backend === "native" ? info.bytes : 0)
})

const quantile = (samples: ReadonlyArray<number>, q: number): number => {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits))
