// Actors on worker isolates: spawned, told, asked, referred to (G150 to G157).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { threadId } from "node:worker_threads"
import { Counter, CounterLive, Relay, RelayLive } from "./modules.ts"

const { Add, AddAll, Get, Thread } = Counter.messages

describe("spawnOn", () => {
  it.live("G150: an actor of a worker is told and asked by the same ref, on another thread", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawnOn("worker", 1)
      yield* counter.tell(Add(2))
      yield* counter.tell(AddAll({ numbers: [3, 4], note: "ä" }))
      assert.strictEqual(yield* counter.ask(Get()), 10)
      assert.notStrictEqual(yield* counter.ask(Thread()), threadId)
      const relay = yield* RelayLive.spawnOn("worker", undefined)
      const here = yield* CounterLive.spawnOn("main", 100)
      yield* relay.tell(Relay.messages.To({ counter: here, by: 7 }))
      assert.strictEqual(yield* relay.ask(Relay.messages.Forward({ counter: here })), 107)
      assert.strictEqual(yield* relay.ask(Relay.messages.Forward({ counter })), 10)
      yield* Actor.kill(counter)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 2 }))))
})
