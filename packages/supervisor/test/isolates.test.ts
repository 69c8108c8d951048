// Children on worker isolates (G160).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { threadId } from "node:worker_threads"
import { Placed, PlacedLive } from "./isolates/placed.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const { Add, Crash, End, Thread } = Placed.messages

const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

const restarted = Effect.forkScoped(
  Stream.runHead(Stream.filter(Supervisor.events, (event) => event._tag === "Restarted")),
  { startImmediately: true }
)

describe.runIf(nativeLoads)("children on worker isolates", () => {
  it.live(
    "G160: a crash and the end of its isolate restart it, and it ends with its supervisor",
    () =>
      Effect.gen(function*() {
        const Tree = Supervisor.make("app", { intensity: 10, period: "1 minute" }, [
          Supervisor.child("far", PlacedLive, 5, { place: "worker", name: "far" }),
          Supervisor.child("near", PlacedLive, 0)
        ])
        const scope = yield* Scope.make()
        const app = yield* Scope.provide(Supervisor.start(Tree), scope)
        const first = yield* app.get("far")
        assert.notStrictEqual(yield* first.ask(Thread()), threadId)
        assert.strictEqual(yield* (yield* app.get("near")).ask(Thread()), threadId)
        assert.strictEqual(yield* first.ask(Add(1)), 6)

        const afterCrash = yield* restarted
        yield* first.tell(Crash())
        yield* Fiber.join(afterCrash)
        const second = yield* app.get("far")
        assert.notStrictEqual(second.pid, first.pid)
        assert.strictEqual(yield* second.ask(Add(1)), 6)

        const afterEnd = yield* restarted
        yield* second.tell(End())
        yield* Fiber.join(afterEnd)
        const third = yield* app.get("far")
        assert.strictEqual(yield* third.ask(Add(1)), 6)
        assert.strictEqual((yield* Actor.whereis(Placed, "far")).pid, third.pid)

        yield* Scope.close(scope, Exit.void)
        assert.isFalse(yield* Actor.isAlive(third))
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1 }))),
    patience
  )

  it.live(
    "G194: children of a dynamic supervisor run where it says, are restarted there, and end with it",
    () =>
      Effect.gen(function*() {
        const Pool = Supervisor.dynamic("pool", PlacedLive, { intensity: 10, period: "1 minute", place: "worker" })
        const scope = yield* Scope.make()
        const pool = yield* Scope.provide(Supervisor.start(Pool), scope)
        const [one, two] = [yield* pool.start(1, { name: "one" }), yield* pool.start(2)]
        for (const ref of [one, two]) assert.notStrictEqual(yield* ref.ask(Thread()), threadId)
        assert.strictEqual(yield* pool.count, 2)
        assert.throws(() => pool.startUnsafe(3), "`start` is for children of other isolates")

        const afterCrash = yield* restarted
        yield* one.tell(Crash())
        yield* Fiber.join(afterCrash)
        const again = yield* Actor.whereis(Placed, "one")
        assert.notStrictEqual(again.pid, one.pid)
        assert.strictEqual(yield* again.ask(Add(1)), 2)

        // Another ref of the same actor.
        yield* pool.terminate(again)
        assert.isFalse(yield* Actor.isAlive(again))
        assert.strictEqual(yield* pool.count, 1)

        const afterEnd = yield* restarted
        yield* two.tell(End())
        yield* Fiber.join(afterEnd)
        const [third] = yield* Stream.runCollect(pool.children)
        assert.strictEqual(yield* third!.ask(Add(1)), 3)
        assert.notStrictEqual(yield* third!.ask(Thread()), threadId)

        yield* Scope.close(scope, Exit.void)
        assert.isFalse(yield* Actor.isAlive(third!))
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1 }))),
    patience
  )
})
