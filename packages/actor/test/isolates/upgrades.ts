/** Versions of one behaviour, and upgrades between them that every isolate can import. */
import { Actor, HotSwap } from "@myrmidonjs/actor"
import { Context, Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { isMainThread, threadId } from "node:worker_threads"

export class Stop extends Schema.TaggedError<Stop>()("Stop", {}) {}

export const Account = Actor.make("Account", [
  Rpc.make("Deposit", { payload: { by: Schema.Int, at: Schema.Date } }),
  Rpc.make("Balance", { success: Schema.Number }),
  Rpc.make("Thread", { success: Schema.Int }),
  Rpc.make("Wait", { success: Schema.Int })
])
export const Richer = Actor.make("Account", [
  ...Account.group.requests.values(),
  Rpc.make("Unit", { success: Schema.String })
])

const Thread = () => threadId
const url = import.meta.url

class Unit extends Context.Service<Unit, { readonly name: string }>()("test/Unit") {}
const UnitLive = Layer.effect(Unit, Effect.as(Effect.yieldNow, { name: "cents" }))

export const V1 = Actor.module(
  url,
  Account.behavior({
    init: (balance: number) => ({ balance }),
    state: Schema.Struct({ balance: Schema.Number }),
    handlers: {
      Deposit: (state, { by }) => void (state.balance += by),
      Balance: ({ balance }) => balance,
      Thread,
      Wait: () => Effect.never
    }
  }),
  Layer.empty
)
export const V2 = Actor.module(
  url,
  Richer.behavior({
    version: "2",
    init: (balance: number) => ({ cents: balance * 100 }),
    handlers: {
      Deposit: (state, { by }) => void (state.cents += by * 100),
      Balance: ({ cents }) => cents / 100,
      Thread,
      Wait: () => Effect.never,
      Unit: () => Effect.map(Unit, ({ name }) => name)
    }
  }),
  UnitLive
)
/** Crashes at a deposit of 13. */
export const V3 = Actor.module(
  url,
  Richer.behavior({
    version: "3",
    init: (balance: number) => ({ cents: balance * 100 }),
    handlers: {
      Deposit: (state, { by }) => {
        if (by === 13) throw new Error("oops")
        state.cents += by * 100
      },
      Balance: ({ cents }) => cents / 100,
      Thread,
      Wait: () => Effect.never,
      Unit: () => "none"
    }
  }),
  Layer.empty
)

export const toV2 = HotSwap.module(
  url,
  HotSwap.upgrade(V1, V2, {
    migrate: ({ balance }) => {
      if (balance === 666) throw new Error("no such balance")
      if (balance === 777) throw new Error("no \ud800 balance")
      return { cents: balance * 100 }
    },
    back: ({ cents }) => ({ balance: cents / 100 })
  })
)
export const toV3 = HotSwap.module(url, HotSwap.upgrade(V2, V3))
/** Its migration never ends. */
export const toNever = HotSwap.module(
  url,
  HotSwap.upgrade(V1, V2, { migrate: () => Effect.never as Effect.Effect<{ cents: number }> })
)
/** What it needs is never there in a worker. */
export const V4 = Actor.module(
  url,
  Account.behavior({
    version: "4",
    init: (balance: number) => ({ balance }),
    handlers: { Deposit: () => {}, Balance: ({ balance }) => balance, Thread, Wait: () => Effect.never }
  }),
  Layer.effectDiscard(Effect.suspend(() => isMainThread ? Effect.void : Effect.never))
)
export const toV4 = HotSwap.module(url, HotSwap.upgrade(V1, V4))
export const local = HotSwap.upgrade(V1, V2, { migrate: ({ balance }) => ({ cents: balance * 100 }) })
