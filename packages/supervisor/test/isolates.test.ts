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
})
