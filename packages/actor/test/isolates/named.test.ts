// G243: a name of another isolate is held against the shape of what has it.
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, HotSwap } from "@myrmidonjs/actor"
import { Effect, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { nativeLoads as native } from "../fixtures.ts"
import { Counter, CounterLive } from "./modules.ts"
import { Account, Richer, toV2, V1 } from "./upgrades.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

describe.runIf(native)("names of other isolates", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 1 }), { excludeTestServices: true, timeout: patience })((it) => {
    it.effect("G243: the same name of a protocol with another shape is no match", () =>
      Effect.gen(function*() {
        yield* CounterLive.spawnOn("worker", 1, { name: "counter" })
        const Stale = Actor.make("Counter", [
          Rpc.make("Add", { payload: Schema.Number, success: Schema.Int }),
          Rpc.make("Get", { success: Schema.Int }),
          Rpc.make("Watch", { success: Schema.Int, stream: true })
        ])
        const { Add, Get, Watch } = Stale.messages
        const named = yield* ActorRef.named(Stale, "counter")
        const found = `Counter ${Actor.fingerprint(Counter)}`
        for (const mismatch of yield* Effect.all([Actor.whereis(Stale, "counter"), named.current].map(Effect.flip))) {
          assert.deepInclude(mismatch, {
            _tag: "ProtocolMismatch",
            expected: `Counter ${Actor.fingerprint(Stale)}`,
            found
          })
        }
        const reasons = [
          (yield* Effect.flip(named.tell(Add(0.5)))).reason,
          (yield* Effect.flip(named.ask(Get()))).reason,
          (yield* Effect.flip(Stream.runDrain(named.stream(Watch())))).reason
        ]
        for (const reason of reasons) {
          assert.isTrue(reason._tag === "BadMessage" && reason.issue.includes(found), reason.message)
        }
        assert.strictEqual(named.tellUnsafe(Add(1)), "BadMessage")
        const good = yield* ActorRef.named(Counter, "counter")
        assert.strictEqual(yield* good.ask(Counter.messages.Add(1)), 2)
      }).pipe(Effect.scoped))

    it.effect("G243: one that understands more matches whoever asks less of it, also after an upgrade", () =>
      Effect.gen(function*() {
        const Less = Actor.make("Counter", [Rpc.make("Get", { success: Schema.Int })])
        yield* CounterLive.spawnOn("worker", 5, { name: "counter" })
        const less = yield* ActorRef.named(Less, "counter")
        assert.strictEqual(yield* less.ask(Less.messages.Get()), 5)
        yield* Actor.whereis(Less, "counter")

        const account = yield* V1.spawnOn("worker", 3, { name: "account" })
        const richer = yield* Effect.flip(Actor.whereis(Richer, "account"))
        assert.strictEqual(richer._tag, "ProtocolMismatch")
        yield* HotSwap.swap(account, toV2)
        const before = yield* ActorRef.named(Account, "account")
        assert.strictEqual(yield* before.ask(Account.messages.Balance()), 3)
        const after = yield* Actor.whereis(Richer, "account")
        assert.strictEqual(yield* after.ask(Richer.messages.Unit()), "cents")
        assert.strictEqual(yield* (yield* ActorRef.named(Richer, "account")).ask(Richer.messages.Unit()), "cents")
        yield* HotSwap.rollback(account)
        assert.strictEqual((yield* Effect.flip(Actor.whereis(Richer, "account")))._tag, "ProtocolMismatch")
      }).pipe(Effect.scoped))
  })
})
