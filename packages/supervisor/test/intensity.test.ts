// G92: the window of restarts slides, against its definition.
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Intensity } from "../src/internal/intensity.ts"

const from = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("restart intensity", () => {
  it.prop(
    "an attempt is one too many when more than the intensity lie within the period before it",
    { waits: Schema.Array(from(0, 40)), intensity: from(0, 6), period: from(1, 100) },
    ({ intensity, period, waits }) => {
      const window = new Intensity()
      const attempts: Array<number> = []
      let now = 0
      for (const wait of waits) {
        now += wait
        attempts.push(now)
        const recent = attempts.filter((at) => now <= at + period).length
        assert.strictEqual(window.add(now, { intensity, period }), recent <= intensity)
        assert.strictEqual(window.recent, recent)
      }
    },
    { arbitrary: { runs: 500, size: 60 } }
  )
})
