// What all isolates of a system use (G193).
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Metric } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { hostOf } from "../../src/internal/system.ts"
import { nativeLoads as native } from "../fixtures.ts"
import { Counter, CounterLive } from "./modules.ts"

const { Add, Block, Get } = Counter.messages
/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
const counterRow = Effect.flatMap(
  ActorSystem,
  (system) => Effect.map(system.behaviors, (rows) => rows.find(({ protocol }) => protocol === "Counter"))
)

describe.runIf(native)("what all isolates use", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 2 }), { excludeTestServices: true, timeout: patience })((it) => {
    it.effect("G193: top, info and behaviors are of all isolates", () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const { isolates } = yield* system.info
        const counters = yield* Effect.forEach(
          isolates,
          ({ isolate }) => CounterLive.spawnOn(isolate as never, 0, { name: `in ${isolate}` })
        )
        for (const [at, counter] of counters.entries()) {
          for (let i = 0; i < 10 * (at + 1); i++) yield* counter.ask(Add(1))
        }
        const top = yield* system.top(2, "reductions")
        assert.deepStrictEqual(
          top.map(({ name }) => name),
          isolates.map(({ isolate }) => `in ${isolate}`).toReversed().slice(0, 2)
        )
        assert.deepStrictEqual(top.map(({ pid }) => pid), [counters[2]!.pid, counters[1]!.pid])
        const all = yield* system.top(100, "mailbox")
        assert.strictEqual(all.filter(({ protocol }) => protocol === "myrmidon/Agent").length, 0)
        assert.deepInclude(yield* counterRow, { actors: 3, reductions: 60 })

        yield* Actor.suspend(counters[2]!)
        for (let i = 0; i < 5; i++) yield* counters[2]!.tell(Add(1))
        assert.strictEqual((yield* Actor.info(counters[2]!)).mailbox, 5)
        const info = yield* system.info
        assert.strictEqual(info.queued, 5)
        assert.deepStrictEqual(info.isolates.map(({ queued }) => queued), [0, 0, 5])
        assert.strictEqual(info.bytes, info.isolates.reduce((sum, { bytes }) => sum + bytes!, 0))
        yield* Actor.resume(counters[2]!)
        yield* counters[2]!.ask(Get())
        const metrics = yield* Metric.snapshot
        const reductions = metrics.filter(({ id }) => id === "myrmidon_isolate_reductions")
        assert.deepStrictEqual(
          reductions.map(({ attributes }) => attributes?.["isolate"]).toSorted((a, b) => Number(a) - Number(b)),
          isolates.slice(1).map(({ isolate }) => String(isolate))
        )
      }).pipe(Effect.scoped))

    it.effect("G193: one that does not answer is left out, and waited for by nobody", () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const before = yield* system.info
        const [, blocked, other] = before.isolates.map(({ isolate }) => isolate)
        const counter = yield* CounterLive.spawnOn(blocked as never, 0, { name: "blocked" })
        const free = yield* CounterLive.spawnOn(other as never, 0, { name: "free" })
        yield* counter.ask(Add(1))
        yield* free.ask(Add(1))
        const known = yield* counterRow
        const folder = mkdtempSync(join(tmpdir(), "myrmidon-"))
        const file = join(folder, "go")
        yield* counter.tell(Block(file))
        while ((yield* system.info).isolates.every(({ queued }) => queued !== undefined)) yield* turn
        const info = yield* system.info
        assert.deepStrictEqual(info.isolates.map(({ bytes }) => bytes === undefined), [false, true, false])
        const top = yield* system.top(10, "reductions")
        const names = top.map(({ name }) => name)
        assert.include(names, "free")
        assert.notInclude(names, "blocked")
        // What it has said before counts on.
        assert.isAtLeast((yield* counterRow)!.reductions, known!.reductions)
        writeFileSync(file, "")
        yield* counter.ask(Get())
        rmSync(folder, { recursive: true })
      }).pipe(Effect.scoped))
  })

  layer(ActorSystem.layer({ isolates: 1 }), { excludeTestServices: true, timeout: patience })((it) =>
    it.effect(
      "G193: what an isolate had used when it was last read does not end with it",
      () =>
        Effect.gen(function*() {
          const system = yield* ActorSystem
          const fleet = fleetOf(hostOf(system))!
          const { isolates } = yield* system.info
          const counter = yield* CounterLive.spawnOn("worker", 0)
          for (let i = 0; i < 20; i++) yield* counter.ask(Add(1))
          const before = yield* counterRow
          assert.deepInclude(before, { actors: 1, reductions: 20 })
          fleet.terminate(isolates[1]!.isolate)
          yield* Effect.repeat(turn, {
            until: () =>
              Effect.map(
                system.info,
                ({ isolates: now }) => now[1] !== undefined && now[1].isolate !== isolates[1]!.isolate
              )
          })
          assert.deepInclude(yield* counterRow, { actors: 0, reductions: 20 })
          const next = yield* CounterLive.spawnOn("worker", 0)
          yield* next.ask(Add(1))
          assert.deepInclude(yield* counterRow, { actors: 1, reductions: 21 })
        }).pipe(Effect.scoped),
      60_000
    )
  )
})
