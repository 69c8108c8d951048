// The rows of conformance/supervisor with the supervisor in one isolate and those below it in another (G160, G194, G246);
// B1 and S11 give up a start there (G253).
import { describe, it } from "@effect/vitest"
import { Actor, ActorSystem, type IsolateId } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Duration, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import { addon, TwoIsolates } from "../../actor/test/isolates/twoIsolates.ts"
import { type Ground, inPlace, play, type Row } from "./conformance/driver.ts"

const rows: ReadonlyArray<Row> = JSON.parse(
  readFileSync(new URL("../../../conformance/supervisor/rows.json", import.meta.url), "utf8")
)

const there = 1 as IsolateId
let modules = 0
/** In so many steps time moves. */
const steps = 20

const groundOf = (two: TwoIsolates, what: "children" | "supervisors"): Ground => {
  const url = `test:rows/${++modules}`
  const base: Ground = {
    ...inPlace,
    settle: two.settle,
    // In steps: what is on its way between two moments arrives between them.
    advance: (ms) => {
      const step = Math.floor(ms / steps)
      const all = [...Array.from({ length: steps }, () => step), ms - steps * step]
      return Effect.forEach(
        all,
        (ms) => Effect.andThen(TestClock.adjust(Duration.millis(ms)), two.settle),
        { discard: true }
      )
    }
  }
  if (what === "supervisors") {
    return {
      ...base,
      nested: (tree, options) =>
        Supervisor.placed(tree.id, Supervisor.module(url, tree, Layer.empty), { ...options, place: there })
    }
  }
  return {
    ...base,
    child: (id, behavior, options) =>
      Supervisor.child(id, Actor.module(url, behavior, Layer.empty), id, { ...options, place: there }),
    dynamic: (id, behavior, options) =>
      Supervisor.dynamic(id, Actor.module(url, behavior, Layer.empty), { ...options, place: there })
  }
}

const hasNested = ({ tree }: Row): boolean => tree.children?.some(({ children }) => children !== undefined) === true

const grounds = [["children", rows], ["supervisors", rows.filter(hasNested)]] as const

describe.runIf(addon !== undefined).each(grounds)("rows with the %s in another isolate", (what, rows) => {
  it.effect.each(rows.map((row) => ({ ...row, name: `${row.id} (${row.holds.join(", ")}): ${row.title}` })))(
    "$name",
    (row) =>
      Effect.gen(function*() {
        const two = yield* TwoIsolates.open(addon!, true)
        yield* Effect.provideService(play(row, groundOf(two, what)), ActorSystem, two.systems[0]!)
      }).pipe(Effect.scoped)
  )
})
