/**
 * What the actors of the demo say to each other. Plain numbers throughout: each of these could cross a border.
 *
 * World -> Country -> City, and back up: a day begins with `Prepare` (publish where yesterday's dead live now, kill
 * today's, whom their supervisor starts again at once), and when every country is `Ready`, dawn goes round the world (`Wake`). A city that has heard of each living neighbour sends its `Report`, a country
 * that has every report is `Done`, and the world answers `Advance`. These counts are the barrier: there is no clock.
 */
import { Actor, ActorRef } from "@myrmidonjs/actor"
import { Schema } from "effect"
import { Rpc } from "effect/rpc"

const people = { susceptible: Schema.Int, infected: Schema.Int, recovered: Schema.Int }

export const City = Actor.make("City", [
  /** The day begins; `silent` of the neighbours are dead and will not be heard of. */
  Rpc.make("Dawn", { payload: { day: Schema.Int, silent: Schema.Int } }),
  Rpc.make("Travellers", {
    payload: {
      slot: Schema.Int,
      susceptible: Schema.mutableKey(Schema.Int),
      infected: Schema.mutableKey(Schema.Int),
      recovered: Schema.mutableKey(Schema.Int)
    }
  })
])

const dayOfCountry = Schema.Struct({
  ...people,
  /** Of these, how many had arrived and were not admitted yet. */
  waiting: Schema.Int,
  /** With the cities killed today: who had arrived in them, and was known to nobody else. */
  lost: Schema.Int,
  killed: Schema.Int,
  restarted: Schema.Int,
  /** Messages, each confirmed by the report that could not exist without it. */
  handled: Schema.Int,
  /** Groups that were sent to dead cities. */
  strays: Schema.Int,
  /** People. */
  vaccinated: Schema.Int,
  /** Cities reached by the infection today. */
  reached: Schema.Array(Schema.Struct({ city: Schema.Int, source: Schema.Int }))
})

export const Country = Actor.make("Country", [
  Rpc.make("Prepare", { payload: { day: Schema.Int, down: Schema.Array(Schema.Int) } }),
  /** Dawn has come to the city `from`; the country wakes its cities, and then the next country. */
  Rpc.make("Wake", { payload: { day: Schema.Int, from: Schema.Int } }),
  /** A city that was killed is back, at a new address. It sleeps until the next day. */
  Rpc.make("Back", { payload: { city: Schema.Int, ref: ActorRef.schema(City) } }),
  Rpc.make("Report", {
    payload: {
      city: Schema.Int,
      ...people,
      /** Today. */
      vaccinated: Schema.Int,
      waitingSusceptible: Schema.Int,
      waitingInfected: Schema.Int,
      waitingRecovered: Schema.Int,
      /** The neighbour who brought the first infected of the day, or -1. */
      source: Schema.Int
    }
  })
])

export const Day = Schema.Struct({ day: Schema.Int, ...dayOfCountry.fields })
export type Day = typeof Day.Type

export const World = Actor.make("World", [
  Rpc.make("Advance", { payload: { day: Schema.Int }, success: Day }),
  Rpc.make("Ready"),
  Rpc.make("Done", { payload: dayOfCountry })
])

export const Totals = Schema.Struct({ day: Schema.Int, ...people })
export type Totals = typeof Totals.Type

export const Reporter = Actor.make("Reporter", [
  Rpc.make("Record", { payload: Totals }),
  Rpc.make("Latest", { success: Totals })
])

/** Its mailbox is too small for what it gets, by intent: what overflows is news, never people. */
export const Observer = Actor.make("Observer", [
  Rpc.make("Sighting", { payload: { city: Schema.Int, infected: Schema.Int } }),
  Rpc.make("Seen", { success: Schema.Struct({ sightings: Schema.Int, worst: Schema.Int, infected: Schema.Int }) })
])
