import { ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { Counter, CounterLive } from "./modules.ts"
const t0 = performance.now()
const program = Effect.gen(function*() {
  console.log("up", performance.now() - t0)
  const counter = yield* CounterLive.spawnOn("worker", 1)
  console.log("spawned", performance.now() - t0)
  yield* counter.tell(Counter.messages.Add(2))
  console.log(yield* counter.ask(Counter.messages.Get()))
  console.log("asked", performance.now() - t0)
})
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 2 }))))
console.log("closed", performance.now() - t0)
process.on("exit", () => console.log("exit", performance.now() - t0))
