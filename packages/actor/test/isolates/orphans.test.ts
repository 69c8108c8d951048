// What an isolate had started in others, when it ends (G252).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, Monitor } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { nativeLoads } from "../fixtures.ts"
import { Parent, ParentLive } from "./parents.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const { Exit, Start } = Parent.messages

describe.runIf(nativeLoads)("what an isolate had started elsewhere", () => {
  it.live(
    "G252: ends with it, is killed when it does not begin to, and can be waited for",
    () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const parent = yield* ParentLive.spawnOn("worker", undefined)
        const refs = yield* Effect.forEach(["plain", "deaf", "slow"] as const, (kind) => parent.ask(Start(kind)))
        const ends = yield* Effect.forEach(refs, (ref) => Monitor.make(ref))
        yield* system.whenGone(0)
        const gone = yield* Monitor.make(parent)
        yield* parent.tell(Exit())
        const end = yield* gone
        assert(end._tag === "IsolateDown")
        yield* system.whenGone(end.isolate)
        for (const ref of refs) assert.isFalse(yield* Actor.isAlive(ref))
        assert.deepStrictEqual(
          (yield* Effect.forEach(ends, (end) => end)).map(({ _tag }) => _tag),
          ["IsolateDown", "Killed", "IsolateDown"]
        )
        // Once more: nobody is left.
        yield* system.whenGone(end.isolate)
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1, shutdownTimeout: 200 }))),
    patience
  )

  it.live("G252: without other isolates there is nothing to wait for", () =>
    Effect.gen(function*() {
      yield* (yield* ActorSystem).whenGone(7)
    }).pipe(Effect.provide(ActorSystem.layerMemory())))
})
