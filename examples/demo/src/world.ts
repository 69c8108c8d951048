/**
 * The one actor that keeps the days apart: dawn breaks when every region is prepared, and the day ends when every region
 * has lived it. A region that stays silent stops the world, and the timeout says so.
 */
import type { Actor } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { mustArrive } from "./atlas.ts"
import { downOn } from "./model.ts"
import * as Protocols from "./protocols.ts"
import { add, nothingYet } from "./today.ts"

const { Live, Prepare } = Protocols.Region.messages
const { Record } = Protocols.Reporter.messages

export interface WorldArgs {
  readonly regions: ReadonlyArray<Actor.Ref<typeof Protocols.Region>>
  readonly reporter: Actor.Ref<typeof Protocols.Reporter>
  readonly cities: number
  readonly seed: number
  readonly lastDay: number
}

interface State extends WorldArgs {
  /** Border cities that were started again on the last day. */
  moved: ReadonlyArray<Protocols.Address>
}

/** How long a day may take. */
export const patience = { timeout: "5 minutes" } as const
const allAtOnce = { concurrency: "unbounded" } as const

export const WorldLive = Protocols.World.behavior({
  init: (args: WorldArgs): State => ({ ...args, moved: [] }),
  handlers: {
    Advance: (state, { day }, self) =>
      Effect.gen(function*() {
        const { cities, lastDay, regions, reporter, seed } = state
        const prepare = Prepare({ day, down: downOn(seed, cities, day, lastDay), moved: state.moved })
        const moved = yield* Effect.forEach(regions, (region) => region.ask(prepare, patience), allAtOnce)
        state.moved = moved.flat()
        const days = yield* Effect.forEach(regions, (region) => region.ask(Live({ day }), patience), allAtOnce)
        const sum = days.reduce(add, nothingYet())
        const { infected, recovered, susceptible } = sum
        mustArrive(self.send(reporter, Record({ day, susceptible, infected, recovered })))
        // The request is a message, too.
        return { day, ...sum, handled: sum.handled + 1, byRegion: days.map(({ handled }) => handled) }
        // A region that is gone is nothing that a world could go on without.
      }).pipe(Effect.orDie)
  }
})
