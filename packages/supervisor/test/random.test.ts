// Random trees, with restarts that wait and children that matter, and random crashes, kills, stops, swaps, failing starts and other specs: nobody is orphaned or started
// twice (G85, G90, G91, G94, G95, G97, G98), and no swap ends anybody or takes its place (G63, G75), on either system.
//
// More than `npm test` runs, or one again: MYRMIDON_PROGRAMS=5000 MYRMIDON_SEED=17 vitest run --project supervisor random
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { testSystems } from "./fixtures.ts"
import { play } from "./random/play.ts"
import { Batches, Tree } from "./random/tree.ts"

const runs = Number(process.env["MYRMIDON_PROGRAMS"] ?? 60)
const seed = Number(process.env["MYRMIDON_SEED"] ?? 1)

describe.each(testSystems)("random trees on the %s", (_, system) => {
  it.effect.prop(
    "the live actors are those of the tree, and all end in reverse order",
    { tree: Tree, batches: Batches },
    ({ batches, tree }) => Effect.provide(play(tree, batches), system),
    { arbitrary: { runs, seed, maxShrinks: 400 }, timeout: 1_000 * runs + 60_000 }
  )
})
