// The short form of the chaos test: five workers end at random under load (G114, G156, G250).
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { nativeLoads } from "../fixtures.ts"
import { chaos, faultsOf } from "./chaos.ts"

describe.runIf(nativeLoads)("chaos", () => {
  it.live(
    "G250: whichever workers end, and however, all that was asked, told, watched, lent and swapped is accounted for",
    () =>
      Effect.map(chaos({ ends: 5 }, 7n), (outcome) => {
        assert.deepStrictEqual(faultsOf(outcome), [])
        assert.isAtLeast(outcome.exited, 1)
        assert.isAtLeast(outcome.fromAfar, 1)
        for (const what of ["streams", "swaps", "buffers", "handled", "letters"] as const) {
          assert.isAtLeast(outcome[what], 1, what)
        }
        assert.isAtMost(outcome.down, outcome.ends)
      }),
    240_000
  )
})
