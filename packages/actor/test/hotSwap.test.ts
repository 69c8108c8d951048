// Hot swap through the public API: what stays, what changes, and how it goes back.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, type DeadLetter, HotSwap, Monitor, type SystemEvent } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Option, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { atRest, systems, turn } from "./fixtures.ts"

const Meter = Actor.make("Meter", [
  Rpc.make("Add", { payload: Schema.Int }),
  Rpc.make("Read", { success: Schema.Array(Schema.Int) }),
  Rpc.make("Wait"),
  Rpc.make("Boom")
])
const { Add, Boom, Read, Wait } = Meter.messages
const gates: Array<Deferred.Deferred<void>> = []
const gate = () => {
  const made = Deferred.makeUnsafe<void>()
  gates.push(made)
  return made
}
const wait = () => Effect.asVoid(Deferred.await(gate()))
const boom = () => {
  throw new Error("boom")
}

const V1 = Meter.behavior({
  init: (n: number) => ({ seen: [n] }),
  handlers: {
    Add: (state, n) => void state.seen.push(n),
    Read: (state) => [...state.seen],
    Wait: wait,
    Boom: boom
  }
})
const V2 = Meter.behavior({
  version: "2",
  init: (n: number) => ({ seen: [n], factor: 10 }),
  handlers: {
    Add: (state, n) => void state.seen.push(n * state.factor),
    Read: (state) => [...state.seen],
    Wait: wait,
    Boom: boom
  }
})
const toV2 = HotSwap.upgrade(V1, V2, { migrate: (old) => ({ ...old, factor: 10 }) })
/** Crashes on every `Add`. */
const V3 = Meter.behavior({
  version: "3",
  init: (n: number) => ({ seen: [n], factor: 0 }),
  handlers: { Add: boom, Read: (state) => [...state.seen], Wait: wait, Boom: boom }
})
const toV3 = HotSwap.upgrade(V2, V3)

