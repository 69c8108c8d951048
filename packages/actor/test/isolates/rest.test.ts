// When the first isolate lets its process end (G159, G292): one look, and the looks that Node.js gives it.
import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { once } from "node:events"

/** A process of its own, which says how much had been handled whenever its loop was empty, and ends by itself. */
const looks = async (body: string): Promise<ReadonlyArray<string>> => {
  const program = `
import { Rest } from ${JSON.stringify(new URL("../../src/internal/isolate/rest.ts", import.meta.url).href)}
import { Effect } from "effect"
const run = (round, ended) => void Effect.runFork(round).addObserver(ended)
${body}`
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", program], {
    cwd: new URL("../..", import.meta.url),
    stdio: ["ignore", "pipe", "inherit"]
  })
  let out = ""
  child.stdout.on("data", (chunk: Buffer) => out += chunk.toString())
  const [code] = await once(child, "close")
  assert.strictEqual(code, 0)
  return out.trim().split("\n")
}

describe("a process whose loop is empty", () => {
  it("G292: is asked about again though a round is over before Node.js has told all that it is empty", async () => {
    // Traffic between others: it goes on for five rounds, each of which is over at once.
    const seen = await looks(`
let handled = 0, rounds = 0
const ask = (answered) => Effect.sync(() => {
  handled += ++rounds <= 5 ? 2 : 1
  answered()
})
const rest = new Rest(() => handled, ask, run)
process.on("beforeExit", () => {
  console.log(handled)
  rest.look()
})
`)
    // Two more in which nothing but the question was handled, and the look that finds that.
    assert.deepStrictEqual(seen, ["0", "2", "4", "6", "8", "10", "11", "12"])
  })

  it("G159, G292: what is handled between two rounds, or between the second and the look at it, begins anew", async () => {
    const seen = await looks(`
let handled = 0, rounds = 0
const ask = (answered) => Effect.sync(() => {
  handled++
  answered()
  rounds++
  if (rounds === 1 || rounds === 3) setImmediate(() => handled++)
})
const rest = new Rest(() => handled, ask, run)
process.on("beforeExit", () => {
  console.log(rounds)
  rest.look()
})
`)
    assert.deepStrictEqual(seen, ["0", "1", "2", "3", "4", "5"])
  })
})
