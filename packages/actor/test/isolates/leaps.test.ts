// Spawns whose isolate ends under them (G278).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem, type SpawnError } from "@myrmidonjs/actor"
import { Effect, Fiber, Stream } from "effect"
import { nativeLoads } from "../fixtures.ts"
import { LeapLive } from "./leaps.ts"
import { Counter, CounterLive } from "./modules.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

describe.runIf(nativeLoads)("a spawn whose isolate ends under it", () => {
  for (
    const [way, error] of [["exits", undefined], ["throws", /outside of any handler/], [
      "rejects",
      /nobody caught it/
    ]] as const
  ) {
    it.live(`G278: is IsolateUnavailable, and goes nowhere else: it ${way}`, () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const isDown = (event: { readonly _tag: string }) => event._tag === "IsolateDown"
        const downs = yield* Effect.forkScoped(
          Stream.runCollect(Stream.take(Stream.filter(system.events, isDown), 1)),
          { startImmediately: true }
        )
        const isolates = (yield* system.info).isolates.map(({ isolate }) => isolate).filter((isolate) => isolate !== 0)
        const others = yield* Effect.forEach(isolates, (isolate) => CounterLive.spawnOn(isolate, 1))
        const { reason } = (yield* Effect.flip(LeapLive.spawnOn("worker", way))) as SpawnError
        assert.strictEqual(reason._tag, "IsolateUnavailable")
        const [down] = yield* Fiber.join(downs)
        assert(down?._tag === "IsolateDown")
        if (error === undefined) assert.isUndefined(down.error)
        else assert.match(down.error!, error)
        assert.deepInclude(reason, { on: String(down.isolate) })
        // Had it gone on to the other one, that would not answer any more.
        const other = others[isolates.findIndex((isolate) => isolate !== down.isolate)]!
        assert.strictEqual(yield* other.ask(Counter.messages.Get()), 1)
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 2 }))), patience)
  }
})
