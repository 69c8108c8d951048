// One protocol, two media: code for an RpcClient takes a local actor, an RpcServer serves one.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, type AskError } from "@myrmidonjs/actor"
import { Cause, Effect, Exit, Schema, Stream } from "effect"
import { Rpc, type RpcClient, type RpcGroup, RpcTest } from "effect/rpc"
import { Boom, Counter, CounterLive, Get, systems } from "./fixtures.ts"

type CounterRpcs = RpcGroup.Rpcs<typeof Counter.group>

// Knows no actor.
const twice = <E>(client: RpcClient.RpcClient<CounterRpcs, E>) =>
  Effect.zipWith(client.Increment({ by: 1 }), client.Increment({ by: 2 }), (a, b) => [a, b])

describe.each(systems)("effect/rpc on the %s", (_, system) => {
  it.effect("Actor.client: replies, domain errors, streams, discard, and the actor's end", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      const client = Actor.client(counter)
      assert.deepStrictEqual(yield* twice(client), [1, 3])
      const error = yield* Effect.flip(client.Increment({ by: 5000 }))
      assert.strictEqual(error._tag, "Overflow")
      assert.deepStrictEqual(yield* client.Watch().pipe(Stream.take(2), Stream.runCollect), [3, 3])
      yield* client.Reset(undefined, { discard: true })
      assert.strictEqual(yield* client.Get(), 0)
      yield* counter.tell(Boom("end"))
      const ended: AskError = yield* Effect.flip(client.Get())
      assert.strictEqual(ended.reason._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a client of a name follows it, and constructor defaults are filled", () =>
    Effect.gen(function*() {
      const Greeter = Actor.make("Greeter", [
        Rpc.make("Greet", {
          payload: { name: Schema.String.pipe(Schema.withConstructorDefault(Effect.succeed("you"))) },
          success: Schema.String
        })
      ])
      const GreeterLive = Greeter.behavior({ init: () => 0, handlers: { Greet: (_, { name }) => `hello ${name}` } })
      yield* GreeterLive.spawn(undefined, { name: "greeter" })
      const client = Actor.client(yield* ActorRef.named(Greeter, "greeter"))
      assert.strictEqual(yield* client.Greet({}), "hello you")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("layerRpcHandlers: the same program over an RpcServer, an actor's death as a defect", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      yield* Effect.gen(function*() {
        const client = yield* RpcTest.makeClient(Counter.group)
        assert.deepStrictEqual(yield* twice(client), [1, 3])
        assert.strictEqual((yield* Effect.flip(client.Increment({ by: 5000 })))._tag, "Overflow")
        assert.deepStrictEqual(yield* client.Watch().pipe(Stream.take(2), Stream.runCollect), [3, 3])
        yield* Actor.stop(counter)
        const exit = yield* Effect.exit(client.Get())
        assert(Exit.isFailure(exit))
        assert.isTrue(Cause.hasDies(exit.cause))
      }).pipe(Effect.scoped, Effect.provide(Actor.layerRpcHandlers(Counter, Effect.succeed(counter))))
    }).pipe(Effect.scoped, Effect.provide(system)))
})

it("messages: constructors, literals, `make` and `is`", () => {
  const { Increment, Reset } = Counter.messages
  assert.deepStrictEqual({ ...Increment({ by: 1 }) }, { _tag: "Increment", payload: { by: 1 } })
  assert.strictEqual(JSON.stringify(Increment({ by: 1 })), "{\"_tag\":\"Increment\",\"payload\":{\"by\":1}}")
  assert.strictEqual(Reset(), Reset())
  assert.isTrue(Object.isFrozen(Reset()))
  assert.throws(() => Increment.make({ by: 1.5 }))
  assert.strictEqual(Increment.make({ by: 2 }).payload.by, 2)
  assert.isTrue(Increment.is({ _tag: "Increment", payload: 0 }))
  assert.isFalse(Increment.is(Get()))
  assert.strictEqual(Increment.rpc._tag, "Increment")
})
