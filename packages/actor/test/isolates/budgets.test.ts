// A budget that is said where another isolate is told to spawn (G105).
import { assert, describe, layer } from "@effect/vitest"
import { ActorSystem, type SpawnError } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { nativeLoads } from "../fixtures.ts"
import { Flood, Flooded, FloodedLive, FloodLive } from "./budgets.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

describe.runIf(nativeLoads)("budgets on another isolate", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 1 }), { excludeTestServices: true, timeout: patience })((it) => {
    it.effect("G105: it is a weight there as well", () =>
      Effect.gen(function*() {
        const light = yield* FloodedLive.spawnOn("worker", "light", { budget: 1 })
        const heavy = yield* FloodedLive.spawnOn("worker", "heavy", { budget: 8 })
        const flood = yield* FloodLive.spawnOn("worker", undefined)
        yield* flood.ask(Flood.messages.Both({ light, heavy }))
        // Behind its own ticks. A turn of the heavy one for each of the light one's, give or take one.
        const seen = yield* light.ask(Flooded.messages.Done())
        assert.isAtLeast(seen, 4 * 8)
        assert.isAtMost(seen, 6 * 8)
      }).pipe(Effect.scoped))

    it.effect("G105: another number is InvalidOption, and nothing is started", () =>
      Effect.gen(function*() {
        for (const budget of [0, 65, 1.5, "8" as never]) {
          const { reason } = (yield* Effect.flip(FloodedLive.spawnOn("worker", "", { budget }))) as SpawnError
          assert.deepInclude(reason, { _tag: "InvalidOption", option: "budget" })
        }
        assert.strictEqual((yield* (yield* ActorSystem).info).actors, 0)
      }).pipe(Effect.scoped))
  })
})
