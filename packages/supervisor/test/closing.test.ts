// G55: a system that closes under its trees.
import { Actor, type ActorSystem } from "@myrmidonjs/actor"
import { Supervisor, type SupervisorEvent } from "@myrmidonjs/supervisor"
import { assert, describe, it } from "@effect/vitest"
import { type Context, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { eventually, Journal, quiet, testSystems, workerOf } from "./fixtures.ts"

describe.each(testSystems)("a %s that closes", (_, system) => {
  it.effect("G55: trees that outlive it end with it, and nothing is started again", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const above = yield* Scope.make(), below = yield* Scope.make()
      const context = yield* Layer.buildWithScope(system, below)
      const events: Array<SupervisorEvent["_tag"]> = []
      const tree = Supervisor.make("top", {}, [
        Supervisor.child("a", workerOf(journal), "a"),
        Supervisor.dynamic("many", workerOf(journal))
      ])
      const program = Effect.gen(function*() {
        yield* Effect.forkIn(
          Stream.runForEach(Supervisor.events, ({ _tag }) => Effect.sync(() => void events.push(_tag))),
          above,
          { startImmediately: true }
        )
        const app = yield* Scope.provide(Supervisor.start(tree), above)
        yield* (yield* app.get("many")).start("x")
        return app
      })
      const app = yield* Effect.provideContext(program, context as Context.Context<ActorSystem>)
      yield* quiet
      events.length = 0
      const closing = yield* Effect.forkChild(Scope.close(below, Exit.void), { startImmediately: true })
      yield* quiet
      yield* TestClock.adjust("1 hour")
      yield* eventually("it has closed", () => closing.pollUnsafe() !== undefined)
      yield* Fiber.join(closing)
      assert.isFalse(yield* Actor.isAlive(app.ref))
      assert.deepStrictEqual(events.filter((tag) => tag === "Restarted" || tag === "Escalated"), [])
      assert.deepStrictEqual(journal.take().filter((line) => line.startsWith("start")), ["start a", "start x"])
      yield* Scope.close(above, Exit.void)
    }))
})
