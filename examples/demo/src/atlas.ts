/**
 * What every actor of the demo can look up: the map, the rules of this run, and where everybody lives.
 *
 * Owner of an entry of `address`: the country of that city, which writes it between two days and never during one.
 * All else is written before the first day.
 */
import type { Actor } from "@myrmidonjs/actor"
import type { Cities } from "./cities.ts"
import type { Census } from "./census.ts"
import type { Geography } from "./geography.ts"
import type * as Protocols from "./protocols.ts"

export interface Atlas {
  readonly cities: Cities
  readonly geography: Geography
  readonly seed: number
  readonly lastDay: number
  /** The day on which the cities learn to vaccinate. */
  readonly vaccineDay: number
  /** Where the epidemic begins. */
  readonly origin: number
  readonly world: Actor.Ref<typeof Protocols.World>
  readonly reporter: Actor.Ref<typeof Protocols.Reporter>
  readonly observers: ReadonlyArray<Actor.Ref<typeof Protocols.Observer>>
  /** In the order in which dawn comes to them. `from`: the first city. */
  readonly countries: ReadonlyArray<{ readonly ref: Actor.Ref<typeof Protocols.Country>; readonly from: number }>
  readonly address: Array<Actor.Ref<typeof Protocols.City>>
  /** By country. */
  readonly censuses: ReadonlyArray<Census>
}

/** People must not get lost on the way: a refused message is a bug of the demo, and ends the run. */
export const mustArrive = (outcome: string): void => {
  if (outcome !== "Accepted") throw new Error(`a message that must arrive was refused: ${outcome}`)
}
