/** Behaviours of workers whose agent cannot say all that it is asked: some text of theirs has no encoding. */
import { Actor, HotSwap, Pid } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"

const url = import.meta.url

const Nameless = Actor.make("Nameless", [])
/** No encoding of ours has a lone surrogate. */
const NamelessLive = Nameless.behavior({ version: "\ud800", init: () => null, handlers: {} })

export const Parent = Actor.make("Parent", [
  Rpc.make("Start", { success: Pid.schema }),
  Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })
])
export const ParentLive = Actor.module(
  url,
  Parent.behavior({
    init: () => null,
    handlers: { Start: (_, __, self) => self.spawnUnsafe(NamelessLive, undefined).pid, Add: (_, by) => by + 1 }
  }),
  Layer.empty
)

/** A question that its receiver refuses in words that have no encoding. */
export const Odd = Actor.make("Odd", [
  Rpc.make("Even", {
    payload: Schema.Int.check(Schema.makeFilter((n) => n % 2 === 0 || n < 0 ? undefined : "odd: \ud800")),
    success: Schema.Int
  })
])
/** The same without the check: what it sends arrives. */
export const Unchecked = Actor.make("Odd", [Rpc.make("Even", { payload: Schema.Int, success: Schema.Int })])
export const OddLive = Actor.module(
  url,
  Odd.behavior({ init: () => null, handlers: { Even: (_, n) => n / 2 } }),
  Layer.empty
)

export const Purse = Actor.make("Purse", [Rpc.make("Count", { success: Schema.Int })])
export const PurseLive = Actor.module(
  url,
  Purse.behavior({ init: (coins: number) => ({ coins }), handlers: { Count: ({ coins }) => coins } }),
  Layer.empty,
  { args: Schema.Int }
)
export const PurseV2 = Actor.module(
  url,
  Purse.behavior({
    version: "2",
    init: (coins: number) => ({ coins }),
    state: Schema.Struct({ coins: Schema.Int.check(Schema.makeFilter((n) => n > 0 ? undefined : "empty: \ud800")) }),
    handlers: { Count: ({ coins }) => coins }
  }),
  Layer.empty,
  { args: Schema.Int }
)
export const refused = HotSwap.module(url, HotSwap.upgrade(PurseLive, PurseV2, { migrate: (state) => state }))
