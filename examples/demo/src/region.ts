/**
 * One actor per isolate: starts the countries and cities that live there, and is to them what the world is to it. It
 * counts: an answer to the world goes out when the last of its countries has been heard of.
 *
 * A worker imports this module, and with it all that it needs of the demo; the map comes in a message.
 */
import { Actor, type Behavior, type Self, type SharedBuffer } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Deferred, Effect, Exit, Layer, Scope } from "effect"
import type { Rpc } from "effect/rpc"
import type { Atlas } from "./atlas.ts"
import { mustArrive } from "./atlas.ts"
import { firstCensus } from "./census.ts"
import { type CityArgs, CityLive } from "./city.ts"
import { CountryLive } from "./country.ts"
import { readMap } from "./map.ts"
import { heldMemory } from "./memory.ts"
import { vaccineDay } from "./model.ts"
import * as Protocols from "./protocols.ts"
import { add, nothingYet } from "./today.ts"
import { UpgraderLive } from "./upgrader.ts"

const country = Protocols.Country.messages

/** Who lives here. */
interface Settled {
  readonly atlas: Atlas
  /** Held, because the atlas looks into it. */
  readonly map: SharedBuffer
  readonly restarts: Effect.Effect<number>
}

interface State {
  /** The actor's own. */
  readonly scope: Scope.Scope
  settled: Settled | undefined
  /** Countries that are not ready, then those that are not done. */
  awaited: number
  moved: Array<Protocols.Address>
  isReady: Deferred.Deferred<ReadonlyArray<Protocols.Address>>
  sum: Protocols.Today
  isDone: Deferred.Deferred<Protocols.Today>
}

const settledIn = ({ settled }: State): Settled => {
  if (settled === undefined) throw new Error("nobody lives in this region yet")
  return settled
}

const behavior = Protocols.Region.behavior({
  init: () =>
    Effect.map(Effect.scope, (scope): State => ({
      scope,
      settled: undefined,
      awaited: 0,
      moved: [],
      isReady: Deferred.makeUnsafe(),
      sum: nothingYet(),
      isDone: Deferred.makeUnsafe()
    })),
  handlers: {
    Settle: (state, plan, self) =>
      Effect.map(settle(plan, self), ({ answer, settled }) => {
        state.settled = settled
        return answer
        // Where not everybody can be started the run is over.
      }).pipe(Scope.provide(state.scope), Effect.orDie),
    Meet: (state, { border }) => publish(settledIn(state).atlas, border),
    Prepare: (state, { day, down, moved }, self) => {
      const { atlas } = settledIn(state)
      publish(atlas, moved)
      state.sum = nothingYet()
      state.moved = []
      state.awaited = atlas.countries.length
      state.isReady = Deferred.makeUnsafe()
      const prepare = country.Prepare({ day, down })
      for (const { ref } of atlas.countries) mustArrive(self.send(ref, prepare))
      // Answered when the last country is ready; until then the region goes on listening.
      return state.isReady
    },
    Ready: (state, { moved }) => {
      state.moved.push(...moved)
      if (--state.awaited === 0) Deferred.doneUnsafe(state.isReady, Exit.succeed(state.moved))
    },
    Live: (state, { day }, self) => {
      const [first, ...others] = settledIn(state).atlas.countries
      state.awaited = 1 + others.length
      state.isDone = Deferred.makeUnsafe()
      mustArrive(self.send(first.ref, country.Wake({ day, from: first.from })))
      return state.isDone
    },
    Done: (state, today) => {
      state.sum = add(state.sum, today)
      if (--state.awaited > 0) return
      // Its own: two requests, and two from each country.
      const handled = state.sum.handled + 2 + 2 * settledIn(state).atlas.countries.length
      Deferred.doneUnsafe(state.isDone, Exit.succeed({ ...state.sum, handled }))
    },
    Memory: () => heldMemory,
    Restarts: (state) => settledIn(state).restarts
  }
})

export const RegionLive = Actor.module(import.meta.url, behavior, Layer.empty)

/** An entry for each city that has one, be it new or another one. */
const publish = ({ address }: Atlas, addresses: ReadonlyArray<Protocols.Address>): void => {
  for (const { city, ref } of addresses) address[city] = ref
}

/** A supervisor a country for its cities, and whatever else lives here: the cities by the synchronous start. */
const settle = Effect.fnUntraced(function*(
  { countries, lastDay, map, observers, origin, seed }: Protocols.Plan,
  self: Self.Any & { readonly ref: Actor.Ref<typeof Protocols.Region> }
) {
  const { geography, population } = readMap(map.retain())
  const atlas: Atlas = {
    geography,
    seed,
    lastDay,
    vaccineDay: vaccineDay(lastDay),
    region: self.ref,
    observers,
    countries: [],
    address: Array.from({ length: population.length }),
    isBorder: borderOf(geography, countries)
  }
  const tree = <Rpcs extends Rpc.Any, S>(live: Behavior<Rpcs, CityArgs, S>) =>
    Supervisor.make(
      "cities",
      {},
      countries.map(({ code, from, to }) =>
        // A country may lose as many cities in a second as it has.
        Supervisor.dynamic(code, live, { intensity: Math.max(10, to - from), period: "1 second", shutdown: "brutal" })
      )
    )
  const running = yield* Supervisor.start(tree(CityLive))
  for (const [place, { code, from, to }] of countries.entries()) {
    const census = firstCensus(population, origin, { from, to })
    const ref = self.spawnUnsafe(CountryLive, { atlas, place, from, to, known: census }, { name: code })
    atlas.countries.push({ ref, from, to, census })
    const supervisor = yield* running.get(code)
    for (let city = from; city < to; city++) {
      atlas.address[city] = supervisor.startUnsafe({ atlas, city, country: ref, place })
    }
    // Whoever else lives in this isolate is not kept waiting.
    yield* Effect.yieldNow
  }
  const upgrader = yield* self.spawn(UpgraderLive, {
    atlas,
    supervisors: (live) => Supervisor.change(running.ref, tree(live))
  })
  const border: Array<Protocols.Address> = []
  atlas.isBorder.forEach((is, city) => is === 1 && border.push({ city, ref: atlas.address[city] }))
  const restarts = Effect.map(running.which, (children) => children.reduce((sum, child) => sum + child.restarts, 0))
  return { settled: { atlas, map, restarts }, answer: { border, upgrader } }
})

const borderOf = (
  { first, neighbour }: Atlas["geography"],
  countries: Protocols.Plan["countries"]
): Uint8Array => {
  const lives = new Uint8Array(first.length - 1)
  for (const { from, to } of countries) lives.fill(1, from, to)
  const leadsOut = (city: number): boolean =>
    neighbour.subarray(first[city], first[city + 1]).some((other) => lives[other] === 0)
  return lives.map((livesHere, city) => livesHere === 1 && leadsOut(city) ? 1 : 0)
}
