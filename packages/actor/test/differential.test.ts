// Random programs, the same on the twin and on the native system. In lockstep (G58: one message a slice, in an order that
// the seed decides) the whole trace is the same.
//
// More than `npm test` runs, or one program again: MYRMIDON_PROGRAMS=5000 MYRMIDON_SEED=17 vitest run differential
import { assert, describe, it } from "vitest"
import type { Action } from "./conformance/script.ts"
import { backends } from "./conformance/under.ts"
import type { MakeShard } from "../src/internal/system.ts"
import { programOf, shrink } from "./differential/program.ts"
import { type Trace, trace } from "./differential/trace.ts"

const count = Number(process.env["MYRMIDON_PROGRAMS"] ?? 200)
const first = BigInt(process.env["MYRMIDON_SEED"] ?? 1)
const native = backends.find(([name]) => name === "native")
const [, twin] = backends[0]!

type Compare = (steps: ReadonlyArray<Action>, seed: bigint) => Promise<readonly [twin: unknown, native: unknown]>

const same = async (compare: Compare, steps: ReadonlyArray<Action>, seed: bigint): Promise<boolean> => {
  try {
    const [one, other] = await compare(steps, seed)
    assert.deepStrictEqual(one, other)
    return true
  } catch {
    return false
  }
}

/** How many programs were held against each other. */
const check = async (compare: Compare, races: boolean): Promise<number> => {
  for (let i = 0n; i < count; i++) {
    const seed = first + i
    const steps = programOf(seed, { races })
    if (await same(compare, steps, seed)) continue
    const short = await shrink(steps, async (shorter) => !await same(compare, shorter, seed))
    const [one, other] = await compare(short, seed)
    assert.deepStrictEqual(
      other,
      one,
      `seed ${seed}, shrunk to\n${short.map((step) => JSON.stringify(step)).join("\n")}\n`
    )
    assert.fail(`seed ${seed} fails now and then`)
  }
  return count
}

const outcome = ({ ending, lanes, letters }: Trace) => ({ ending, lanes, letters })

describe.skipIf(native === undefined)("random programs", () => {
  const other = native?.[1] ?? twin
  const timeout = 30_000 + count * 100

  it(`G58: ${count} in lockstep have one trace`, { timeout }, async () => {
    const held = await check(
      async (steps, seed) => [await trace(steps, twin, seed), await trace(steps, other, seed)],
      true
    )
    assert.strictEqual(held, count)
  })

  it(`G5, G6: ${count} with free batches have one outcome`, { timeout }, async () => {
    const run = async (steps: ReadonlyArray<Action>, backend: MakeShard) =>
      outcome(await trace(steps, backend, undefined))
    assert.strictEqual(await check(async (steps) => [await run(steps, twin), await run(steps, other)], false), count)
  })

  it("another seed is another order, so that the comparison can fail", async () => {
    const differing = Array.from({ length: 20 }, (_, seed) => programOf(BigInt(seed), { races: true })).map(async (
      steps
    ) => (await trace(steps, twin, 1n)).all.join() !== (await trace(steps, twin, 2n)).all.join())
    assert.isAbove((await Promise.all(differing)).filter(Boolean).length, 10)
  })
})
