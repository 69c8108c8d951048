/**
 * What every actor of an isolate can look up: the map, the rules of this run, and where everybody lives whom it has to
 * do with. Each isolate has its own; only the map's memory came from elsewhere.
 *
 * Owner of an entry of `address`: the country of that city, or the region for cities of other isolates; written between
 * two days and never during one. All else is written before the first day.
 */
import type { Actor } from "@myrmidonjs/actor"
import type { Census } from "./census.ts"
import type { Geography } from "./geography.ts"
import type * as Protocols from "./protocols.ts"

export interface Atlas {
  readonly geography: Geography
  readonly seed: number
  readonly lastDay: number
  /** The day on which the cities learn to vaccinate. */
  readonly vaccineDay: number
  readonly region: Actor.Ref<typeof Protocols.Region>
  readonly observers: ReadonlyArray<Actor.Ref<typeof Protocols.Observer>>
  /** Of this isolate, in the order in which dawn comes to them. */
  readonly countries: Array<Home>
  /** By city; of other isolates, only where a road of this one leads. */
  readonly address: Array<Actor.Ref<typeof Protocols.City>>
  /** 1: a road leads from this city of the isolate to one of another. */
  readonly isBorder: Uint8Array
}

/** A country of this isolate. Its cities are `from` up to, not including, `to`. */
export interface Home {
  readonly ref: Actor.Ref<typeof Protocols.Country>
  readonly from: number
  readonly to: number
  readonly census: Census
}

/** People must not get lost on the way: a refused message is a bug of the demo, and ends the run. */
export const mustArrive = (outcome: string): void => {
  if (outcome !== "Accepted") throw new Error(`a message that must arrive was refused: ${outcome}`)
}
