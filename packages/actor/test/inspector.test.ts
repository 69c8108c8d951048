// Debugging behind a service: states, traces, statistics (G82, G83).
import { assert, describe, it } from "@effect/vitest"
import { Actor, HotSwap, Inspector } from "@myrmidonjs/actor"
import { Effect, Fiber, Layer, Option, Stream } from "effect"
import { Boom, Counter, CounterLive, Get, Increment, systems } from "./fixtures.ts"

describe.each(systems)("Inspector on the %s", (_, system) => {
  const both = Layer.provideMerge(Inspector.layer, system)

  it.effect("reads and replaces a state; a replacement that throws leaves it (G82)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(5)
      assert.deepStrictEqual(yield* inspector.getState(counter, CounterLive), { n: 5 })
      yield* inspector.replaceState(counter, CounterLive, ({ n }) => ({ n: n * 2 }))
      assert.strictEqual(yield* counter.ask(Get()), 10)
      const failed = yield* Effect.flip(inspector.replaceState(counter, CounterLive, () => {
        throw new Error("no")
      }))
      assert.strictEqual(failed._tag, "ReplaceFailed")
      assert.strictEqual(yield* counter.ask(Get()), 10)
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("names the version that runs when it is another, and an end (G82)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const other = Counter.behavior({
        version: "2",
        init: (start: number) => ({ n: start }),
        handlers: {
          Increment: (state, { by }) => (state.n += by),
          Get: (state) => -state.n,
          Reset: () => {},
          Boom: () => {},
          Stuck: () => Effect.never,
          Watch: () => Stream.empty
        }
      })
      const counter = yield* CounterLive.spawn(5)
      yield* HotSwap.swap(counter, HotSwap.upgrade(CounterLive, other))
      const mismatch = yield* Effect.flip(inspector.getState(counter, CounterLive))
      assert.deepInclude(mismatch, { _tag: "ProtocolMismatch", expected: "Counter 1", found: "Counter 2" })
      yield* Actor.kill(counter)
      assert.strictEqual((yield* Effect.flip(inspector.getState(counter, other)))._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("traces what an actor handles, up to its limit, and is gone afterwards (G83)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      const reader = yield* Effect.forkChild(Stream.runCollect(inspector.trace(counter, { limit: 2 })), {
        startImmediately: true
      })
      yield* counter.ask(Increment({ by: 1 }))
      yield* counter.ask(Get())
      const seen = yield* Fiber.join(reader)
      assert.deepStrictEqual(seen.map(({ payload, skipped, tag, threw }) => ({ payload, skipped, tag, threw })), [
        { payload: { by: 1 }, skipped: 0, tag: "Increment", threw: false },
        { payload: undefined, skipped: 0, tag: "Get", threw: false }
      ])
      assert.strictEqual(yield* counter.ask(Get()), 1)
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("a trace of a flood skips what is too much, and says so (G83)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      const seen: Array<number> = []
      const reader = yield* Effect.forkChild(
        Stream.runForEach(inspector.trace(counter, { perSecond: 5 }), ({ skipped }) =>
          Effect.sync(() => void seen.push(skipped))),
        { startImmediately: true }
      )
      for (let n = 0; n < 1000; n++) {
        counter.tellUnsafe(Get())
      }
      yield* counter.ask(Get())
      yield* Effect.promise(() =>
        new Promise<void>((resolve) => setImmediate(resolve))
      )
      yield* Fiber.interrupt(reader)
      assert.isAtMost(seen.length, 10)
      assert.isAtLeast(seen.length, 5)
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("a crash is traced, and is a crash (G83)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      const reader = yield* Effect.forkChild(
        Stream.runHead(inspector.trace(counter)),
        { startImmediately: true }
      )
      yield* Effect.exit(counter.ask(Boom("x")))
      const first = yield* Fiber.join(reader)
      assert.deepInclude(Option.getOrThrow(first), { tag: "Boom", threw: true })
      assert.isFalse(yield* Actor.isAlive(counter))
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("statistics count from the first reading (G83)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      yield* counter.ask(Get())
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
      const since = yield* inspector.statistics(counter)
      for (let n = 0; n < 3; n++) yield* counter.ask(Get())
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
      assert.deepInclude(yield* since, { handled: 3, mailbox: 0 })
    }).pipe(Effect.scoped, Effect.provide(both)))
})
