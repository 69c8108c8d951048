// The smallest program does what its first line says, and its process ends by itself.
import { assert, it } from "@effect/vitest"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

it("prints 3", () => {
  const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
  assert.strictEqual(execFileSync(process.execPath, [main], { encoding: "utf8" }), "3\n")
})

it("is the program that the README shows", () => {
  const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8")
  const program = read("../src/main.ts").replace(/^.*\n/, "")
  assert.include(read("../../../README.md"), `\`\`\`ts\n${program}\`\`\``)
})
