// The same actor, before and after its source file was edited; and the process ends by itself.
import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"

it("counts on with the new code", () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
  assert.strictEqual(execFileSync(process.execPath, [main], { encoding: "utf8" }), "version 1: 1\nversion 2: 11\n")
})
