/** A shop's stock: the protocol, and the actor that keeps it. The protocol alone is what a client imports. */
import { Actor } from "@myrmidonjs/actor"
import { Exit, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"

export class SoldOut extends Schema.TaggedError<SoldOut>()("SoldOut", { left: Schema.Int }) {}

export const Stock = Actor.make("Stock", [
  Rpc.make("Take", { payload: { count: Schema.Int }, success: Schema.Int, error: SoldOut }),
  Rpc.make("Countdown", { success: Schema.Int, stream: true })
])

export const StockLive = Stock.behavior({
  init: (items: number) => ({ items }),
  handlers: {
    Take: (state, { count }) =>
      count > state.items ? Exit.fail(new SoldOut({ left: state.items })) : (state.items -= count),
    Countdown: (state) => Stream.range(0, state.items).pipe(Stream.map((gone) => state.items - gone))
  }
})
