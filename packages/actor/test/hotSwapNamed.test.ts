// Swaps of whoever has a name (G230).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, HotSwap } from "@myrmidonjs/actor"
import { Effect, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { testSystems } from "./fixtures.ts"

const Sum = Actor.make("Sum", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
const { Add } = Sum.messages
const sumOf = (version: string, factor: number) =>
  Sum.behavior({
    version,
    init: (n: number) => ({ n }),
    handlers: { Add: (state, n) => (state.n += n * factor) }
  })
const V1 = sumOf("1", 1)
const V2 = sumOf("2", 10)
const toV2 = HotSwap.upgrade(V1, V2)
const Other = Actor.make("Other", []).behavior({ init: () => 0, handlers: {} })

describe.each(testSystems)("swaps by name on the %s", (_, system) => {
  it.effect("G230: swaps and brings back who has the name now, and nobody else", () =>
    Effect.gen(function*() {
      const named = yield* ActorRef.named(Sum, "sum")
      const first = yield* V1.spawn(1, { name: "sum" })
      const swapped = yield* HotSwap.swap(named, toV2)
      assert.strictEqual(swapped.pid, first.pid)
      assert.strictEqual(yield* named.ask(Add(1)), 11)
      yield* HotSwap.rollback(named)
      assert.strictEqual(yield* named.ask(Add(1)), 2)
      yield* Actor.stop(first)
      const second = yield* V1.spawn(5, { name: "sum" })
      assert.strictEqual((yield* HotSwap.swap(named, toV2)).pid, second.pid)
      assert.strictEqual(yield* named.ask(Add(1)), 15)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G230: an effect that was made before the name was anybody's is about who has it when it runs", () =>
    Effect.gen(function*() {
      const swap = HotSwap.swap(yield* ActorRef.namedFor(V1, "late"), toV2)
      const late = yield* V1.spawn(0, { name: "late" })
      assert.strictEqual((yield* swap).pid, late.pid)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G230: a name that nobody has is ActorExited with NoProc, as an ask of it", () =>
    Effect.gen(function*() {
      const named = yield* ActorRef.named(Sum, "nobody")
      for (const failed of [HotSwap.swap(named, toV2), HotSwap.rollback(named)]) {
        const { reason } = yield* Effect.flip(failed)
        assert(reason._tag === "ActorExited")
        assert.deepInclude(reason, { name: "nobody", reason: { _tag: "NoProc", everExisted: false } })
      }
      assert.strictEqual((yield* HotSwap.swapAll(toV2, { tree: named })).swapped, 0)
      assert.strictEqual((yield* HotSwap.plan(toV2, { tree: named })).checked, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G230: a holder that runs something else is WrongVersion, and goes on", () =>
    Effect.gen(function*() {
      const other = yield* Other.spawn(undefined, { name: "sum" })
      const { reason } = yield* Effect.flip(HotSwap.swap(yield* ActorRef.named(Sum, "sum"), toV2))
      assert.strictEqual(reason._tag, "WrongVersion")
      assert.isTrue(yield* Actor.isAlive(other))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G230: a tree by name is that of who has it", () =>
    Effect.gen(function*() {
      const Parent = Actor.make("Parent", [Rpc.make("Bear", { payload: Schema.Int })])
      const parent = yield* Parent.behavior({
        init: () => 0,
        handlers: { Bear: (_, n, self) => void self.spawnUnsafe(V1, n) }
      }).spawn(undefined, { name: "parent" })
      yield* V1.spawn(0)
      yield* Effect.forEach([1, 2], (n) => parent.tell(Parent.messages.Bear(n)))
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
      const tree = yield* ActorRef.named(Parent, "parent")
      assert.strictEqual((yield* HotSwap.plan(toV2, { tree })).checked, 2)
      assert.strictEqual((yield* HotSwap.swapAll(toV2, { tree })).swapped, 2)
    }).pipe(Effect.scoped, Effect.provide(system)))
})
