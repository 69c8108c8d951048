// Modules that take their time to be imported (G251).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem } from "@myrmidonjs/actor"
import { Deferred, Effect, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { threadId } from "node:worker_threads"
import { nativeLoads } from "../fixtures.ts"
import { goes, Heavy, HeavyLive, takes } from "./heavy.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

/** What is said of silence from now on, and the first of it. */
const watched = Effect.gen(function*() {
  const { events } = yield* ActorSystem
  const silent: Array<number> = []
  const reported = yield* Deferred.make<number>()
  yield* Effect.forkScoped(
    Stream.runForEach(events, (event) => {
      if (event._tag !== "IsolateSilent") return Effect.void
      silent.push(event.millis)
      return Deferred.succeed(reported, event.millis)
    }),
    { startImmediately: true }
  )
  return { silent, reported: Deferred.await(reported) }
})

/** Holds the thread of whoever imports it from now on, until `go` or the end of the scope. */
const held = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = mkdtempSync(join(tmpdir(), "myrmidon-"))
      process.env[goes] = join(folder, "go")
      return folder
    }),
    (folder) =>
      Effect.sync(() => {
        delete process.env[goes]
        rmSync(folder, { recursive: true })
      })
  ),
  (folder) => ({ go: Effect.sync(() => writeFileSync(join(folder, "go"), "")) })
)

describe.runIf(nativeLoads)("modules that hold their thread while they are imported", () => {
  it.live("G251: that is no silence, and whoever spawns waits for it", () =>
    Effect.gen(function*() {
      const { silent } = yield* watched
      const heavy = yield* HeavyLive.spawnOn("worker", undefined)
      assert.notStrictEqual(yield* heavy.ask(Heavy.messages.Thread()), threadId)
      assert.deepStrictEqual(silent, [])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1, isolateSilence: takes / 2.5 }))), patience)

  it.live("G251: it has a limit of its own, and then is silence", () =>
    Effect.gen(function*() {
      const { go } = yield* held
      const limits = { isolateSilence: 1_000, importSilence: 1_500 }
      yield* Effect.gen(function*() {
        const { reported } = yield* watched
        const spawned = Effect.flip(HeavyLive.spawnOn("worker", undefined))
        // One that is given up before its import has begun holds nothing: then the next one does.
        assert.isAbove(yield* Effect.raceFirst(reported, Effect.forever(spawned)), limits.importSilence)
        const failure = yield* spawned
        assert(failure._tag === "SpawnError")
        assert.strictEqual(failure.reason._tag, "IsolateUnavailable")
        yield* go
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1, ...limits })))
    }).pipe(Effect.scoped), patience)
})
