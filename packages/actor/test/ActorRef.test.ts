// tell, ask and stream from outside, with every way to end.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, type AskError, ExitReason, Pid } from "@myrmidonjs/actor"
import { Cause, Deferred, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { inspect } from "node:util"
import { TestClock } from "effect/testing"
import { Rpc } from "effect/rpc"
import { hostOf } from "../src/internal/system.ts"
import {
  Boom,
  Counter,
  CounterLive,
  Get,
  Increment,
  layers,
  Reset,
  Stuck,
  systems,
  testSystems,
  Watch
} from "./fixtures.ts"

const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))

describe.each(systems)("ActorRef on the %s", (_, system) => {
  it.effect("ask returns the reply of the handler, after what was told before", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(1)
      yield* counter.tell(Increment({ by: 1 }))
      assert.strictEqual(counter.tellUnsafe(Increment({ by: 1 })), "Accepted")
      assert.strictEqual(yield* counter.ask(Increment({ by: 2 })), 5)
      assert.strictEqual(yield* counter.ask({ _tag: "Increment", payload: { by: 2 } }), 7)
      assert.isUndefined(yield* counter.ask(Reset()))
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a domain error goes to the asker, and the actor lives", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const error = yield* Effect.flip(counter.ask(Increment({ by: 2000 })))
      assert.strictEqual(error._tag, "Overflow")
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a crash fails the ask in hand and those behind it at once, with the reason", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const errorOf = (ask: Effect.Effect<unknown, AskError>) =>
        Effect.forkChild(Effect.flip(ask), { startImmediately: true })
      for (const fiber of [yield* errorOf(counter.ask(Boom("why"))), yield* errorOf(counter.ask(Get()))]) {
        const error = yield* Fiber.join(fiber)
        assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
        assert(error.reason.reason._tag === "Crashed")
        assert.strictEqual(error.reason.reason.error.name, "TypeError")
        assert.strictEqual(error.reason.reason.error.message, "why")
        assert.strictEqual(error.reason.reason.error.language, "typescript")
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("asking who is gone fails with NoProc, telling is a dead letter", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      yield* Actor.stop(counter)
      yield* counter.tell(Reset())
      const error = yield* Effect.flip(counter.ask(Get()))
      assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
      assert.deepStrictEqual(error.reason.reason, ExitReason.noProc(true))
      assert.strictEqual(error.tag, "Get")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a PID that never was has NoProc, not existed", () =>
    Effect.gen(function*() {
      const ghost = yield* ActorRef.fromPid(Counter, 4_000_000 as Pid)
      assert.isFalse(yield* Actor.isAlive(ghost))
      yield* ghost.tell(Reset())
      const error = yield* Effect.flip(ghost.ask(Get()))
      assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
      assert.deepStrictEqual(error.reason.reason, ExitReason.noProc(false))
    }).pipe(Effect.provide(system)))

  it.effect("prints as its protocol and PID, and not as its system", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const text = `Counter ${Pid.print(counter.pid)}`
      assert.strictEqual(inspect({ counter }), `{ counter: ${text} }`)
      assert.strictEqual(String(Exit.succeed(counter)), `Success(${text})`)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(counter)), {
        _id: "ActorRef",
        protocol: "Counter",
        pid: Pid.print(counter.pid)
      })
      const named = yield* ActorRef.named(Counter, "first")
      assert.strictEqual(inspect({ named }), `{ named: Counter "first" }`)
      assert.deepStrictEqual(JSON.parse(JSON.stringify(named)), {
        _id: "NamedRef",
        protocol: "Counter",
        name: "first"
      })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("fromPid leads to the living actor", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(7)
      const same = yield* ActorRef.fromPid(Counter, counter.pid)
      assert.strictEqual(yield* same.ask(Get()), 7)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a tag that the actor's protocol lacks is BadMessage", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const Other = Actor.make("Other", [Rpc.make("Unheard", { success: Schema.Int })])
      const wrong = yield* ActorRef.fromPid(Other, counter.pid)
      assert.strictEqual(wrong.tellUnsafe(Other.messages.Unheard()), "BadMessage")
      const told = yield* Effect.flip(wrong.tell(Other.messages.Unheard()))
      assert.strictEqual(told.reason._tag, "BadMessage")
      const asked = yield* Effect.flip(wrong.ask(Other.messages.Unheard()))
      assert(asked.reason._tag === "BadMessage")
      assert.include(asked.reason.issue, "Counter has no such message")
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a full mailbox refuses tell and ask with MailboxFull and its capacity", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0, { mailbox: { capacity: 2 } })
      yield* Effect.forkChild(counter.ask(Stuck()), { startImmediately: true })
      yield* turn
      const outcomes = Array.from({ length: 3 }, () => counter.tellUnsafe(Reset()))
      assert.deepStrictEqual(outcomes, ["Accepted", "Accepted", "MailboxFull"])
      const told = yield* Effect.flip(counter.tell(Reset()))
      assert(told.reason._tag === "MailboxFull")
      assert.strictEqual(told.reason.capacity, 2)
      const asked = yield* Effect.flip(counter.ask(Get()))
      assert(asked._tag === "AskError" && asked.reason._tag === "MailboxFull")
      yield* Actor.kill(counter)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an asker that is interrupted leaves nothing pending", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const asker = yield* Effect.forkChild(counter.ask(Stuck()), { startImmediately: true })
      yield* Fiber.interrupt(asker)
      yield* Actor.kill(counter)
      const exit = yield* Fiber.await(asker)
      assert.isTrue(Exit.isFailure(exit))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an asker that its callee interrupts, and does not answer, leaves nothing pending", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(1)
      const Rude = Actor.make("Rude", [Rpc.make("Ask")])
      let asker: Fiber.Fiber<unknown, unknown> | undefined
      const rude = yield* Rude.behavior({
        init: () => 0,
        handlers: {
          Ask: () => {
            asker?.interruptUnsafe()
            return Effect.never
          }
        }
      }).spawn()
      const exit = yield* Fiber.await(
        yield* Effect.forkChild(
          // Whoever converses goes on alone, and helps.
          Effect.flatMap(Effect.andThen(counter.ask(Get()), counter.ask(Get())), () => {
            asker = Fiber.getCurrent()
            return rude.ask(Rude.messages.Ask())
          }),
          { startImmediately: true }
        )
      )
      assert(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      // Whoever waits for the asker hears of its end before the call does.
      yield* turn
      assert.strictEqual(hostOf(yield* ActorSystem).shard.stats().calls, 0)
      yield* Actor.kill(rude)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an asker that goes on inside of somebody's init runs no actor there", () =>
    Effect.gen(function*() {
      let handled = 0
      const Once = Actor.make("Once", [Rpc.make("Count", { success: Schema.Int })])
      const once = yield* Once.behavior({ init: () => 0, handlers: { Count: () => ++handled } }).spawn()
      const begun = Deferred.makeUnsafe<void>()
      const asker = yield* Effect.forkChild(
        Effect.flatMap(once.ask(Once.messages.Count()), () =>
          Effect.andThen(Deferred.await(begun), Effect.suspend(() => once.ask(Once.messages.Count())))),
        { startImmediately: true }
      )
      yield* turn
      let before = 0
      const Slow = Actor.make("Slow", [])
      yield* Slow.behavior({
        init: () => {
          Deferred.doneUnsafe(begun, Exit.void)
          before = handled
        },
        handlers: {}
      }).spawn()
      assert.strictEqual(before, 1)
      assert.strictEqual(yield* Fiber.join(asker), 2)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("who is asked on the stack of an answer is answered too", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(1)
      const other = yield* CounterLive.spawn(2)
      yield* Actor.suspend(counter)
      // Goes on where the first answer is given: inside of the loop.
      const sum = yield* Effect.forkChild(
        Effect.zipWith(counter.ask(Get()), Effect.suspend(() => other.ask(Get())), (a, b) => a + b),
        { startImmediately: true }
      )
      yield* Actor.resume(counter)
      assert.strictEqual(yield* Fiber.join(sum), 3)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a stream delivers in order, ends, and a reader that stops ends the producer", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(3)
      assert.strictEqual((yield* Stream.runCollect(counter.stream(Watch()))).length, 1000)
      assert.deepStrictEqual(yield* counter.stream(Watch()).pipe(Stream.take(2), Stream.runCollect), [3, 3])
      assert.strictEqual(yield* counter.ask(Get()), 3)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G54: a stream fails with the actor's end", () =>
    Effect.gen(function*() {
      const Feed = Actor.make("Feed", [Rpc.make("Items", { success: Schema.Int, stream: true })])
      const FeedLive = Feed.behavior({
        init: () => 0,
        handlers: { Items: () => Stream.concat(Stream.make(1), Stream.never) }
      })
      const feed = yield* FeedLive.spawn()
      const first = yield* Deferred.make<void>()
      const reader = yield* Effect.forkChild(
        Effect.flip(Stream.runForEach(feed.stream(Feed.messages.Items()), () => Deferred.succeed(first, undefined))),
        { startImmediately: true }
      )
      yield* Deferred.await(first)
      yield* Actor.kill(feed)
      const error = yield* Fiber.join(reader)
      assert(error.reason._tag === "ActorExited")
      assert.deepStrictEqual(error.reason.reason, ExitReason.killed)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G42: a name is followed over restarts, and nobody's name is NoProc", () =>
    Effect.gen(function*() {
      const named = yield* ActorRef.named(Counter, "the-counter")
      assert.strictEqual(named.tellUnsafe(Reset()), "Accepted")
      const error = yield* Effect.flip(named.ask(Get()))
      assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
      assert.strictEqual(error.message, `ask Get: nobody has the name "the-counter"`)
      const first = yield* CounterLive.spawn(1, { name: "the-counter" })
      assert.strictEqual(yield* named.ask(Get()), 1)
      yield* Actor.stop(first)
      yield* CounterLive.spawn(2, { name: "the-counter" })
      assert.strictEqual(yield* named.ask(Get()), 2)
      const current = yield* named.current
      assert.notStrictEqual(current.pid, first.pid)
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(testSystems)("ActorRef under virtual time on the %s", (_, system) => {
  it.effect("an ask times out after 5 s by default, after its own timeout when told, and its late reply vanishes", () =>
    Effect.gen(function*() {
      const Slow = Actor.make("Slow", [Rpc.make("Work", { payload: Schema.Int, success: Schema.Int })])
      const SlowLive = Slow.behavior({
        init: () => 0,
        handlers: { Work: (_, n) => Effect.delay(Effect.succeed(n), "10 seconds") }
      })
      const slow = yield* SlowLive.spawn()
      const asks = yield* Effect.forEach(
        [undefined, "7 seconds", "12 seconds"] as const,
        (timeout) =>
          Effect.forkChild(Effect.result(slow.ask(Slow.messages.Work(1), { timeout })), { startImmediately: true })
      )
      const settled = () => asks.map((fiber) => fiber.pollUnsafe() !== undefined)
      yield* TestClock.adjust("4900 millis")
      assert.deepStrictEqual(settled(), [false, false, false])
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(settled(), [true, false, false])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(settled(), [true, true, false])
      yield* TestClock.adjust("6 seconds")
      const [first] = yield* Effect.forEach(asks, Fiber.join)
      assert(first?._tag === "Failure" && first.failure.reason._tag === "AskTimeout")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an ask with a timeout that is none is BadMessage", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const error = yield* Effect.flip(counter.ask(Get(), { timeout: -1 }))
      assert(error._tag === "AskError" && error.reason._tag === "BadMessage")
      assert.include(error.reason.issue, "timeout")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("refs go through their encoded side", () =>
    Effect.gen(function*() {
      const Relay = Actor.make("Relay", [
        Rpc.make("Send", {
          payload: { to: ActorRef.schema(Counter), by: Schema.Int },
          success: ActorRef.schema(Counter)
        })
      ])
      const RelayLive = Relay.behavior({
        init: () => 0,
        handlers: {
          Send: (_, { by, to }, self) => {
            self.send(to, Increment({ by }))
            return to
          }
        }
      })
      const relay = yield* RelayLive.spawn()
      const counter = yield* CounterLive.spawn(0)
      const back = yield* relay.ask(Relay.messages.Send({ to: counter, by: 4 }))
      assert.strictEqual(back, counter)
      assert.strictEqual(yield* counter.ask(Get()), 4)
    }).pipe(Effect.scoped, Effect.provide(system)))
})

it.effect.each(layers)(
  "a payload that does not fit its schema is refused where the system validates, on the %s",
  ([, layer]) =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const bad = { by: "one" as unknown as number }
      assert.strictEqual(counter.tellUnsafe(Increment(bad)), "BadMessage")
      const error = yield* Effect.flip(counter.ask(Increment(bad)))
      assert(error._tag === "AskError" && error.reason._tag === "BadMessage")
      assert.include(error.reason.issue, "by")
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(layer({ validate: true })))
)
