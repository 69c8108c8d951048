// An ask that is passed on: G18 (each ask ends once, and leaves nothing behind), G20 (its timeout is one and the same).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, AskTimeout } from "@myrmidonjs/actor"
import { Duration, Effect, Exit, Fiber, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import { hostOf } from "../src/internal/system.ts"
import { CounterLive, Stuck, systems, testSystems, turn } from "./fixtures.ts"

const turns = Effect.andThen(turn, turn)

const Relay = Actor.make("Relay", [Rpc.make("Pass", { success: Schema.Int })])
const { Pass } = Relay.messages

describe.each(testSystems)("a forwarded ask on the %s under virtual time", (_name, system) => {
  it.effect("G20: two actors that forward to each other for ever do not prolong the asker's timeout", () =>
    Effect.gen(function*() {
      const relay = (other: string) =>
        Relay.behavior({
          init: () => 0,
          handlers: {
            Pass: (_, __, self) =>
              Effect.gen(function*() {
                const to = yield* ActorRef.named(Relay, other)
                yield* Effect.sleep(20)
                return self.forward(to, Pass())
              }) as never
          }
        })
      const a = yield* relay("b").spawn(undefined, { name: "a" })
      const b = yield* relay("a").spawn(undefined, { name: "b" })
      const asker = yield* Effect.forkChild(Effect.flip(a.ask(Pass(), { timeout: 60 })), { startImmediately: true })
      for (let i = 0; i < 10; i++) {
        yield* turns
        yield* TestClock.adjust(10)
      }
      yield* turns
      const exit = asker.pollUnsafe()
      assert.isTrue(exit !== undefined && Exit.isSuccess(exit), "the ask has ended")
      const error = yield* Fiber.join(asker)
      assert.deepStrictEqual(error.reason, new AskTimeout({ after: Duration.millis(60) }))
      yield* Effect.all([Actor.kill(a), Actor.kill(b)])
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(systems)("a forwarded ask on the %s", (_name, system) => {
  it.effect("G18: an asker that is interrupted leaves no call, however often its ask was passed on", () =>
    Effect.gen(function*() {
      const { shard } = hostOf(yield* ActorSystem)
      const stuck = yield* CounterLive.spawn(0)
      const last = yield* Relay.behavior({
        init: () => 0,
        handlers: { Pass: (_, __, self) => self.forward(stuck, Stuck()) as never }
      }).spawn(undefined)
      const first = yield* Relay.behavior({
        init: () => 0,
        handlers: { Pass: (_, __, self) => self.forward(last, Pass()) }
      }).spawn(undefined)
      const askers = yield* Effect.replicateEffect(
        Effect.forkChild(first.ask(Pass(), { timeout: Duration.infinity }), { startImmediately: true }),
        10
      )
      yield* turns
      assert.strictEqual(shard.stats().calls, 10)
      yield* Fiber.interruptAll(askers)
      yield* turns
      assert.strictEqual(shard.stats().calls, 0)
      yield* Actor.kill(stuck)
    }).pipe(Effect.scoped, Effect.provide(system)))
})
