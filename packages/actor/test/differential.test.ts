// Random programs, the same on the twin and on the native system. In lockstep (G58: one message a slice, in an order that
// the seed decides) the whole trace is the same.
//
// More than `npm test` runs, or one program again: MYRMIDON_PROGRAMS=5000 MYRMIDON_SEED=17 vitest run differential
import { assert, describe, it } from "vitest"
import type { Action } from "./conformance/script.ts"
import { backends } from "./conformance/under.ts"
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

const check = async (compare: Compare, races: boolean): Promise<void> => {
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
}

const outcome = ({ ending, lanes, letters }: Trace) => ({ ending, lanes, letters })

describe.skipIf(native === undefined)("random programs", () => {
  const [, other] = native!

  it(
    `G58: ${count} in lockstep have one trace`,
    { timeout: 30_000 + count * 100 },
    () => check(async (steps, seed) => [await trace(steps, twin, seed), await trace(steps, other, seed)], true)
  )

  it(`G5, G6: ${count} with free batches have one outcome`, { timeout: 30_000 + count * 100 }, () =>
    check(
      async (steps) => [outcome(await trace(steps, twin, undefined)), outcome(await trace(steps, other, undefined))],
      false
    ))
})
