/** An actor that counts, in ten lines: `node examples/counter/src/main.ts` prints 3. */
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Console, Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"

const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: { by: Schema.Int }, success: Schema.Int })])
const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: { Add: (state, { by }) => state.n += by }
})
const program = Effect.gen(function*() {
  const counter = yield* CounterLive.spawn(0)
  yield* counter.tell(Counter.messages.Add({ by: 1 }))
  yield* Console.log(yield* counter.ask(Counter.messages.Add({ by: 2 })))
})
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))
