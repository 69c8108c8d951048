/** Before the first day: the world's one-of-a-kind actors here, and a region for each isolate, with all that lives in it. */
import { type Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import type { Cities } from "./cities.ts"
import type { Geography } from "./geography.ts"
import { packMap } from "./map.ts"
import { originOf } from "./model.ts"
import { inTray, ObserverLive } from "./observer.ts"
import { placeCountries } from "./placement.ts"
import * as Protocols from "./protocols.ts"
import { RegionLive } from "./region.ts"
import { ReporterLive } from "./reporter.ts"
import { patience, WorldLive } from "./world.ts"

const { Meet, Memory, Restarts, Settle } = Protocols.Region.messages

const observers = 8
const allAtOnce = { concurrency: "unbounded" } as const

/** A region, and where it is. */
export interface Place {
  /** 0: main. */
  readonly isolate: number
  readonly cities: number
}

export interface Founded {
  readonly world: Actor.Ref<typeof Protocols.World>
  readonly reporter: Actor.Ref<typeof Protocols.Reporter>
  readonly observers: ReadonlyArray<Actor.Ref<typeof Protocols.Observer>>
  readonly upgraders: ReadonlyArray<Actor.Ref<typeof Protocols.Upgrader>>
  readonly places: ReadonlyArray<Place>
  /** Worker isolates of the system. */
  readonly workers: number
  readonly actors: number
  readonly origin: number
  /** Roads that lead from one isolate to another. */
  readonly crossing: number
  readonly spawnMillis: number
  /** Bytes that the actors hold in all isolates. */
  readonly bytes: number
  /** That the supervisors of all isolates count. */
  readonly restarts: Effect.Effect<number>
}

export const found = Effect.fnUntraced(function*(
  cities: Cities,
  geography: Geography,
  { lastDay, seed }: { readonly lastDay: number; readonly seed: number }
) {
  const system = yield* ActorSystem
  const { isolates } = yield* system.info
  const workers = isolates.map(({ isolate }) => isolate).filter((isolate) => isolate !== 0).sort((a, b) => a - b)
  const { crossing, partOf } = placeCountries(cities, geography, Math.max(1, workers.length))
  const parts = Array.from(new Set(partOf)).sort((a, b) => a - b)
  const origin = originOf(seed, cities.population)
  const regions = yield* Effect.forEach(parts, (part) => RegionLive.spawnOn(workers[part] ?? "main", undefined))
  const memory = Effect.forEach(regions, (region) => region.ask(Memory(), patience))
  const before = sum(yield* memory)

  const start = performance.now()
  const newsrooms = Array.from({ length: observers }, (_, at) =>
    system.spawnUnsafe(ObserverLive, undefined, {
      mailbox: { capacity: inTray, onFull: at % 2 === 0 ? "drop-newest" : "drop-oldest" }
    }))
  const reporter = system.spawnUnsafe(ReporterLive, undefined, { name: "reporter" })
  const world = system.spawnUnsafe(
    WorldLive,
    { regions, reporter, cities: cities.size, seed, lastDay },
    { name: "world" }
  )
  const settled = yield* Effect.forEach(regions, (region, at) =>
    Effect.gen(function*() {
      const map = yield* packMap(cities, geography)
      const countries = cities.countries.filter((_, country) => partOf[country] === parts[at])
      return yield* region.ask(
        Settle({ map, seed, lastDay, origin, countries, observers: newsrooms }),
        patience
      )
    }), allAtOnce)
  const meet = Meet({ border: settled.flatMap(({ border }) => border) })
  yield* Effect.forEach(regions, (region) => region.ask(meet, patience), allAtOnce)
  const spawnMillis = performance.now() - start

  const founded: Founded = {
    world,
    reporter,
    observers: newsrooms,
    upgraders: settled.map(({ upgrader }) => upgrader),
    places: parts.map((part) => ({
      isolate: workers[part] ?? 0,
      cities: cities.countries.reduce((all, { from, to }, at) => partOf[at] === part ? all + to - from : all, 0)
    })),
    // Of each country an actor and a supervisor; of each region itself, its supervisor and its upgrader.
    actors: cities.size + 2 * cities.countries.length + 3 * regions.length + observers + 2,
    workers: workers.length,
    origin,
    crossing,
    spawnMillis,
    bytes: sum(yield* memory) - before,
    restarts: Effect.map(Effect.forEach(regions, (region) => Effect.orDie(region.ask(Restarts(), patience))), sum)
  }
  return founded
})

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((all, each) => all + each, 0)
