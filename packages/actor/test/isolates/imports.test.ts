// Modules that take their time to be imported (G251).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem, type NativeOptions } from "@myrmidonjs/actor"
import { Deferred, Effect, Stream } from "effect"
import { threadId } from "node:worker_threads"
import { nativeLoads } from "../fixtures.ts"
import { Heavy, HeavyLive, takes } from "./heavy.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

const spawned = (options: NativeOptions) =>
  Effect.gen(function*() {
    const { events } = yield* ActorSystem
    const silent: Array<number> = []
    const reported = yield* Deferred.make<void>()
    yield* Effect.forkScoped(
      Stream.runForEach(events, (event) => {
        if (event._tag !== "IsolateSilent") return Effect.void
        silent.push(event.millis)
        return Deferred.succeed(reported, undefined)
      }),
      { startImmediately: true }
    )
    const spawned = yield* Effect.result(HeavyLive.spawnOn("worker", undefined))
    if (spawned._tag === "Failure") yield* Deferred.await(reported)
    const thread = spawned._tag === "Success" ? yield* spawned.success.ask(Heavy.messages.Thread()) : undefined
    return { spawned, thread, silent }
  }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1, ...options })))

describe.runIf(nativeLoads)("modules that hold their thread while they are imported", () => {
  it.live("G251: that is no silence, and whoever spawns waits for it", () =>
    Effect.gen(function*() {
      const { silent, spawned: { _tag }, thread } = yield* spawned({ isolateSilence: takes / 5 })
      assert.strictEqual(_tag, "Success")
      assert.notStrictEqual(thread, threadId)
      assert.deepStrictEqual(silent, [])
    }), patience)

  it.live("G251: it has a limit of its own, and then is silence", () =>
    Effect.gen(function*() {
      const limits = { isolateSilence: takes / 25, importSilence: takes / 5 }
      const { silent, spawned: outcome } = yield* spawned(limits)
      assert(outcome._tag === "Failure" && outcome.failure._tag === "SpawnError")
      assert.strictEqual(outcome.failure.reason._tag, "IsolateUnavailable")
      assert.isAtLeast(silent.length, 1)
      assert.isAbove(silent[0]!, takes / 5)
    }), patience)
})
