// The short form of the chaos test: five workers end at random under load (G114, G156).
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { nativeLoads } from "../fixtures.ts"
import { chaos } from "./chaos.ts"

describe.runIf(nativeLoads)("chaos", () => {
  it.live(
    "G156: whichever workers end, and however, every ask ends and the system works on",
    () =>
      Effect.map(chaos(5, 7n), ({ ends, exited, interrupted, other, down }) => {
        assert.deepStrictEqual(other, [])
        assert.isAtLeast(exited, 1)
        assert.isAtMost(interrupted, ends)
        assert.isAtMost(down, ends)
      }),
    120_000
  )
})
