// What all isolates of a system use (G193), and their metrics (G226).
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Metric } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { statsOf } from "../../src/internal/figures.ts"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { Agent } from "../../src/internal/isolate/protocol.ts"
import { hostOf } from "../../src/internal/system.ts"
import { nativeLoads as native, turn } from "../fixtures.ts"
import { Counter, CounterLive, GreeterLive } from "./modules.ts"

const { Add, Block, Burn, Crash, Get } = Counter.messages
/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const counterRow = Effect.flatMap(
  ActorSystem,
  (system) => Effect.map(system.behaviors, (rows) => rows.find(({ protocol }) => protocol === "Counter"))
)

/** A metric of a system; of behaviours that of one protocol. */
const valueOf = (boot: string, name: string, protocol = "Counter") =>
  Effect.map(Metric.snapshot, (metrics) => {
    const state = metrics.find(({ attributes, id }) =>
      id === `myrmidon_${name}` && attributes?.["boot"] === boot &&
      (!name.startsWith("behavior_") || attributes["protocol"] === protocol)
    )?.state as { readonly value: number } | { readonly count: number } | undefined
    return state === undefined ? NaN : "count" in state ? state.count : state.value
  })
/** Returns once it has that value: with a wrong one, never. */
const until = (boot: string, name: string, value: number, protocol?: string) =>
  Effect.repeat(turn, { until: () => Effect.map(valueOf(boot, name, protocol), (found) => found === value) })

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
        // Each order has its own first, in another isolate.
        for (let i = 0; i < 500; i++) yield* counters[0]!.tell(Add(1))
        yield* counters[1]!.ask(Burn(50))
        yield* counters[0]!.ask(Add(1))
        const firstOf = (by: "reductions" | "time" | "mailbox" | "memory") =>
          Effect.map(system.top(1, by), ([first]) => first?.name)
        assert.strictEqual(yield* firstOf("reductions"), "in 0")
        assert.strictEqual(yield* firstOf("time"), `in ${isolates[1]!.isolate}`)
        assert.strictEqual(yield* firstOf("mailbox"), `in ${isolates[2]!.isolate}`)
        assert.strictEqual(yield* firstOf("memory"), `in ${isolates[2]!.isolate}`)
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

    it.effect("G193: what waits for the agents of isolates is not counted", () =>
      Effect.gen(function*() {
        const host = hostOf(yield* ActorSystem)
        const before = statsOf(host).queued
        const waiting = host.shard.stats().queued
        // Nothing is handled before this fiber waits.
        for (let i = 0; i < 3; i++) host.isolates!.agent.tellUnsafe(Agent.messages["myrmidon/EndStream"]({ stream: 0 }))
        assert.strictEqual(host.shard.stats().queued, waiting + 3)
        assert.strictEqual(statsOf(host).queued, before)
      }))

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

  layer(ActorSystem.layer({ isolates: 2, longSchedule: 100 }), { excludeTestServices: true, timeout: patience })(
    (it) => {
      it.effect("G226: metrics are of all isolates, as each said last", () =>
        Effect.gen(function*() {
          const system = yield* ActorSystem
          const { boot } = hostOf(system)
          const counters = yield* Effect.forEach([0, 1, 2], (isolate) => CounterLive.spawnOn(isolate as never, 0))
          const [, far, doomed] = counters
          for (const counter of counters) for (let n = 0; n < 10; n++) yield* counter.ask(Add(1))
          const before = yield* valueOf(boot, "behavior_millis")
          yield* far!.ask(Burn(200))
          const crashing = yield* CounterLive.spawnOn(1 as never, 0)
          yield* Effect.flip(crashing.ask(Crash()))
          yield* crashing.tell(Add(1))
          yield* far!.tell(Add(2_000))
          yield* Actor.suspend(doomed!)
          for (let n = 0; n < 5; n++) yield* doomed!.tell(Add(1))
          // Each says so with its next sign of life.
          yield* until(boot, "behavior_actors", 3)
          yield* until(boot, "behavior_reductions", 33)
          yield* until(boot, "behavior_mailbox", 5)
          yield* until(boot, "queued", 5)
          yield* until(boot, "crashes", 1)
          yield* until(boot, "dead_letters", 1)
          yield* until(boot, "tell_failed", 1)
          // On a busy machine others may have been long, too.
          yield* Effect.repeat(turn, { until: () => Effect.map(valueOf(boot, "long_schedule"), (count) => count >= 1) })
          yield* until(boot, "actors", 3)
          assert.isAtLeast(yield* valueOf(boot, "behavior_millis"), before + 200)
          assert.isAbove(yield* valueOf(boot, "behavior_memory"), 0)
          const own = hostOf(system).shard.stats().bytes
          assert.isAbove(yield* valueOf(boot, "bytes"), own)
          // What it had counted stays when it ends; what it held does not.
          fleetOf(hostOf(system))!.terminate(2)
          yield* until(boot, "queued", 0)
          yield* until(boot, "behavior_actors", 2)
          assert.strictEqual(yield* valueOf(boot, "behavior_reductions"), 33)
          fleetOf(hostOf(system))!.terminate(1)
          yield* until(boot, "behavior_actors", 1)
          assert.strictEqual(yield* valueOf(boot, "crashes"), 1)
          assert.strictEqual(yield* valueOf(boot, "behavior_reductions"), 33)
        }).pipe(Effect.scoped), patience)

      it.effect("G226: a behaviour that runs in workers alone has its metrics", () =>
        Effect.gen(function*() {
          const { boot } = hostOf(yield* ActorSystem)
          yield* GreeterLive.spawnOn("worker", undefined)
          yield* until(boot, "behavior_actors", 1, "Greeter")
        }).pipe(Effect.scoped), patience)
    }
  )

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
