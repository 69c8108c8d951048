// Debugging behind a service: states, traces, statistics (G82, G83, G175, G176).
import { assert, describe, it } from "@effect/vitest"
import { Actor, HotSwap, Inspector, InvalidOption, Pid, type TracedMessage, type TraceOptions } from "@myrmidonjs/actor"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Option, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { cellOf } from "../src/internal/cell.ts"
import { isWatched } from "../src/internal/send.ts"
import { Boom, Counter, CounterLive, Get, Increment, systems, turn } from "./fixtures.ts"

/** Adds twice as much; crashes as well. */
const doubling = Counter.behavior({
  version: "2",
  init: (start: number) => ({ n: start }),
  handlers: {
    Increment: (state, { by }) => (state.n += 2 * by),
    Get: (state) => state.n,
    Reset: () => {},
    Boom: (_, message) => {
      throw new TypeError(message)
    },
    Stuck: () => Effect.never,
    Watch: () => Stream.empty
  }
})

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
      const name = Pid.print(counter.pid)
      assert.deepInclude(mismatch, { _tag: "ProtocolMismatch", name, expected: "Counter 1", found: "Counter 2" })
      yield* Actor.kill(counter)
      assert.strictEqual((yield* Effect.flip(inspector.getState(counter, other)))._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("traces what an actor handles, up to its limit, and is gone afterwards (G83)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      const reader = yield* Effect.forkChild(
        Stream.runCollect(inspector.trace(counter, { direction: "in", limit: 2 })),
        {
          startImmediately: true
        }
      )
      yield* counter.ask(Increment({ by: 1 }))
      yield* counter.ask(Get())
      const seen = yield* Fiber.join(reader)
      assert.deepStrictEqual(seen.map(({ _tag, payload, skipped, tag }) => ({ _tag, payload, skipped, tag })), [
        { _tag: "In", payload: { by: 1 }, skipped: 0, tag: "Increment" },
        { _tag: "In", payload: undefined, skipped: 0, tag: "Get" }
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

  it.effect("a trace goes on through swaps and rollbacks, and leaves nothing behind (G83)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      const seen: Array<string> = []
      const trace = Stream.runForEach(inspector.trace(counter), ({ tag }) => Effect.sync(() => void seen.push(tag)))
      const first = yield* Effect.forkChild(trace, { startImmediately: true })
      const second = yield* Effect.forkChild(trace, { startImmediately: true })
      yield* turn
      const swap = yield* Effect.forkChild(
        HotSwap.swap(counter, HotSwap.upgrade(CounterLive, doubling), { canary: {} }),
        {
          startImmediately: true
        }
      )
      yield* counter.ask(Increment({ by: 1 }))
      // The one below goes first.
      yield* Fiber.interrupt(first)
      yield* Effect.flip(counter.ask(Boom("x")))
      assert.strictEqual((yield* Effect.flip(Fiber.join(swap))).reason._tag, "RolledBack")
      assert.strictEqual(yield* counter.ask(Increment({ by: 1 })), 1)
      yield* turn
      yield* Fiber.interrupt(second)
      const count = seen.length
      assert.strictEqual(yield* counter.ask(Increment({ by: 1 })), 2)
      yield* turn
      assert.deepStrictEqual([seen.length, new Set(seen)], [count, new Set(["Increment", "Boom"])])
      // A group that goes back takes one along that is being traced.
      const traced = yield* Effect.forkChild(trace, { startImmediately: true })
      yield* turn
      const other = yield* CounterLive.spawn(0)
      const group = yield* Effect.forkChild(
        HotSwap.swapAll(HotSwap.upgrade(CounterLive, doubling), { canary: { messages: 1 } }),
        { startImmediately: true }
      )
      assert.strictEqual(yield* counter.ask(Increment({ by: 1 })), 4)
      yield* Effect.flip(other.ask(Boom("x")))
      assert.strictEqual((yield* Fiber.join(group)).rolledBack.length, 2)
      assert.strictEqual(yield* counter.ask(Get()), 2)
      yield* Fiber.interrupt(traced)
      assert.strictEqual((yield* Actor.info(counter)).version, "1")
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("a trace ends with its actor (G83)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      const reader = yield* Effect.forkChild(Stream.runCollect(inspector.trace(counter)), { startImmediately: true })
      yield* turn
      yield* counter.ask(Get())
      yield* Actor.kill(counter)
      assert.deepStrictEqual((yield* Fiber.join(reader)).map(({ kind, tag }) => `${kind} ${tag}`), [
        "ask Get",
        "reply Get"
      ])
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("a flood of sends is a trace of few, all of them arrive, and nothing is left on the actor (G176)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const Source = Actor.make("Source", [Rpc.make("Pour", { payload: Schema.Int, success: Schema.Int })])
      const counter = yield* CounterLive.spawn(0)
      const SourceLive = Source.behavior({
        init: () => null,
        handlers: {
          Pour: (_, n, self) => {
            for (let i = 0; i < n; i++) self.send(counter, Increment({ by: 0 }))
            return n
          }
        }
      })
      const source = yield* SourceLive.spawn(undefined)
      const { bound } = cellOf(source)
      const seen: Array<TracedMessage> = []
      const since = yield* inspector.statistics(counter)
      const reader = yield* Effect.forkChild(
        Stream.runForEach(
          inspector.trace(source, { perSecond: 5 }),
          (event) => Effect.sync(() => void seen.push(event))
        ),
        { startImmediately: true }
      )
      assert.isTrue(isWatched())
      for (let round = 0; round < 20; round++) {
        yield* source.ask(Source.messages.Pour(5000))
        yield* counter.ask(Get())
      }
      yield* turn
      const told = seen.length + seen.reduce((sum, { skipped }) => sum + skipped, 0)
      // A question and an answer each time; what was left out last is told by nobody.
      assert.isAtMost(told, 20 * 5002)
      // However slow the machine is: five a second of its own clock.
      const seconds = seen.length === 0 ? 0 : Math.ceil((seen.at(-1)!.at - seen[0]!.at) / 1000) + 1
      assert.isAtMost(seen.length, 5 * seconds)
      assert.isAtLeast(seen.length, 5)
      assert.strictEqual((yield* since).handled, 20 * 5001)
      yield* Fiber.interrupt(reader)
      assert.strictEqual(cellOf(source).bound, bound)
      assert.isUndefined(cellOf(source).life?.wrappers)
    }).pipe(Effect.scoped, Effect.andThen(Effect.sync(() => assert.isFalse(isWatched()))), Effect.provide(both)))

  it.effect("an option out of range is a defect that names it (G176)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(0)
      const options: ReadonlyArray<readonly [TraceOptions, string]> = [
        [{ limit: 0 }, "limit"],
        [{ perSecond: 10_001 }, "perSecond"],
        [{ direction: "sideways" as "in" }, "direction"]
      ]
      for (const [wrong, option] of options) {
        const exit = yield* Effect.exit(Stream.runDrain(inspector.trace(counter, wrong)))
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(defect, InvalidOption)
        assert.strictEqual(defect.option, option)
      }
      assert.isFalse(isWatched())
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("a replacement that meets a swap under way is refused, and not lost (G82)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const counter = yield* CounterLive.spawn(1)
      const gate = Deferred.makeUnsafe<void>()
      const toV2 = HotSwap.upgrade(CounterLive, doubling, { migrate: (old) => Effect.as(Deferred.await(gate), old) })
      const swap = yield* Effect.forkChild(HotSwap.swap(counter, toV2), { startImmediately: true })
      const refused = yield* Effect.flip(inspector.replaceState(counter, CounterLive, () => ({ n: 100 })))
      assert(refused._tag === "ReplaceFailed")
      assert.propertyVal(refused.cause, "_tag", "SwapInProgress")
      Deferred.doneUnsafe(gate, Exit.void)
      yield* Fiber.join(swap)
      assert.deepStrictEqual(yield* inspector.replaceState(counter, doubling, ({ n }) => ({ n: n + 5 })), { n: 6 })
    }).pipe(Effect.scoped, Effect.provide(both)))

  it.effect("a replacement waits for the handler that waits, and what does not fit the schema is refused (G82)", () =>
    Effect.gen(function*() {
      const inspector = yield* Inspector
      const gate = Deferred.makeUnsafe<void>()
      const Gated = Actor.make("Gated", [
        Rpc.make("Later", { success: Schema.Int }),
        Rpc.make("Now", { success: Schema.Int })
      ])
      const gated = Gated.behavior({
        state: Schema.Struct({ n: Schema.mutableKey(Schema.Int) }),
        init: (n: number) => ({ n }),
        handlers: {
          Later: (state) => Effect.map(Deferred.await(gate), () => (state.n += 1)),
          // Waits too, so that no moment is left in which no handler does.
          Now: (state) => Effect.map(Effect.yieldNow, () => (state.n += 1))
        }
      })
      const ref = yield* gated.spawn(0)
      const { Later, Now } = Gated.messages
      const later = yield* Effect.forkChild(ref.ask(Later()), { startImmediately: true })
      yield* turn
      const replaced = yield* Effect.forkChild(inspector.replaceState(ref, gated, ({ n }) => ({ n: n + 100 })), {
        startImmediately: true
      })
      const asks = yield* Effect.forEach([1, 2, 3], () => Effect.forkChild(ref.ask(Now()), { startImmediately: true }))
      assert.deepStrictEqual(yield* inspector.getState(ref, gated), { n: 0 })
      Deferred.doneUnsafe(gate, Exit.void)
      assert.strictEqual(yield* Fiber.join(later), 1)
      assert.deepStrictEqual(yield* Fiber.join(replaced), { n: 101 })
      assert.deepStrictEqual(yield* Effect.forEach(asks, Fiber.join), [102, 103, 104])
      const wrong = yield* Effect.flip(inspector.replaceState(ref, gated, () => ({ n: "many" }) as never))
      assert.strictEqual(wrong._tag, "ReplaceFailed")
      assert.deepStrictEqual(yield* inspector.getState(ref, gated), { n: 104 })
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
