// Looking into actors of other isolates (G195).
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorSystem, HotSwap, Inspector } from "@myrmidonjs/actor"
import { Effect, Exit, Fiber, Layer, Stream } from "effect"
import { nativeLoads as native, turn } from "../fixtures.ts"
import { Counter, CounterLive, Odd, OddLive } from "./modules.ts"
import { Account, toV2, V1, V2 } from "./upgrades.ts"

const { Balance, Deposit, Wait } = Account.messages
const at = new Date(7)
const deposit = (by: number) => Deposit({ by, at })
/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
describe.runIf(native)("the inspector across isolates", { timeout: patience }, () => {
  layer(Layer.provideMerge(Inspector.layer, ActorSystem.layer({ isolates: 2 })), {
    excludeTestServices: true,
    timeout: patience
  })(
    (it) => {
      it.effect("G195: a state is read by its schema, or as plain data, as what the actor runs", () =>
        Effect.gen(function*() {
          const inspector = yield* Inspector
          const account = yield* V1.spawnOn("worker", 5, { name: "five" })
          yield* account.tell(deposit(2))
          assert.strictEqual(yield* account.ask(Balance()), 7)
          assert.deepStrictEqual(yield* inspector.getState(account, V1), { balance: 7 })
          const counter = yield* CounterLive.spawnOn("worker", 3)
          assert.deepStrictEqual(yield* inspector.getState(counter, CounterLive), { n: 3 })
          const other = yield* Effect.flip(inspector.getState(account as never, V2))
          assert.deepInclude(other, {
            _tag: "ProtocolMismatch",
            name: "five",
            expected: "Account 2",
            found: "Account 1"
          })
          const richer = yield* HotSwap.swap(account, toV2)
          assert.deepStrictEqual(yield* inspector.getState(richer, V2), { cents: 700 })
          const odd = yield* OddLive.spawnOn("worker", undefined)
          assert.deepInclude(yield* Effect.flip(inspector.getState(odd, OddLive)), {
            _tag: "ActorElsewhere",
            pid: odd.pid
          })
          yield* Actor.kill(counter)
          assert.strictEqual((yield* Effect.flip(inspector.getState(counter, CounterLive)))._tag, "ActorExited")
        }).pipe(Effect.scoped))

      it.effect("G195: a state is replaced between two messages; what fails leaves what was there", () =>
        Effect.gen(function*() {
          const inspector = yield* Inspector
          const account = yield* V1.spawnOn("worker", 5)
          const next = yield* inspector.replaceState(account, V1, ({ balance }) => ({ balance: balance + 1 }))
          assert.deepStrictEqual(next, { balance: 6 })
          assert.strictEqual(yield* account.ask(Balance()), 6)
          const threw = yield* Effect.flip(inspector.replaceState(account, V1, () => {
            throw new Error("not today")
          }))
          assert.deepInclude(threw, { _tag: "ReplaceFailed", message: "the state was not replaced: not today" })
          const wrong = yield* Effect.flip(inspector.replaceState(account, V1, () => ({ balance: "6" }) as never))
          assert.strictEqual(wrong._tag, "ReplaceFailed")
          // Nobody holds it any more.
          yield* account.tell(deposit(1))
          assert.strictEqual(yield* account.ask(Balance()), 7)
        }).pipe(Effect.scoped))

      it.effect("G195: many who replace it at once lose nothing, and a handler that waits is waited for", () =>
        Effect.gen(function*() {
          const inspector = yield* Inspector
          const account = yield* V1.spawnOn("worker", 0)
          const more = inspector.replaceState(account, V1, ({ balance }) => ({ balance: balance + 1 }))
          yield* Effect.forEach(Array.from({ length: 20 }), () => more, { concurrency: "unbounded", discard: true })
          assert.strictEqual(yield* account.ask(Balance()), 20)
          const waiting = yield* Effect.forkChild(account.ask(Wait()), { startImmediately: true })
          const late = yield* Effect.forkChild(more, { startImmediately: true })
          yield* Effect.repeat(turn, {
            until: () => Effect.map(Actor.info(account), ({ status }) => status !== "idle")
          })
          for (let i = 0; i < 20; i++) yield* turn
          assert.isUndefined(late.pollUnsafe())
          // Given up, it holds nobody.
          yield* Fiber.interrupt(late)
          yield* Actor.kill(account)
          assert.isTrue(Exit.isFailure(yield* Fiber.await(waiting)))
        }).pipe(Effect.scoped))

      it.effect("G195: a trace shows what an actor elsewhere handles, ends by its limit, and is given up", () =>
        Effect.gen(function*() {
          const inspector = yield* Inspector
          const account = yield* V1.spawnOn("worker", 5)
          const reading = yield* Effect.forkChild(
            Stream.runCollect(inspector.trace(account, { limit: 2, perSecond: 100 })),
            {
              startImmediately: true
            }
          )
          // It is there once somebody is seen to handle more slowly: the first two of what is told from now on.
          yield* Effect.repeat(Effect.andThen(account.tell(deposit(1)), turn), {
            until: () => Effect.sync(() => reading.pollUnsafe() !== undefined)
          })
          const seen = yield* Fiber.join(reading)
          assert.deepStrictEqual(seen.map(({ payload, tag }) => ({ payload, tag })), [
            { tag: "Deposit", payload: { by: 1, at } },
            { tag: "Deposit", payload: { by: 1, at } }
          ])
          const bad = yield* Effect.exit(Stream.runDrain(inspector.trace(account, { limit: 0 })))
          assert.include(String(Exit.isFailure(bad) && bad.cause), "must be a whole number")
          const endless = yield* Effect.forkChild(Stream.runDrain(inspector.trace(account)), { startImmediately: true })
          yield* account.ask(Balance())
          yield* Fiber.interrupt(endless)
          yield* Actor.kill(account)
          assert.strictEqual((yield* Effect.flip(Stream.runDrain(inspector.trace(account))))._tag, "ActorExited")
          // The agent took no harm from any of it.
          const counter = yield* CounterLive.spawnOn("worker", 3)
          assert.strictEqual(yield* counter.ask(Counter.messages.Get()), 3)
          const since = yield* inspector.statistics(counter)
          yield* counter.ask(Counter.messages.Get())
          assert.strictEqual((yield* since).handled, 1)
          const odd = yield* OddLive.spawnOn("worker", undefined)
          assert.strictEqual(yield* odd.ask(Odd.messages.Size()), 0)
        }).pipe(Effect.scoped))
    }
  )
})
