/**
 * Upgrades, and which of them are refused; behaviours that can move, and which cannot. Compiled, never run.
 */
import { Actor, type ActorRef, type ActorSystem, HotSwap, type NamedRef, type SwapError } from "@myrmidonjs/actor"
import { Context, Effect, Layer, Schema, Stream } from "effect"
import type { Scope } from "effect"
import { Rpc } from "effect/rpc"
import { expect } from "tstyche"

type E<X> = X extends Effect.Effect<infer _A, infer E, infer _R> ? E : never
type R<X> = X extends Effect.Effect<infer _A, infer _E, infer R> ? R : never

class Db extends Context.Service<Db, { readonly load: (id: string) => Effect.Effect<number> }>()("app/Db") {}

const Counter = Actor.make("Counter", [
  Rpc.make("Increment", { payload: { by: Schema.Int }, success: Schema.Int }),
  Rpc.make("Reset"),
  Rpc.make("Watch", { success: Schema.Int, stream: true })
])
const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: {
    Increment: (state, { by }) => (state.n += by),
    Reset: (state) => {
      state.n = 0
    },
    Watch: (state) => Stream.make(state.n)
  }
})
declare const counter: Actor.Ref<typeof Counter>

const CounterV2Protocol = Actor.fromRpcGroup(
  "Counter",
  Counter.group.add(Rpc.make("History", { success: Schema.Array(Schema.Int) }))
)
const CounterV2 = CounterV2Protocol.behavior({
  version: "2",
  state: Schema.Struct({
    n: Schema.mutableKey(Schema.Int),
    log: Schema.mutableKey(Schema.mutable(Schema.Array(Schema.Int)))
  }),
  init: (start: number) => ({ n: start, log: [] as Array<number> }),
  handlers: {
    Increment: (state, { by }) => (state.log.push(by), state.n += by),
    Reset: (state) => {
      state.log.length = state.n = 0
    },
    Watch: (state) => Stream.make(state.n),
    History: (state) => state.log
  }
})
const toV2 = HotSwap.upgrade(CounterLive, CounterV2, { migrate: (old) => ({ ...old, log: [] }) })
export const swapped = Effect.gen(function*() {
  const dry = yield* HotSwap.plan(toV2, { sample: 100 })
  expect<typeof dry.failures[number]["error"]>().type.toBe<SwapError>()
  const v2 = yield* HotSwap.swap(counter, toV2, { canary: { messages: 100, within: "5 seconds" } })
  const history = yield* Effect.orDie(v2.ask(CounterV2Protocol.messages.History())) // the ref has learnt the new message
  expect<typeof history>().type.toBe<ReadonlyArray<number>>()
  const all = yield* HotSwap.swapAll(toV2, { canary: { maxRollbacks: 3 }, where: (actor) => actor.mailbox < 1000 })
  return all.swapped
})
expect<E<typeof swapped>>().type.toBe<SwapError>()
expect<R<typeof swapped>>().type.toBe<ActorSystem>()

// What a migration needs is asked of whoever swaps.
const toV2Effect = HotSwap.upgrade(CounterLive, CounterV2, {
  migrate: (old) => Effect.map(Db.use((db) => db.load("log")), (n) => ({ n: old.n, log: [n] }))
})
const swapEffect = HotSwap.swap(counter, toV2Effect)
expect<R<typeof swapEffect>>().type.toBe<Db | ActorSystem>()

const CounterV1b = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: { Increment: (state, { by }) => (state.n += 2 * by), Reset: () => {}, Watch: () => Stream.empty }
})
export const sameState = HotSwap.upgrade(CounterLive, CounterV1b) // no migration needed
// @ts-expect-error! the state changed: a migration is needed
HotSwap.upgrade(CounterLive, CounterV2)
// @ts-expect-error! the migration leaves the log out
HotSwap.upgrade(CounterLive, CounterV2, { migrate: (old) => ({ n: old.n }) })
// @ts-expect-error! live senders would still send History
HotSwap.upgrade(CounterV2, CounterLive, { migrate: ({ n }) => ({ n }) })
const Resettable = Actor.make("Resettable", [Rpc.make("Reset")])
declare const narrowed: Actor.Ref<typeof Resettable>
// @ts-expect-error! this ref is not a Counter
HotSwap.swap(narrowed, toV2)

// By name, as by ref: the ref that comes back is the actor's.
type RpcsOf<P> = P extends ActorRef<infer Rpcs> ? Rpcs : never
declare const counterByName: NamedRef<RpcsOf<typeof counter>>
const swappedByName = HotSwap.swap(counterByName, toV2)
expect(swappedByName).type.toBe<Effect.Effect<Actor.Ref<typeof CounterV2Protocol>, SwapError, ActorSystem>>()
expect(HotSwap.rollback(counterByName)).type.toBe<Effect.Effect<void, SwapError, ActorSystem>>()
HotSwap.plan(toV2, { tree: counterByName })
HotSwap.swapAll(toV2, { tree: counterByName })
declare const narrowedByName: NamedRef<RpcsOf<typeof narrowed>>
// @ts-expect-error! this name is not a Counter's
HotSwap.swap(narrowedByName, toV2)

// -- behaviours that can move ----------------------------------------------------------------------------------------

const Needy = Counter.behavior({
  init: (n: number) => ({ n }),
  handlers: {
    Increment: (state) => Db.use((db) => db.load(`${state.n}`)),
    Reset: () => {},
    Watch: () => Stream.empty
  }
})
declare const DbLive: Layer.Layer<Db>
const Heavy = Actor.module(import.meta.url, Needy, DbLive)
const heavy = Heavy.spawnOn("worker", 1)
expect<R<typeof heavy>>().type.toBe<ActorSystem | Scope.Scope>()
// @ts-expect-error! its Layer lacks Db
Actor.module(import.meta.url, Needy, Layer.empty)
// @ts-expect-error! a behaviour that is not in a module of its own stays where it is
CounterLive.spawnOn("worker", 1)
