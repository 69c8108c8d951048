// What can only be seen from outside: whole processes. Each is waited for; none is timed.
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, it } from "vitest"

const run = async (script: string, ...args: Array<string>): Promise<string> => {
  const file = fileURLToPath(new URL(`./worker/${script}`, import.meta.url))
  // A script that aborts rejects with its signal.
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args])
  return stdout.trim()
}

it("G60: 10 workers start, load, tick under a flood and are terminated without an abort", async () => {
  assert.strictEqual(await run("rounds.mjs", "10"), "10 rounds")
}, 60_000)

it("G61: a panic in Rust does not end the process", async () => {
  assert.match(await run("panic.mjs"), /on purpose/)
}, 30_000)

it("hooks that throw are reported as what nobody catches, and do not stop the loop", async () => {
  assert.strictEqual(await run("hooks.mjs"), "on letter long")
}, 30_000)

it("an idle runtime lets the process end", async () => {
  assert.strictEqual(await run("idle.mjs"), "2")
}, 30_000)
