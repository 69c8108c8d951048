// Hot swap of a supervisor's tree: who is below it, and nobody else.
import { assert, describe, it } from "@effect/vitest"
import { Actor, HotSwap } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import { Effect, Fiber, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { testSystems } from "./fixtures.ts"

/** A stream that was forked has begun to listen. */
const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

const Leaf = Actor.make("Leaf", [Rpc.make("Version", { success: Schema.String }), Rpc.make("Crash")])
const { Crash, Version } = Leaf.messages
const leaf = (version: string) =>
  Leaf.behavior({
    version,
    init: (id: number) => ({ id }),
    handlers: {
      Version: () => version,
      Crash: () => {
        throw new Error("boom")
      }
    }
  })
const V1 = leaf("1"), V2 = leaf("2")
const toV2 = HotSwap.upgrade(V1, V2)

describe.each(testSystems)("a supervisor's tree on the %s", (_, system) => {
  it.effect("is swapped down to its dynamic children, and its neighbours are not", () =>
    Effect.gen(function*() {
      const tree = Supervisor.make("root", {}, [
        Supervisor.child("first", V1, 1),
        Supervisor.make("inner", {}, [Supervisor.child("second", V1, 2), Supervisor.dynamic("pool", V1)])
      ])
      const running = yield* Supervisor.start(tree)
      const inner = yield* running.get("inner")
      const pool = yield* inner.get("pool")
      const pooled = [yield* pool.start(3), pool.startUnsafe(4)]
      const inTree = [yield* running.get("first"), yield* inner.get("second"), ...pooled]
      const outside = yield* V1.spawn(5)
      const versions = Effect.forEach([...inTree, outside], (ref) => ref.ask(Version()))

      assert.strictEqual((yield* HotSwap.plan(toV2, { tree: running.ref })).checked, 4)
      assert.strictEqual((yield* HotSwap.plan(toV2, { tree: inner.ref })).checked, 3)
      const part = yield* HotSwap.swapAll(toV2, { tree: inner.ref, together: true })
      assert.deepInclude(part, { swapped: 3, failed: [], rolledBack: [] })
      assert.deepStrictEqual(yield* versions, ["1", "2", "2", "2", "1"])
      assert.strictEqual((yield* HotSwap.swapAll(toV2, { tree: running.ref })).swapped, 1)
      assert.deepStrictEqual(yield* versions, ["2", "2", "2", "2", "1"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a swapped child that crashes comes back as what its spec says", () =>
    Effect.gen(function*() {
      const spec = (version: typeof V1) =>
        Supervisor.make("root", { intensity: 5 }, [Supervisor.child("leaf", version, 1)])
      const running = yield* Supervisor.start(spec(V1))
      yield* HotSwap.swapAll(toV2, { tree: running.ref })
      const before = yield* running.get("leaf")
      assert.strictEqual(yield* before.ask(Version()), "2")
      const events = Supervisor.events.pipe(Stream.filter(({ _tag }) => _tag === "Restarted"), Stream.runHead)
      const restarted = yield* Effect.forkChild(
        events,
        { startImmediately: true }
      )
      yield* turn
      yield* Effect.exit(before.ask(Crash()))
      yield* Fiber.join(restarted)
      assert.strictEqual(yield* (yield* running.get("leaf")).ask(Version()), "1")
      // So the spec is changed beside it, and the next one to crash comes back as what it was.
      yield* HotSwap.swapAll(toV2, { tree: running.ref })
      yield* Supervisor.change(running.ref, spec(V2))
      const again = yield* Effect.forkChild(events, { startImmediately: true })
      yield* turn
      yield* Effect.exit((yield* running.get("leaf")).ask(Crash()))
      yield* Fiber.join(again)
      assert.strictEqual(yield* (yield* running.get("leaf")).ask(Version()), "2")
    }).pipe(Effect.scoped, Effect.provide(system)))
})