describe.each(systems)("hot swap on the %s", (_, system) => {
  it.effect("keeps the PID, the name, the queue and the monitors; the next message meets the new behaviour (G65, G66)", () =>
    Effect.gen(function*() {
      const meter = yield* V1.spawn(0, { name: "meter" })
      const down = yield* Monitor.make(meter)
      meter.tellUnsafe(Add(1))
      yield* meter.ask(Read())
      meter.tellUnsafe(Add(2))
      meter.tellUnsafe(Add(3))
      const swapped = yield* HotSwap.swap(meter, toV2)
      assert.strictEqual(swapped.pid, meter.pid)
      assert.deepStrictEqual(yield* meter.ask(Read()), [0, 1, 20, 30])
      const info = yield* Actor.info(meter)
      assert.deepInclude(info, { name: "meter", version: "2" })
      yield* Actor.kill(meter)
      assert.strictEqual((yield* down)._tag, "Killed")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("waits for the handler that waits, which ends under the old version (G67)", () =>
    Effect.gen(function*() {
      gates.length = 0
      const meter = yield* V1.spawn(0)
      meter.tellUnsafe(Wait())
      yield* turn
      meter.tellUnsafe(Add(1))
      const swap = yield* Effect.forkChild(HotSwap.swap(meter, toV2), { startImmediately: true })
      yield* turn
      assert.strictEqual((yield* Actor.info(meter)).version, "1")
      Deferred.doneUnsafe(gates[0]!, Exit.void)
      yield* Fiber.join(swap)
      assert.deepStrictEqual(yield* meter.ask(Read()), [0, 10])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a migration that throws, fails, or makes a wrong state changes nothing (G70)", () =>
    Effect.gen(function*() {
      const Strict = Meter.behavior({
        version: "2",
        state: Schema.Struct({ seen: Schema.mutableKey(Schema.mutable(Schema.Array(Schema.Int))) }),
        init: (n: number) => ({ seen: [n] }),
        handlers: { Add: () => {}, Read: () => [], Wait: wait, Boom: boom }
      })
      const meter = yield* V1.spawn(7)
      const spoil = (how: (seen: Array<number>) => never | Effect.Effect<never, Error>) =>
        HotSwap.upgrade(V1, V2, { migrate: (old) => how(old.seen) })
      const threw = yield* Effect.flip(HotSwap.swap(
        meter,
        spoil((seen) => {
          seen.length = 0
          throw new Error("no")
        })
      ))
      assert.strictEqual(threw.reason._tag, "MigrationFailed")
      const refused = yield* Effect.flip(HotSwap.swap(meter, spoil(() => Effect.fail(new Error("later")))))
      assert.strictEqual(refused.reason._tag, "MigrationFailed")
      const wrong = yield* Effect.flip(
        HotSwap.swap(meter, HotSwap.upgrade(V1, Strict, { migrate: () => ({ seen: ["x"] }) as never }))
      )
      assert.strictEqual(wrong.reason._tag, "StateInvalid")
      assert.deepStrictEqual(yield* meter.ask(Read()), [7])
      assert.strictEqual((yield* Actor.info(meter)).version, "1")
      assert.notStrictEqual((yield* Actor.info(meter)).status, "suspended")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("names what cannot be copied, and takes a copy function or a share instead (G71)", () =>
    Effect.gen(function*() {
      const Odd = Meter.behavior({
        init: (n: number) => ({ n, seen: [] as Array<number>, deep: { list: [1, Option.some(2)] } }),
        handlers: { Add: (state, n) => void state.seen.push(n), Read: (state) => state.seen, Wait: wait, Boom: boom }
      })
      const Odd2 = Meter.behavior({
        version: "2",
        init: (n: number) => ({ n, seen: [] as Array<number>, deep: { list: [1, Option.some(2)] } }),
        handlers: { Add: () => {}, Read: () => [42], Wait: wait, Boom: boom }
      })
      const odd = yield* Odd.spawn(0)
      const error = yield* Effect.flip(HotSwap.swap(odd, HotSwap.upgrade(Odd, Odd2)))
      assert.strictEqual(error.reason._tag, "StateNotCopyable")
      assert.include(error.message, "$.deep.list[1]")
      yield* HotSwap.swap(odd, HotSwap.upgrade(Odd, Odd2, { copy: "share" }))
      assert.deepStrictEqual(yield* odd.ask(Read()), [42])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("refuses an upgrade from another version, an actor that has ended, and two at once (G72)", () =>
    Effect.gen(function*() {
      gates.length = 0
      const meter = yield* V1.spawn(0)
      yield* HotSwap.swap(meter, toV2)
      const again = yield* Effect.flip(HotSwap.swap(meter, toV2))
      assert.deepInclude(again.reason, { _tag: "WrongVersion", expected: "Meter 1", running: "Meter 2" })
      meter.tellUnsafe(Wait())
      yield* turn
      const first = yield* Effect.forkChild(HotSwap.swap(meter, toV3), { startImmediately: true })
      const second = yield* Effect.flip(HotSwap.swap(meter, toV3))
      assert.strictEqual(second.reason._tag, "SwapInProgress")
      yield* Actor.kill(meter)
      const ended = yield* Effect.flip(Fiber.join(first))
      assert.strictEqual(ended.reason._tag, "ActorExited")
      assert.strictEqual((yield* Effect.flip(HotSwap.swap(meter, toV3))).reason._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an Effect may migrate, with services; nothing is delivered meanwhile, and everything after (G65, G69)", () =>
    Effect.gen(function*() {
      const opened = Deferred.makeUnsafe<number>()
      const slow = HotSwap.upgrade(V1, V2, {
        migrate: (old) => Effect.map(Deferred.await(opened), (factor) => ({ ...old, factor }))
      })
      const meter = yield* V1.spawn(0)
      const swap = yield* Effect.forkChild(HotSwap.swap(meter, slow), { startImmediately: true })
      meter.tellUnsafe(Add(1))
      yield* turn
      assert.deepInclude(yield* Actor.info(meter), { mailbox: 1, status: "suspended", version: "1" })
      Deferred.doneUnsafe(opened, Exit.succeed(3))
      yield* Fiber.join(swap)
      assert.deepStrictEqual(yield* meter.ask(Read()), [0, 3])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.live("a migration that never ends meets its timeout, and the actor goes on (G70)", () =>
    Effect.gen(function*() {
      const never = HotSwap.upgrade(V1, V2, { migrate: () => Effect.never })
      const meter = yield* V1.spawn(0)
      const error = yield* Effect.flip(HotSwap.swap(meter, never, { timeout: "10 millis" }))
      assert.strictEqual(error.reason._tag, "MigrationTimeout")
      assert.deepStrictEqual(yield* meter.ask(Read()), [0])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a canary that crashes goes back: state, behaviour, a report, and the message as a dead letter (G75, G76, G77)", () => {
    const letters: Array<DeadLetter> = []
    return Effect.gen(function*() {
      const meter = yield* V1.spawn(0)
      yield* HotSwap.swap(meter, toV2)
      const swap = yield* Effect.forkChild(HotSwap.swap(meter, toV3, { canary: { messages: 10 } }), {
        startImmediately: true
      })
      assert.deepStrictEqual(yield* meter.ask(Read()), [0])
      meter.tellUnsafe(Add(5))
      meter.tellUnsafe(Add(6))
      const error = yield* Effect.flip(Fiber.join(swap))
      assert.deepInclude(error.reason, { _tag: "RolledBack", pid: meter.pid })
      if (error.reason._tag === "RolledBack") {
        assert.strictEqual(error.reason.reason._tag, "Crashed")
        assert.deepStrictEqual(error.reason.handled.map(({ answered, tag }) => ({ answered, tag })), [
          { answered: true, tag: "Read" }
        ])
      }
      // The one behind it is handled by the version that came back.
      assert.deepStrictEqual(yield* meter.ask(Read()), [0, 60])
      assert.deepStrictEqual(letters.map(({ message, why }) => [message._tag, message.payload, why]), [
        ["Add", 5, "SwapRolledBack"]
      ])
      assert.strictEqual((yield* Actor.info(meter)).version, "2")
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory({ onDeadLetter: (letter) => letters.push(letter) })))
  })

  it.effect("an ask that crashes a canary ends with the crash, and the actor lives (G75, G76)", () =>
    Effect.gen(function*() {
      const meter = yield* V1.spawn(1)
      yield* HotSwap.swap(meter, toV2)
      const swap = yield* Effect.forkChild(HotSwap.swap(meter, toV3, { canary: {} }), { startImmediately: true })
      const error = yield* Effect.flip(meter.ask(Boom()))
      assert.strictEqual(error.reason._tag, "ActorExited")
      assert.strictEqual((yield* Effect.flip(Fiber.join(swap))).reason._tag, "RolledBack")
      assert.isTrue(yield* Actor.isAlive(meter))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a canary passes after its messages, and a crash afterwards is a crash (G74)", () =>
    Effect.gen(function*() {
      const meter = yield* V1.spawn(1)
      yield* HotSwap.swap(meter, toV2)
      const swap = yield* Effect.forkChild(HotSwap.swap(meter, toV3, { canary: { messages: 2 } }), {
        startImmediately: true
      })
      yield* meter.ask(Read())
      yield* meter.ask(Read())
      yield* Fiber.join(swap)
      const down = yield* Monitor.make(meter)
      meter.tellUnsafe(Add(1))
      assert.strictEqual((yield* down)._tag, "Crashed")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a handler that waits when its canary goes back is interrupted, and its asker is told (G76, G78)", () =>
    Effect.gen(function*() {
      gates.length = 0
      const meter = yield* V1.spawn(1)
      yield* HotSwap.swap(meter, toV2)
      const swap = yield* Effect.forkChild(HotSwap.swap(meter, toV3, { canary: {} }), { startImmediately: true })
      const asker = yield* Effect.forkChild(meter.ask(Wait()), { startImmediately: true })
      yield* turn
      yield* HotSwap.rollback(meter)
      assert.strictEqual((yield* Effect.flip(Fiber.join(swap))).reason._tag, "RolledBack")
      assert.strictEqual((yield* Effect.flip(Fiber.join(asker))).reason._tag, "ActorExited")
      assert.deepStrictEqual(yield* meter.ask(Read()), [1])
      assert.deepInclude(yield* atRest(meter), { status: "idle", version: "2" })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("rolls back by hand to versions that are kept, with their states, or through `back` (G78)", () =>
    Effect.gen(function*() {
      const meter = yield* V1.spawn(1)
      yield* HotSwap.swap(meter, toV2)
      yield* meter.tell(Add(2))
      yield* meter.ask(Read())
      yield* HotSwap.swap(meter, toV3)
      const missing = yield* Effect.flip(HotSwap.rollback(meter, { version: "9" }))
      assert.strictEqual(missing.reason._tag, "WrongVersion")
      yield* HotSwap.rollback(meter, { version: "1" })
      assert.deepStrictEqual(yield* meter.ask(Read()), [1])
      assert.strictEqual((yield* Effect.flip(HotSwap.rollback(meter))).reason._tag, "WrongVersion")
      const keeps = HotSwap.upgrade(V1, V2, {
        migrate: (old) => ({ ...old, factor: 10 }),
        back: ({ seen }) => ({ seen })
      })
      yield* HotSwap.swap(meter, keeps)
      yield* meter.tell(Add(2))
      yield* meter.ask(Read())
      yield* HotSwap.rollback(meter)
      assert.deepStrictEqual(yield* meter.ask(Read()), [1, 20])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("chains upgrades, and plans without changing anything (G72, G73)", () =>
    Effect.gen(function*() {
      const meters = yield* Effect.forEach([1, 2, 3, 4], (n) => V1.spawn(n))
      const picky = HotSwap.upgrade(V1, V2, {
        migrate: (old) => {
          if (old.seen[0]! % 2 === 0) throw new Error("even")
          return { ...old, factor: 10 }
        }
      })
      const planned = yield* HotSwap.plan(picky)
      assert.strictEqual(planned.checked, 4)
      assert.deepStrictEqual(planned.failures.map(({ pid }) => pid), [meters[1]!.pid, meters[3]!.pid])
      assert.strictEqual((yield* HotSwap.plan(picky, { sample: 2 })).checked, 2)
      const report = yield* HotSwap.swapAll(picky)
      assert.deepInclude(report, { swapped: 2, rolledBack: [] })
      assert.strictEqual(report.failed.length, 2)
      assert.throws(() => HotSwap.andThen(picky, toV2), "second: starts from version 1")
      const chained = yield* HotSwap.swapAll(HotSwap.andThen(toV2, toV3))
      assert.strictEqual(chained.swapped, 2)
      assert.strictEqual((yield* Actor.info(meters[1]!)).version, "3")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("together: all, or nobody (G80)", () =>
    Effect.gen(function*() {
      gates.length = 0
      const meters = yield* Effect.forEach([1, 2, 3], (n) => V1.spawn(n))
      const picky = HotSwap.upgrade(V1, V2, {
        migrate: (old) => {
          if (old.seen[0] === 3) throw new Error("three")
          return { ...old, factor: 10 }
        }
      })
      const failed = yield* HotSwap.swapAll(picky, { together: true })
      assert.strictEqual(failed.swapped, 0)
      assert.deepStrictEqual(failed.failed.map(({ pid }) => pid), [meters[2]!.pid])
      for (const meter of meters) assert.deepInclude(yield* atRest(meter), { status: "idle", version: "1" })
      meters[1]!.tellUnsafe(Wait())
      yield* turn
      const swap = yield* Effect.forkChild(HotSwap.swapAll(toV2, { together: true }), { startImmediately: true })
      yield* turn
      assert.deepInclude(yield* Actor.info(meters[0]!), { status: "suspended", version: "1" })
      Deferred.doneUnsafe(gates[0]!, Exit.void)
      assert.strictEqual((yield* Fiber.join(swap)).swapped, 3)
      for (const meter of meters) assert.deepInclude(yield* atRest(meter), { status: "idle", version: "2" })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a group whose canaries crash is brought back, those included that have passed (G79)", () =>
    Effect.gen(function*() {
      const meters = yield* Effect.forEach([1, 2, 3, 4], (n) => V1.spawn(n))
      yield* HotSwap.swapAll(toV2)
      const swap = yield* Effect.forkChild(HotSwap.swapAll(toV3, { canary: { messages: 1, maxRollbacks: 2 } }), {
        startImmediately: true
      })
      yield* meters[0]!.ask(Read())
      meters[1]!.tellUnsafe(Add(1))
      meters[2]!.tellUnsafe(Add(1))
      const report = yield* Fiber.join(swap)
      assert.strictEqual(report.swapped, 0)
      assert.deepStrictEqual(
        report.rolledBack.map(({ pid }) => pid).sort((a, b) => a - b),
        meters.map(({ pid }) => pid).sort((a, b) => a - b)
      )
      for (const meter of meters) assert.strictEqual((yield* Actor.info(meter)).version, "2")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("reaches an actor with a full queue before any of it (G68)", () =>
    Effect.gen(function*() {
      const meter = yield* V1.spawn(0)
      for (let n = 0; n < 50_000; n++) meter.tellUnsafe(Add(1))
      yield* HotSwap.swap(meter, toV2)
      assert.deepStrictEqual((yield* meter.ask(Read())).slice(0, 3), [0, 10, 10])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("suspend and resume: nothing is handled, control acts, twice is once (G63, G64)", () =>
    Effect.gen(function*() {
      const meter = yield* V1.spawn(0)
      yield* Actor.suspend(meter)
      yield* Actor.suspend(meter)
      meter.tellUnsafe(Add(1))
      yield* turn
      assert.deepInclude(yield* Actor.info(meter), { mailbox: 1, status: "suspended" })
      yield* HotSwap.swap(meter, toV2)
      assert.strictEqual((yield* Actor.info(meter)).status, "suspended")
      yield* Actor.resume(meter)
      yield* Actor.resume(meter)
      assert.deepStrictEqual(yield* meter.ask(Read()), [0, 10])
      yield* Actor.suspend(meter)
      const down = yield* Monitor.make(meter)
      yield* Actor.kill(meter)
      assert.strictEqual((yield* down)._tag, "Killed")
      assert.strictEqual((yield* Effect.flip(Actor.suspend(meter)))._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("swaps and rollbacks are events (G81)", () =>
    Effect.gen(function*() {
      const events: Array<SystemEvent> = []
      const reader = yield* Effect.forkChild(
        (yield* ActorSystem).events.pipe(
          Stream.take(2),
          Stream.runForEach((event) => Effect.sync(() => void events.push(event)))
        ),
        { startImmediately: true }
      )
      yield* turn
      const meter = yield* V1.spawn(0)
      yield* HotSwap.swap(meter, toV2)
      yield* HotSwap.rollback(meter)
      yield* Fiber.join(reader)
      assert.deepInclude(events[0], { _tag: "Swapped", from: "1", to: "2", pid: meter.pid })
      assert.deepInclude(events[1], { _tag: "SwapRolledBack", version: "2" })
    }).pipe(Effect.scoped, Effect.provide(system)))
})
