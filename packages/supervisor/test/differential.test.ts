// Random trees and what happens to them: the traces of the Rust machines (crates/myrmidon-core, `supervisor`), played by
// this package on the twin and on the native system.
//
// More than are checked in, or one again (needs cargo): MYRMIDON_PROGRAMS=500 MYRMIDON_SEED=17 vitest run differential
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { play, type Row } from "./conformance/driver.ts"
import { testSystems } from "./fixtures.ts"

const root = new URL("../../../", import.meta.url)
const { MYRMIDON_PROGRAMS: count, MYRMIDON_SEED: seed = "1000" } = process.env

const programs: ReadonlyArray<Row> = JSON.parse(
  count === undefined
    ? readFileSync(new URL("conformance/supervisor/random.json", root), "utf8")
    : execFileSync(
      "cargo",
      ["run", "-q", "-p", "myrmidon-core", "--example", "supervisor_programs", "--", seed, count],
      { cwd: fileURLToPath(root), encoding: "utf8", maxBuffer: 2 ** 30 }
    )
)

describe.each(testSystems)("random trees on the %s", (_, system) => {
  it.effect.each(programs.map((row) => ({ ...row, name: `${row.id} (${row.holds.join(", ")})` })))(
    "$name has the trace of the Rust machines",
    (row) => Effect.provide(play(row), system)
  )
})
