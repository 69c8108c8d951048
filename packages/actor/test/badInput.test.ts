// What a caller without types may hand in: refused with a typed answer, the same on both systems, and nobody is harmed.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, InvalidOption, type Self } from "@myrmidonjs/actor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { Counter, CounterLive, Get, systems } from "./fixtures.ts"

const Timers = Actor.make("Timers", [Rpc.make("Run", { payload: Schema.Any, success: Schema.Any }), Rpc.make("Rang")])
const { Rang, Run } = Timers.messages

describe.each(systems)("bad input on the %s", (_name, system) => {
  it.effect("G35: a name that is not well-formed is InvalidOption, and nobody has it", () =>
    Effect.gen(function*() {
      yield* CounterLive.spawn(0, { name: "a\ufffdb" })
      for (const name of ["a\ud800b", "a\udc00b", "\ud800"]) {
        const error = yield* Effect.flip(CounterLive.spawn(0, { name }))
        assert(error.reason._tag === "InvalidOption")
        assert.strictEqual(error.reason.option, "name")
        assert.strictEqual((yield* Effect.flip(Actor.whereis(Counter, name)))._tag, "NameNotFound")
        const named = yield* ActorRef.named(Counter, name)
        assert.strictEqual((yield* Effect.flip(named.ask(Get()))).reason._tag, "ActorExited")
      }
      assert.isTrue(yield* Actor.isAlive(yield* CounterLive.spawn(0, { name: "a\ud83d\ude00b" })))
    }).pipe(Effect.scoped, Effect.provide(system)))
})
