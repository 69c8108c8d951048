// The rows of conformance/supervisor with real actors, on the twin and on the native system.
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { play, type Row } from "./conformance/driver.ts"
import { testSystems } from "./fixtures.ts"

const rows: ReadonlyArray<Row> = JSON.parse(
  readFileSync(new URL("../../../conformance/supervisor/rows.json", import.meta.url), "utf8")
)

describe.each(testSystems)("supervisors on the %s", (_, system) => {
  it.effect.each(rows.map((row) => ({ ...row, name: `${row.id} (${row.holds.join(", ")}): ${row.title}` })))(
    "$name",
    (row) => Effect.provide(play(row), system)
  )
})
