// Link and Monitor for fibers, outside of any actor.
import { types } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Actor, ExitReason, ExitSignal, Link, Monitor, type Pid } from "@myrmidonjs/actor"
import { Deferred, Effect, Fiber, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { signalOf } from "../src/internal/deliver.ts"
import { Boom, CounterLive, Get, systems } from "./fixtures.ts"

const Listener = Actor.make("Listener", [Rpc.make("Hear", { payload: Schema.String })])

describe("ExitSignal", () => {
  it("G24: as a shard tells it, it is what its constructor makes", () => {
    // A stack says where it was made, and the shard's says nothing.
    const look = (signal: ExitSignal) => {
      const { stack: _, ...own } = Object.getOwnPropertyDescriptors(signal)
      return {
        own,
        tag: signal._tag,
        text: signal.message,
        json: signal.toJSON(),
        isError: types.isNativeError(signal)
      }
    }
    for (const name of [undefined, "x"]) {
      for (const reason of [ExitReason.killed, ExitReason.crashed(new Error("boom")), ExitReason.shutdown("deploy")]) {
        const made = new ExitSignal({ from: 5 as Pid, name, reason }), told = signalOf(5 as Pid, name, reason)
        assert.instanceOf(told, ExitSignal)
        assert.deepStrictEqual(look(told), look(made))
      }
    }
  })
})

describe.each(systems)("Link on the %s", (_, system) => {
  it.effect("an abnormal end fails the linked region with the signal, a normal one does not", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const region = yield* Effect.forkChild(Effect.flip(Link.linked(Effect.never, counter)), {
        startImmediately: true
      })
      yield* Actor.kill(counter)
      const signal = yield* Fiber.join(region)
      assert.strictEqual(signal._tag, "ExitSignal")
      assert.strictEqual(signal.from, counter.pid)
      assert.deepStrictEqual(signal.reason, ExitReason.killed)
      const calm = yield* CounterLive.spawn(0)
      const gate = yield* Deferred.make<string>()
      const waiting = yield* Effect.forkChild(Deferred.await(gate).pipe(Link.linked(calm)), { startImmediately: true })
      yield* Actor.stop(calm)
      yield* Deferred.succeed(gate, "unharmed")
      assert.strictEqual(yield* Fiber.join(waiting), "unharmed")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("the region's failure ends the actor, its success does not", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(2)
      assert.strictEqual(yield* Link.linked(counter.ask(Get()), counter), 2)
      const down = yield* Monitor.make(counter)
      assert.strictEqual(yield* Effect.flip(Link.linked(Effect.fail("mine"), counter)), "mine")
      const reason = yield* down
      assert(reason._tag === "Crashed")
      assert.strictEqual(reason.error.message, "mine")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("linking to who is gone fails at once with NoProc", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      yield* Actor.stop(counter)
      const signal = yield* Effect.flip(Link.linked(Effect.never, counter))
      assert.deepStrictEqual(signal.reason, ExitReason.noProc(true))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("signals are values, the normal ones too, and end with the last", () =>
    Effect.gen(function*() {
      const [a, b] = yield* Effect.all([CounterLive.spawn(0), CounterLive.spawn(0)])
      const reader = yield* Effect.forkChild(Stream.runCollect(Link.signals([a, b])), { startImmediately: true })
      yield* Effect.yieldNow
      yield* Actor.stop(a)
      yield* b.tell(Boom("b"))
      const signals = yield* Fiber.join(reader)
      assert.deepStrictEqual(signals.map((signal) => signal.reason._tag), ["Shutdown", "Crashed"])
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(systems)("Monitor on the %s", (_, system) => {
  it.effect("M2: of four monitors, the one that was stopped stays silent", () =>
    Effect.gen(function*() {
      const worker = yield* CounterLive.spawn(0)
      const stopped = yield* Effect.scoped(Monitor.make(worker))
      const downs = yield* Effect.replicateEffect(Monitor.make(worker), 3)
      yield* Actor.kill(worker)
      // DOWNs leave oldest first: the stopped watch, were it still alive, would win this race.
      const first = yield* Effect.raceFirst(stopped, Effect.all(downs))
      assert.deepStrictEqual(first, [ExitReason.killed, ExitReason.killed, ExitReason.killed])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a monitor of who is gone says NoProc", () =>
    Effect.gen(function*() {
      const worker = yield* CounterLive.spawn(0)
      assert.deepStrictEqual(yield* Actor.stop(worker), ExitReason.shutdown())
      assert.deepStrictEqual(yield* Effect.flatten(Monitor.make(worker)), ExitReason.noProc(true))
      assert.deepStrictEqual(yield* Actor.stop(worker), ExitReason.noProc(true))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("downs tells each end once, and ends with the last", () =>
    Effect.gen(function*() {
      const [a, b] = yield* Effect.all([CounterLive.spawn(0, { name: "a" }), CounterLive.spawn(0)])
      const reader = yield* Effect.forkChild(Stream.runCollect(Monitor.downs([a, b])), { startImmediately: true })
      yield* Effect.yieldNow
      yield* Actor.stop(a)
      yield* Actor.kill(b)
      const downs = yield* Fiber.join(reader)
      assert.deepStrictEqual(downs.map((down) => [down._tag, down.from, down.name, down.reason._tag]), [
        ["Down", a.pid, "a", "Shutdown"],
        ["Down", b.pid, undefined, "Killed"]
      ])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("exit: Normal does nothing, another reason ends the actor", () =>
    Effect.gen(function*() {
      const worker = yield* CounterLive.spawn(1)
      const down = yield* Monitor.make(worker)
      yield* Actor.exit(worker, ExitReason.normal)
      assert.strictEqual(yield* worker.ask(Get()), 1)
      yield* Actor.exit(worker, ExitReason.shutdown("enough"))
      assert.deepStrictEqual(yield* down, ExitReason.shutdown("enough"))
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(systems)("A fiber that a failed ask has resumed, on the %s", (_, system) => {
  it.effect("G8, G27: whom it kills handles nothing of what it sends there afterwards", () =>
    Effect.gen(function*() {
      const dead = yield* CounterLive.spawn(0)
      yield* Actor.kill(dead)
      assert.strictEqual((yield* Effect.flip(dead.ask(Get())))._tag, "AskError")
      const handled: Array<string> = []
      const victim = yield* Listener.behavior({
        init: () => null,
        handlers: { Hear: (_, word) => void handled.push(word) }
      }).spawn(undefined)
      yield* Actor.kill(victim)
      yield* victim.tell(Listener.messages.Hear("late"))
      yield* yield* Monitor.make(victim)
      assert.deepStrictEqual(handled, [])
    }).pipe(Effect.scoped, Effect.provide(system)))
})
