// The rows of conformance/ through the public API, on the twin and on the native system, in the order of production.
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { rows, run } from "./conformance/driver.ts"
import { backends, Under } from "./conformance/under.ts"

describe.each(backends)("the %s system", (_, backend) => {
  describe.each(rows)("%s", (_, rows) => {
    it.effect.each(rows.map((row) => ({ ...row, name: `${row.id} (${row.holds.join(", ")}): ${row.title}` })))(
      "$name",
      (row) => {
        const under = new Under(backend)
        return Effect.provide(run(row, under), under.layer)
      }
    )
  })
})
