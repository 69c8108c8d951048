// The whole program, as `npm run demo -- --json` runs it; what the backends come to is run.test.ts.
import { assert, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { existsSync, mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { loadCities } from "../src/cities.ts"
import { makeGeography } from "../src/geography.ts"
import { simulate } from "./oracle.ts"

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))

it("--json prints the table as one object on one line, and draws the map", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "myrmidon-demo-"))
  const args = ["--memory", "--json", "--actors", "300", "--days", "6", "--seed", "7"]
  const { stderr, stdout } = await promisify(execFile)(process.execPath, [main, ...args], { cwd })
  assert.lengthOf(stdout.trim().split("\n"), 1)
  const figures = JSON.parse(stdout) as Readonly<Record<string, unknown>>
  assert.includeMembers(Object.keys(figures), [
    "totals",
    "actors",
    "spawn_ms",
    "bytes_per_actor",
    "handled",
    "seconds",
    "per_s",
    "ask_p50_us",
    "ask_p99_us",
    "killed",
    "restarted",
    "dead_letters",
    "overflowed",
    "ledger_ok",
    "backend"
  ])
  assert.deepInclude(figures, { backend: "memory", ledger_ok: true })
  const cities = loadCities(300)
  const days = simulate(cities, makeGeography(cities), { seed: 7, days: 6 })
  assert.deepStrictEqual(figures["totals"], days.at(-1)?.totals)
  assert.match(stderr, /^day 6\/6/m)
  for (const kind of ["svg", "png"]) {
    const [, path = ""] = new RegExp(`^ *(\\S+\\.${kind})$`, "m").exec(stderr) ?? []
    assert.isTrue(path !== "" && existsSync(join(cwd, path)), path)
  }
})
