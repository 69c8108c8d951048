/**
 * What the actors of the demo say to each other. Numbers and refs throughout: `Travellers` cross between isolates as
 * they are, and so does all that the world and its regions say to each other.
 *
 * World -> Region (one an isolate) -> Country -> City, and back up: a day begins with `Prepare` (publish where yesterday's
 * dead live now, kill today's, whom their supervisor starts again at once); when every country of every region is
 * `Ready`, dawn goes round each region (`Live`, `Wake`). A city that has heard of each living neighbour sends its
 * `Report`, a country that has every report is `Done`, and the world answers `Advance`. These counts are the barrier:
 * there is no clock.
 */
import { Actor, ActorRef, SharedBuffer } from "@myrmidonjs/actor"
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

/** Where a city lives. */
const Address = Schema.Struct({ city: Schema.Int, ref: ActorRef.schema(City) })
export type Address = typeof Address.Type

/** Of one day, in a part of the world. */
const Today = Schema.Struct({
  ...people,
  /** Of these, how many had arrived and were not admitted yet. */
  waiting: Schema.Int,
  /** With the cities killed today: who had arrived in them, and was known to nobody else. */
  lost: Schema.Int,
  killed: Schema.Int,
  restarted: Schema.Int,
  /** Messages, each confirmed by a report or an answer that could not exist without it. */
  handled: Schema.Int,
  /** Groups that were sent to dead cities. */
  strays: Schema.Int,
  /** People. */
  vaccinated: Schema.Int,
  /** Cities reached by the infection today. */
  reached: Schema.Array(Schema.Struct({ city: Schema.Int, source: Schema.Int }))
})

export type Today = typeof Today.Type

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

/** The cities of an isolate were not swapped, or not brought back, as they should have been. */
export class UpgradeFailed extends Schema.TaggedError<UpgradeFailed>()("UpgradeFailed", { issue: Schema.String }) {
  override get message(): string {
    return this.issue
  }
}

/** Gives the cities of its isolate other versions, while a day is under way. */
export const Upgrader = Actor.make("Upgrader", [
  /** All of them learn to vaccinate. */
  Rpc.make("ToV2", {
    success: Schema.Struct({ swapped: Schema.Int, pauseP99: Schema.Number }),
    error: UpgradeFailed
  }),
  /** Some of them get the bad version. Answered when they have it, with how many they are. */
  Rpc.make("TryV3", { payload: { day: Schema.Int, canaries: Schema.Int }, success: Schema.Int, error: UpgradeFailed }),
  /** Answered when all of them are back, with how many that were. */
  Rpc.make("BackToV2", { success: Schema.Int, error: UpgradeFailed })
])

/** What a region is, before the first day. */
export const Plan = Schema.Struct({
  /** The map of the world: see map.ts. */
  map: SharedBuffer.schema,
  seed: Schema.Int,
  lastDay: Schema.Int,
  origin: Schema.Int,
  /** Its cities are `from` up to, not including, `to`. */
  countries: Schema.Array(Schema.Struct({ code: Schema.String, from: Schema.Int, to: Schema.Int })),
  observers: Schema.Array(ActorRef.schema(Observer))
})
export type Plan = typeof Plan.Type

/** The countries of one isolate, and whoever has to do with all of them. */
export const Region = Actor.make("Region", [
  /** Starts supervisors, countries and cities; answers with those that have a road out of the region. */
  Rpc.make("Settle", {
    payload: Plan,
    success: Schema.Struct({ border: Schema.Array(Address), upgrader: ActorRef.schema(Upgrader) })
  }),
  /** Where the border cities of the other regions live. */
  Rpc.make("Meet", { payload: { border: Schema.Array(Address) }, success: Schema.Void }),
  /** `moved`: border cities anywhere that live at a new address. Answers with those that were started again here now. */
  Rpc.make("Prepare", {
    payload: { day: Schema.Int, down: Schema.Array(Schema.Int), moved: Schema.Array(Address) },
    success: Schema.Array(Address)
  }),
  Rpc.make("Live", { payload: { day: Schema.Int }, success: Today }),
  /** A country has killed whom it had to, and they are back; those of them that have a road out of the region. */
  Rpc.make("Ready", { payload: { moved: Schema.Array(Address) } }),
  Rpc.make("Done", { payload: Today }),
  /** Bytes that its isolate holds. */
  Rpc.make("Memory", { success: Schema.Number }),
  /** That its supervisors count. */
  Rpc.make("Restarts", { success: Schema.Int })
])

export const Day = Schema.Struct({
  day: Schema.Int,
  ...Today.fields,
  /** Of the messages, how many in each region. */
  byRegion: Schema.Array(Schema.Int)
})
export type Day = typeof Day.Type

export const World = Actor.make("World", [Rpc.make("Advance", { payload: { day: Schema.Int }, success: Day })])
