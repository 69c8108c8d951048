// How actors begin: spawn in all its forms, init in all its ends, names, options, services and scopes.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, ExitReason, Monitor } from "@myrmidonjs/actor"
import { Context, Deferred, Effect, Exit, Fiber, Option, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { hostOf } from "../src/internal/system.ts"
import { Rpc } from "effect/rpc"
import { Boom, Counter, CounterLive, Get, layers, systems, testSystems } from "./fixtures.ts"

class Db extends Context.Service<Db, { readonly base: number }>()("test/Db") {}
class DbDown extends Schema.TaggedError<DbDown>()("DbDown", {}) {}

describe.each(systems)("Behavior on the %s", (_, system) => {
  it.effect("an actor ends with the scope it was spawned in, youngest first", () =>
    Effect.gen(function*() {
      const ends: Array<string> = []
      const Live = Counter.behavior({
        init: (name: string) => name,
        handlers: CounterLiveHandlers,
        terminate: (name) => void ends.push(name)
      })
      const scope = yield* Scope.make()
      const spawn = (name: string) => Scope.provide(Live.spawn(name), scope)
      const refs = yield* Effect.forEach(["a", "b", "c"], spawn)
      const watch = yield* Monitor.make(refs[0]!)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(ends, ["c", "b", "a"])
      assert.deepStrictEqual(yield* watch, ExitReason.shutdown())
      assert.deepStrictEqual(yield* Effect.forEach(refs, Actor.isAlive), [false, false, false])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("in a scope that has closed before, an actor ends at once", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      yield* Scope.close(scope, Exit.void)
      const counter = yield* Scope.provide(CounterLive.spawn(0), scope)
      assert.isFalse(yield* Actor.isAlive(counter))
    }).pipe(Effect.provide(system)))

  it.effect("a detached actor outlives the scope", () =>
    Effect.gen(function*() {
      const counter = yield* Effect.scoped(CounterLive.spawnDetached(1))
      assert.strictEqual(yield* counter.ask(Get()), 1)
    }).pipe(Effect.provide(system)))

  it.effect("spawnMonitored tells the reason of an instant death", () =>
    Effect.gen(function*() {
      const { down, ref } = yield* CounterLive.spawnMonitored(0)
      ref.tellUnsafe(Boom("x"))
      const reason = yield* down
      assert(reason._tag === "Crashed")
      assert.strictEqual(reason.error.message, "x")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G35: an end that init itself brings has its reason, for spawnMonitored and spawnLinked", () =>
    Effect.gen(function*() {
      const reasons = [ExitReason.normal, ExitReason.shutdown("enough"), ExitReason.crashed(new Error("no"))]
      for (const reason of reasons) {
        const Live = Counter.behavior({ init: (_: void, self) => self.stop(reason), handlers: CounterLiveHandlers })
        const { down, ref } = yield* Live.spawnMonitored()
        assert.deepStrictEqual(yield* down, reason)
        assert.isFalse(yield* Actor.isAlive(ref))
        const isFailure = ExitReason.isFailure(reason)
        const use = isFailure ? Effect.never : Effect.succeed("used")
        const used = yield* Effect.exit(Live.spawnLinked(undefined, () => use))
        if (isFailure) {
          const error = Option.getOrThrow(Exit.findErrorOption(used))
          assert(error._tag === "ExitSignal")
          assert.deepStrictEqual(error.reason, reason)
        } else {
          assert.deepStrictEqual(used, Exit.succeed("used"))
        }
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G36: of an init that fails no watch is left", () =>
    Effect.gen(function*() {
      const host = hostOf(yield* ActorSystem)
      const inits: ReadonlyArray<(_: void, self: object) => Effect.Effect<number>> = [
        (_, self) => {
          throw new Error(`at once ${typeof self}`)
        },
        () => Effect.die("in an Effect"),
        () => Effect.andThen(Effect.yieldNow, Effect.die("later")),
        (_, self) => Effect.andThen(Effect.yieldNow, Effect.die(self))
      ]
      for (const init of inits) {
        const Live = Counter.behavior({ init, handlers: CounterLiveHandlers })
        assert.strictEqual((yield* Effect.flip(Live.spawnMonitored())).reason._tag, "InitCrashed")
        const linked = yield* Effect.flip(Live.spawnLinked(undefined, () => Effect.never))
        assert.strictEqual(linked._tag, "SpawnError")
      }
      assert.strictEqual(host.watches.size, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("spawnLinked: the actor's crash fails the use, the use's end ends the actor", () =>
    Effect.gen(function*() {
      const signal = yield* Effect.flip(
        CounterLive.spawnLinked(0, (ref) => Effect.andThen(ref.tell(Boom("linked")), Effect.never))
      )
      assert(signal._tag === "ExitSignal" && signal.reason._tag === "Crashed")
      const ref = yield* CounterLive.spawnLinked(3, (ref) => Effect.as(ref.ask(Get()), ref))
      assert.isFalse(yield* Actor.isAlive(ref))
    }).pipe(Effect.provide(system)))

  it.effect("a name in use refuses with its holder, and nothing was started", () =>
    Effect.gen(function*() {
      let inits = 0
      const Live = Counter.behavior({ init: () => ++inits, handlers: CounterLiveHandlers })
      const first = yield* Live.spawn(undefined, { name: "taken" })
      const error = yield* Effect.flip(Live.spawn(undefined, { name: "taken" }))
      assert(error.reason._tag === "NameTaken")
      assert.strictEqual(error.reason.holder, first.pid)
      assert.strictEqual(inits, 1)
      assert.strictEqual((yield* Actor.whereis(Counter, "taken")).pid, first.pid)
      yield* Actor.stop(first)
      const missing = yield* Effect.flip(Actor.whereis(Counter, "taken"))
      assert.strictEqual(missing._tag, "NameNotFound")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("whereis refuses another protocol by name", () =>
    Effect.gen(function*() {
      yield* CounterLive.spawn(0, { name: "c" })
      const Other = Actor.make("Other", [])
      const error = yield* Effect.flip(Actor.whereis(Other, "c"))
      assert(error._tag === "ProtocolMismatch")
      assert.strictEqual(error.expected, "Other")
      assert.strictEqual(error.found, "Counter")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("init that throws is InitCrashed, init that fails keeps its own error", () =>
    Effect.gen(function*() {
      const Throws = Counter.behavior({
        init: (): number => {
          throw new RangeError("no")
        },
        handlers: CounterLiveHandlers
      })
      const error = yield* Effect.flip(Throws.spawn(undefined, { name: "never" }))
      assert(error._tag === "SpawnError" && error.reason._tag === "InitCrashed")
      assert(error.reason.reason._tag === "Crashed")
      assert.strictEqual(error.reason.reason.error.name, "RangeError")
      const Fails = Counter.behavior({ init: () => Effect.fail(new DbDown()), handlers: CounterLiveHandlers })
      assert.strictEqual((yield* Effect.flip(Fails.spawn()))._tag, "DbDown")
      const Dies = Counter.behavior({ init: () => Effect.as(Effect.die("bad"), 1), handlers: CounterLiveHandlers })
      const died = yield* Effect.flip(Dies.spawn())
      assert(died._tag === "SpawnError" && died.reason._tag === "InitCrashed")
      const system = yield* ActorSystem
      assert.strictEqual((yield* system.info).actors, 0)
      assert.strictEqual((yield* Effect.flip(Actor.whereis(Counter, "never")))._tag, "NameNotFound")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("messages to an actor whose init waits are handled after it", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const Live = Counter.behavior({
        init: (_: void, self) => Effect.as(Deferred.await(gate), { pid: self.pid, n: 5 }),
        handlers: { ...CounterLiveHandlers, Get: (state: { n: number }) => state.n }
      })
      const spawning = yield* Effect.forkChild(Live.spawn(undefined, { name: "slow" }), { startImmediately: true })
      const early = yield* Actor.whereis(Counter, "slow")
      const asked = yield* Effect.forkChild(early.ask(Get()), { startImmediately: true })
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(asked), 5)
      assert.strictEqual((yield* Fiber.join(spawning)).pid, early.pid)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a spawn that is interrupted, or killed in init, leaves nothing", () =>
    Effect.gen(function*() {
      const Live = Counter.behavior({ init: () => Effect.as(Effect.never, 0), handlers: CounterLiveHandlers })
      const one = yield* Effect.forkChild(Live.spawn(undefined, { name: "one" }), { startImmediately: true })
      yield* Fiber.interrupt(one)
      assert.strictEqual((yield* Effect.flip(Actor.whereis(Counter, "one")))._tag, "NameNotFound")
      const two = yield* Effect.forkChild(Effect.flip(Live.spawn(undefined, { name: "two" })), {
        startImmediately: true
      })
      yield* Actor.kill(yield* Actor.whereis(Counter, "two"))
      const error = yield* Fiber.join(two)
      assert(error._tag === "SpawnError" && error.reason._tag === "InitCrashed")
      assert.deepStrictEqual(error.reason.reason, ExitReason.killed)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G53: services are captured at spawn, `provide` takes them for sync spawns", () =>
    Effect.gen(function*() {
      const Live = Counter.behavior({
        init: () => 0,
        handlers: { ...CounterLiveHandlers, Get: () => Db.useSync((db) => db.base) }
      })
      const counter = yield* Effect.provideService(Live.spawn(), Db, { base: 12 })
      assert.strictEqual(yield* counter.ask(Get()), 12)
      const ready = yield* Effect.provideService(Actor.provide(Live), Db, { base: 13 })
      const system = yield* ActorSystem
      assert.strictEqual(yield* system.spawnUnsafe(ready, undefined).ask(Get()), 13)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G53: a Scope in init lives as long as the actor, in a handler as long as its reply", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const note = (text: string) => Effect.addFinalizer(() => Effect.sync(() => void log.push(text)))
      const Live = Counter.behavior({
        init: () => Effect.as(note("actor"), 0),
        handlers: { ...CounterLiveHandlers, Get: () => Effect.as(note("handler"), 1) },
        terminate: () => void log.push("terminate")
      })
      const counter = yield* Live.spawn()
      yield* counter.ask(Get())
      assert.deepStrictEqual(log, ["handler"])
      yield* counter.ask(Get())
      assert.deepStrictEqual(log, ["handler", "handler"])
      yield* Actor.stop(counter)
      assert.deepStrictEqual(log.slice(2), ["terminate", "actor"])
      const killed = yield* Live.spawn()
      log.length = 0
      const down = yield* Monitor.make(killed)
      yield* Actor.kill(killed)
      yield* down
      assert.deepStrictEqual(log, ["actor"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("options out of range are InvalidOption by name", () =>
    Effect.gen(function*() {
      for (
        const [options, option] of [
          [{ mailbox: { capacity: 0 } }, "mailbox.capacity"],
          [{ mailbox: { capacity: 1.5 } }, "mailbox.capacity"],
          [{ mailbox: { onFull: "explode" as "reject" } }, "mailbox.onFull"],
          [{ mailbox: { sendTimeout: -1 } }, "mailbox.sendTimeout"],
          [{ name: "" }, "name"],
          [{ initTimeout: 0 }, "initTimeout"]
        ] as const
      ) {
        const error = yield* Effect.flip(CounterLive.spawn(0, options))
        assert(error.reason._tag === "InvalidOption")
        assert.strictEqual(error.reason.option, option)
      }
      const system = yield* ActorSystem
      assert.throws(() => system.spawnUnsafe(CounterLive, 0, { name: "" }))
      assert.strictEqual((yield* system.info).actors, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("spawnUnsafe of an init that waits: the ref is there, its messages wait", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<number>()
      const Live = Counter.behavior({
        init: () => Effect.map(Deferred.await(gate), (n) => ({ n })),
        handlers: { ...CounterLiveHandlers, Get: (state: { n: number }) => state.n }
      })
      const system = yield* ActorSystem
      const ref = system.spawnUnsafe(Live, undefined)
      const asked = yield* Effect.forkChild(ref.ask(Get()), { startImmediately: true })
      yield* Deferred.succeed(gate, 3)
      assert.strictEqual(yield* Fiber.join(asked), 3)
    }).pipe(Effect.provide(system)))
})

const CounterLiveHandlers = {
  Increment: () => 0,
  Get: () => 0,
  Reset: () => {},
  Boom: () => {},
  Stuck: () => {},
  Watch: () => {
    throw new Error("unused")
  }
}

describe.each(testSystems)("Behavior under virtual time on the %s", (_, system) => {
  it.effect("initTimeout ends an init that waits", () =>
    Effect.gen(function*() {
      const Live = Counter.behavior({ init: () => Effect.as(Effect.never, 0), handlers: CounterLiveHandlers })
      const spawning = yield* Effect.forkChild(Effect.flip(Live.spawn(undefined, { initTimeout: "3 seconds" })), {
        startImmediately: true
      })
      yield* TestClock.adjust("3 seconds")
      const error = yield* Fiber.join(spawning)
      assert(error._tag === "SpawnError" && error.reason._tag === "InitTimeout")
    }).pipe(Effect.scoped, Effect.provide(system)))
})

it.effect.each(layers)(
  "the limit of actors refuses with LimitReached, and room comes back, on the %s",
  ([, layer]) =>
    Effect.gen(function*() {
      const first = yield* CounterLive.spawn(0)
      yield* CounterLive.spawn(0)
      const error = yield* Effect.flip(CounterLive.spawn(0))
      assert(error.reason._tag === "LimitReached")
      assert.strictEqual(error.reason.limit, 2)
      yield* Actor.stop(first)
      yield* CounterLive.spawn(0)
    }).pipe(Effect.scoped, Effect.provide(layer({ maxActors: 2 })))
)

it("a behaviour that lacks a handler is refused where it is made", () => {
  assert.throws(
    () => Counter.behavior({ init: () => 0, handlers: {} as never }),
    /handlers.Increment: must be a function/
  )
})

it("a behaviour whose parts are none is refused where it is made, by name", () => {
  const Bare = Actor.make("Bare", [])
  const make = (options: unknown) => () =>
    Bare.behavior(options as { readonly init: () => number; readonly handlers: {} })
  for (const garbage of [null, 7, "x", true]) {
    assert.throws(make(garbage), "option options: must be an object in a behaviour of Bare")
    const parts = {
      init: "init: must be a function",
      handlers: "handlers: must be an object",
      signals: "signals: must be an object",
      terminate: "terminate: must be a function",
      state: "state: must be a Schema"
    }
    for (const [part, issue] of Object.entries(parts)) {
      assert.throws(make({ init: () => 0, handlers: {}, [part]: garbage }), `option ${issue}`)
    }
    for (const signal of ["exit", "down"]) {
      const issue = `option signals.${signal}: must be a function`
      assert.throws(make({ init: () => 0, handlers: {}, signals: { [signal]: garbage } }), issue)
    }
  }
  assert.throws(make({ handlers: {} }), "init: must be a function in a behaviour of Bare, is undefined")
  assert.throws(make({ init: () => 0, handlers: {}, version: 2 }), "version: must be a string")
  // What nobody would read, and a second of one tag.
  const init = () => 0
  assert.throws(make({ init, handlers: {}, terminte: () => {} }), "terminte: unknown")
  assert.throws(make({ init, handlers: { Get: () => 1 } }), "handlers.Get: unknown")
  assert.throws(make({ init, handlers: {}, signals: { exits: () => {} } }), "signals.exits: unknown")
  assert.throws(make({ init, handlers: {}, mailbox: { capacity: 0 } }), "mailbox.capacity")
  const twice = [Rpc.make("Get"), Rpc.make("Get", { success: Schema.Int })] as const
  assert.throws(() => Actor.make("Twice", twice), `rpcs: must be one of each tag, is "Get"`)
})
