/** The actor of `spawn`, `count` and `ask`: one integer of state. */
import { Actor } from "@myrmidonjs/actor"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

export const Counter = Actor.make("Counter", [
  Rpc.make("Add", { payload: { by: Schema.Int } }),
  Rpc.make("Total", { success: Schema.Int })
])
export type CounterRef = Actor.Ref<typeof Counter>

export const CounterLive = Counter.behavior({
  init: (start: number) => ({ n: start }),
  handlers: {
    Add: (state, { by }) => {
      state.n += by
    },
    Total: (state) => state.n
  }
})
