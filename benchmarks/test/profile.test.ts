// A profile of a real run, on the twin: what is counted in it is what the program did, and only in its stretches.
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, assert, describe, it } from "vitest"
import type { ProfileOptions } from "../src/options.ts"
import { sample } from "../src/profile/sampler.ts"
import { profile } from "../src/profile.ts"
import { begins, ends } from "../src/stretch.ts"
import type { Workload } from "../src/workload.ts"

const folder = mkdtempSync(join(tmpdir(), "profile-"))
afterAll(() => rmSync(folder, { recursive: true }))

const options = (workload: Workload, n: number, allocations: boolean): ProfileOptions => ({
  kind: "profile",
  workload,
  subject: "myrmidon-memory",
  n,
  quick: false,
  json: true,
  allocations,
  out: join(folder, `${workload}.cpuprofile`)
})

interface Stretch {
  readonly stretch: string
  readonly ops: number
  readonly samples: number
  readonly bytes_per_op?: number
  readonly bytes_by_function?: Readonly<Record<string, number>>
}

const run = async (options: ProfileOptions): Promise<ReadonlyArray<Stretch>> => {
  const printed: Array<string> = []
  assert.strictEqual(await profile(options, (text) => printed.push(text)), 0, printed.join("\n"))
  assert.strictEqual(printed.length, 1)
  return (JSON.parse(printed[0]) as { readonly stretches: ReadonlyArray<Stretch> }).stretches
}

describe("profile", () => {
  it("counts the operations of each stretch, without the warm-up", async () => {
    const stretches = await run(options("effect-handler", 2_000, false))
    assert.deepStrictEqual(stretches.map(({ ops, stretch }) => [stretch, ops]), [
      ["runForkWith alone", 2_000],
      ["in actors", 2_000]
    ])
  })

  it("says who allocates what", async () => {
    const [spawns, end] = await run(options("spawn", 20_000, true))
    assert.deepStrictEqual([spawns.stretch, spawns.ops, end.ops], ["spawns", 20_000, 22_000])
    // A cell and its state: less is not possible, and many times as much would be another program.
    assert.isAbove(spawns.bytes_per_op!, 40)
    assert.isBelow(spawns.bytes_per_op!, 4_000)
    // Of what V8 has inlined by then only the outer one is named.
    const functions = Object.keys(spawns.bytes_by_function!)
    assert.isTrue(functions.some((what) => /(spawn|begin|cell|Membrane)\.ts/.test(what)), functions.join("\n"))
  })

  it("keeps the samples of its stretches alone", async () => {
    const busy = (until: number): number => {
      let x = 1
      for (let i = 0; i < until; i++) x = (x * 48_271) % 2_147_483_647
      return x
    }
    const { profile, stretches } = await sample({ interval: 100, allocations: undefined }, async () => {
      const before = busy(10_000_000)
      begins()
      const inside = busy(10_000_000)
      ends("inside", 1)
      return before + inside + busy(10_000_000)
    })
    assert.deepStrictEqual(stretches.map(({ name, ops }) => [name, ops]), [["inside", 1]])
    // There are samples, and they span no more than the stretch did.
    assert.strictEqual(profile.samples?.length, stretches[0].time.total)
    assert.isAbove(stretches[0].time.total, 0)
    assert.isTrue(stretches[0].time.functions.some(({ what }) => what.startsWith("busy ")))
    const spanned = profile.timeDeltas!.slice(1).reduce((sum, delta) => sum + delta, 0)
    assert.isAtMost(spanned * 1000, stretches[0].ns)
  })

  it("writes what a viewer opens", async () => {
    const asked = options("count", 20_000, false)
    await run(asked)
    const written = JSON.parse(readFileSync(asked.out, "utf8")) as Readonly<Record<string, ReadonlyArray<unknown>>>
    assert.strictEqual(written.samples.length, written.timeDeltas.length)
    assert.isAbove(written.nodes.length, 0)
  })

  it("says what failed, and exits with 1", async () => {
    const printed: Array<string> = []
    const asked = { ...options("cross-thread", 10, false) }
    assert.strictEqual(await profile(asked, (text) => printed.push(text)), 1)
    assert.include(printed[0], "one isolate")
  })
})
