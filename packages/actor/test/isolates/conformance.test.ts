// The rows of conformance/ with the parties of each on different isolates: the first here and the second there, and the
// other way round.
import { describe, it } from "@effect/vitest"
import { ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { rows, run } from "../conformance/driver.ts"
import { addon, TwoIsolates, TwoWorld } from "./twoIsolates.ts"

/** What cannot hold when whoever sends is in another isolate than the receiver. */
const notFromAfar: Readonly<Record<string, string>> = {
  B4:
    "whether a mailbox is full is known in its isolate alone: the message is accepted, and a dead letter there (G111)",
  B5: "the same",
  B16: "the same",
  B13: "one handler sends it all before its isolate can hear of the hold: the last is a dead letter there (G111)",
  B20: "isolates have no batch in common: a kill acts when it arrives"
}

describe.runIf(addon !== undefined).each([0, 1])(
  "rows across isolates, the first actor in isolate %i",
  (first) => {
    describe.each(rows)("%s", (_, rows) => {
      it.effect.each(
        rows.filter((row) => notFromAfar[row.id] === undefined).map((row) => ({
          ...row,
          name: `${row.id} (${row.holds.join(", ")}): ${row.title}`
        }))
      )(
        "$name",
        (row) =>
          Effect.gen(function*() {
            const two = yield* TwoIsolates.open(addon!)
            yield* Effect.provideService(run(row, two, new TwoWorld(two, first)), ActorSystem, two.systems[0]!)
          }).pipe(Effect.scoped)
      )
    })
  }
)
