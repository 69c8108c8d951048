// The rows of conformance/inspector through the public API, on the twin and on the native system, under virtual time.
import { describe, it } from "@effect/vitest"
import { Inspector } from "@myrmidonjs/actor"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { backends, Under } from "../conformance/under.ts"
import { type Row, run } from "./driver.ts"

const rows: ReadonlyArray<Row> = JSON.parse(
  readFileSync(new URL("../../../../conformance/inspector/rows.json", import.meta.url), "utf8")
)

describe.each(backends)("traces and statistics on the %s system", (_, backend) => {
  it.effect.each(rows.map((row) => ({ ...row, name: `${row.id} (${row.holds.join(", ")}): ${row.title}` })))(
    "$name",
    (row) => {
      const under = new Under(backend)
      return Effect.provide(run(row, under), Layer.provideMerge(Inspector.layer, under.layer))
    }
  )
})
