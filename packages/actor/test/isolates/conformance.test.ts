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
  B12b: "its isolate hears of the hold after what was sent with the message that overflowed (G111)",
  B13: "one handler sends it all before its isolate can hear of the hold: the last is a dead letter there (G111)",
  F1: "the order in which two actors are served is that of one isolate",
  F2: "the same",
  F3: "the same",
  F4: "the same",
  F5: "the same",
  B20: "isolates have no batch in common: a kill acts when it arrives",
  O13: "the answer arrives together with the kill, and is told before the end"
}

const fromAfar = rows
  .map(([file, rows]) => [file, rows.filter((row) => notFromAfar[row.id] === undefined)] as const)
  .filter(([, rows]) => rows.length > 0)

describe.runIf(addon !== undefined).each([0, 1])(
  "rows across isolates, the first actor in isolate %i",
  (first) => {
    describe.each(fromAfar)("%s", (_, rows) => {
      it.effect.each(
        rows.map((row) => ({
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
