import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Exit, Schedule, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
class Overflow extends Schema.TaggedError<Overflow>()("Overflow", { limit: Schema.Int }) {}
const Counter = Actor.make("Counter", [
  Rpc.make("Increment", { payload: { by: Schema.Int }, success: Schema.Int, error: Overflow }),
  Rpc.make("Reset"),
  Rpc.make("Watch", { success: Schema.Int, stream: true })
])
const { Increment, Reset, Watch } = Counter.messages
const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: {
    Increment: (state, { by }) =>
      state.n + by > 1000 ? Exit.fail(new Overflow({ limit: 1000 })) : (state.n += by),
    Reset: (state) => {
      state.n = 0
    },
    Watch: (state) => Stream.fromSchedule(Schedule.spaced("10 millis")).pipe(Stream.map(() => state.n))
  }
})
describe("smoke", () => {
  it.live("asks", () => Effect.gen(function*() {
    const counter = yield* CounterLive.spawn(0)
    yield* counter.tell(Increment({ by: 1 }))
    assert.strictEqual(yield* counter.ask(Increment({ by: 2 })), 3)
    const seen = yield* counter.stream(Watch()).pipe(Stream.take(3), Stream.runCollect)
    assert.deepStrictEqual(seen, [3, 3, 3])
    yield* counter.tell(Reset())
    const e = yield* Effect.flip(counter.ask(Increment({ by: 2000 })))
    assert.strictEqual(e._tag, "Overflow")
    yield* Actor.kill(counter)
    const e2 = yield* Effect.flip(counter.ask(Increment({ by: 2 })))
    assert.strictEqual(e2._tag, "AskError")
    console.log(e2)
  }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))
})
