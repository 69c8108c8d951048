// G52: nothing that a handler or an asker does reaches another actor, the loop or the process.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, type Pid, type Self, Traced } from "@myrmidonjs/actor"
import { Effect, Exit, Fiber, Layer, Logger, Schema, Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { cellOf } from "../src/internal/cell.ts"
import { hostOf } from "../src/internal/system.ts"
import { Counter, CounterLive, Get, Stuck, systems, turn, Watch } from "./fixtures.ts"

/** What reaches the process while `effect` runs, instead of ending it. */
const uncaught = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<unknown>, E, R> =>
  Effect.suspend(() => {
    const events = ["uncaughtException", "unhandledRejection"] as const
    const seen: Array<unknown> = []
    const before = events.map((event) => process.listeners(event as "uncaughtException"))
    const see = (error: unknown): void => void seen.push(error)
    for (const event of events) process.removeAllListeners(event).on(event, see)
    return Effect.andThen(effect, turn).pipe(
      Effect.as(seen),
      Effect.ensuring(Effect.sync(() =>
        events.forEach((event, i) => {
          process.removeAllListeners(event)
          for (const listener of before[i]!) process.on(event, listener)
        })
      ))
    )
  })

describe.each(systems)("isolation on the %s", (_name, system) => {
  it.effect("G52: an observer of the asker that throws harms neither the callee nor the system", () =>
    Effect.gen(function*() {
      const answers = yield* CounterLive.spawn(0)
      const stuck = yield* CounterLive.spawn(0)
      const boom = new Error("of the observer")
      const seen = yield* uncaught(Effect.gen(function*() {
        const throwing = {
          onExit: () => {
            throw boom
          }
        }
        Effect.runCallback(answers.ask(Get()), throwing)
        Effect.runCallback(stuck.ask(Stuck()), throwing)
        yield* turn
        yield* Actor.kill(stuck)
        yield* turn
        assert.strictEqual(yield* answers.ask(Get()), 0)
      }))
      assert.deepStrictEqual(seen, [boom, boom])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G52: a fiber that throws where it goes on, after a wait for room or for its turn, stops nobody", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const { shard } = hostOf(yield* ActorSystem)
      const boom = new Error("of the fiber")
      const throws = () => {
        throw boom
      }
      const ran: Array<string> = []
      const seen = yield* uncaught(Effect.gen(function*() {
        shard.awaitRoom(cellOf(counter), throws)
        shard.awaitRoom(cellOf(counter), () => ran.push("room"))
        shard.defer(throws, undefined)
        shard.defer(() => ran.push("task"), undefined)
        assert.strictEqual(yield* counter.ask(Get()), 0)
        yield* turn
        assert.strictEqual(yield* counter.ask(Get()), 0)
      }))
      assert.deepStrictEqual(seen, [boom, boom])
      assert.sameMembers(ran, ["room", "task"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G36: the children of an actor whose init fails end with it", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem
      const Parent = Actor.make("Parent", [])
      const throws = Parent.behavior({
        init: (_: number, self: Self.Any): number => {
          self.spawnUnsafe(CounterLive, 0)
          throw new Error("init")
        },
        handlers: {}
      })
      const fails = Parent.behavior({
        init: (_: number, self: Self.Any) => Effect.andThen(self.spawn(CounterLive, 0), Effect.fail("init")),
        handlers: {}
      })
      const waits = Parent.behavior({
        init: (_: number, self: Self.Any) => Effect.andThen(self.spawn(CounterLive, 0), Effect.never),
        handlers: {}
      })
      yield* Effect.exit(throws.spawnDetached(0))
      yield* Effect.exit(fails.spawnDetached(0))
      const fiber = yield* Effect.forkChild(waits.spawnDetached(0), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* turn
      yield* turn
      assert.strictEqual((yield* system.info).actors, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G36: an init that returns a Promise is waited for, and its rejection is InitCrashed", () =>
    Effect.gen(function*() {
      const Parent = Actor.make("Parent", [Rpc.make("Get", { success: Schema.Int })])
      const handlers = { Get: (state: { readonly n: number }) => state.n }
      const resolves = Parent.behavior({
        init: async (n: number) => {
          await new Promise<void>((resolve) => setImmediate(resolve))
          return { n }
        },
        handlers
      })
      const rejects = Parent.behavior({
        init: async (n: number): Promise<{ readonly n: number }> => {
          await new Promise<void>((resolve) => setImmediate(resolve))
          throw new Error(`init ${n}`)
        },
        handlers
      })
      const actor = yield* resolves.spawn(7)
      assert.strictEqual(yield* actor.ask(Parent.messages.Get()), 7)
      const system = yield* ActorSystem
      const early = system.spawnUnsafe(resolves, 8)
      assert.strictEqual(yield* early.ask(Parent.messages.Get()), 8)
      const seen = yield* uncaught(Effect.gen(function*() {
        const error = yield* Effect.flip(rejects.spawn(9))
        assert.strictEqual(error.reason._tag, "InitCrashed")
        assert.include(String(JSON.stringify(error.reason)), "init 9")
      }))
      assert.deepStrictEqual(seen, [])
      yield* Actor.kill(early)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G24: a result that throws when it is looked at, after a wait, crashes its actor", () =>
    Effect.gen(function*() {
      const Any = Actor.make("Any", [Rpc.make("Get", { success: Schema.Any })])
      const actor = yield* Any.behavior({
        init: () => 0,
        handlers: {
          Get: () => {
            const { proxy, revoke } = Proxy.revocable({}, {})
            revoke()
            return Effect.andThen(turn, Effect.sync(() => proxy))
          }
        }
      }).spawn(undefined)
      const error = yield* Effect.flip(actor.ask(Any.messages.Get()))
      assert.strictEqual(error.reason._tag, "ActorExited")
      assert.isFalse(yield* Actor.isAlive(actor))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G52: a terminate or a stream handler that rejects does not reach the process; a terminate is waited for", () =>
    Effect.gen(function*() {
      const Plain = Actor.make("Plain", [Rpc.make("Watch", { success: Schema.Int, stream: true })])
      let done = false
      const behavior = (terminate: () => unknown) =>
        Plain.behavior({
          init: () => 0,
          handlers: { Watch: () => Promise.reject(new Error("of the stream")) as never },
          terminate: terminate as () => void
        })
      const seen = yield* uncaught(Effect.gen(function*() {
        const rejects = yield* behavior(() => Promise.reject(new Error("of terminate"))).spawn(undefined)
        yield* Actor.stop(rejects)
        const waits = yield* behavior(async () => {
          await new Promise<void>((resolve) => setImmediate(resolve))
          done = true
        }).spawn(undefined)
        yield* Actor.stop(waits)
        const streams = yield* behavior(() => {}).spawn(undefined)
        yield* Effect.exit(Stream.runDrain(streams.stream(Plain.messages.Watch())))
      }))
      assert.deepStrictEqual(seen, [])
      assert.isTrue(done)
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(system, Logger.layer([])))))

  it.effect("G24: a traced handler may be asynchronous, and rejects as others do", () =>
    Effect.gen(function*() {
      const Spans = Actor.make("Spans", [
        Rpc.make("Get", { success: Schema.Int }).annotate(Traced, true),
        Rpc.make("Fail", { success: Schema.Int }).annotate(Traced, true)
      ])
      const actor = yield* Spans.behavior({
        init: () => 0,
        handlers: {
          Get: () => Promise.resolve(7) as never,
          Fail: () => Promise.reject(new TypeError("no")) as never
        }
      }).spawn(undefined)
      assert.strictEqual(yield* actor.ask(Spans.messages.Get()), 7)
      const error = yield* Effect.flip(actor.ask(Spans.messages.Fail()))
      assert.strictEqual(error.reason._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G55: a watch of an actor of a closed system ends with NoProc", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Layer.fresh(system), scope)
      const counter = yield* CounterLive.spawnDetached(0).pipe(Effect.provideContext(context))
      yield* Scope.close(scope, Exit.void)
      yield* turn
      assert.strictEqual((yield* Actor.stop(counter))._tag, "NoProc")
    }))

  it.effect("G4, G18: an ask to a number that is no PID ends with NoProc, and harms nobody", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      for (const number of [0, NaN, -1, 1.5, 2 ** 53, Infinity]) {
        const ref = yield* ActorRef.fromPid(Counter, number as Pid)
        const error = yield* Effect.flip(ref.ask(Get()))
        assert.deepInclude(error.reason, { _tag: "ActorExited", reason: { _tag: "NoProc", everExisted: false } })
      }
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G1, G18: a ref that was made of a PID before its actor was reaches that actor", () =>
    Effect.gen(function*() {
      const first = yield* CounterLive.spawn(0)
      const early = yield* ActorRef.fromPid(Counter, first.pid + 1 as Pid)
      const actor = yield* CounterLive.spawn(7)
      assert.strictEqual(actor.pid, early.pid)
      assert.strictEqual(yield* early.ask(Get()), 7)
      assert.strictEqual(yield* actor.ask(Get()), 7)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G1, G9: such a ref knows its actor's protocol, lanes and streams from then on", () =>
    Effect.gen(function*() {
      const first = yield* CounterLive.spawn(0)
      const early = yield* ActorRef.fromPid(Counter, first.pid + 1 as Pid)
      yield* CounterLive.spawn(7, { name: "late" })
      assert.deepInclude(yield* Actor.info(early), { protocol: "Counter", name: "late" })
      assert.strictEqual(early.tellUnsafe(Watch() as never), "BadMessage")
      const refused = yield* Effect.flip(early.ask(Watch() as never))
      assert(refused._tag === "AskError" && refused.reason._tag === "BadMessage")
      assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(early.stream(Watch()), 2)), [7, 7])
      yield* Actor.kill(early)
      assert.isFalse(yield* Actor.isAlive(early))
    }).pipe(Effect.scoped, Effect.provide(system)))
})
