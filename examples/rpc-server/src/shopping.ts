/** Written against `RpcClient`, with no idea of what is behind it: an actor in this process, HTTP, or a WebSocket. */
import { Effect, Schema, Stream } from "effect"
import type { RpcClient, RpcGroup } from "effect/rpc"
import { SoldOut } from "./Stock.ts"
import type { Stock } from "./Stock.ts"

type StockRpcs = RpcGroup.Rpcs<typeof Stock.group>

/** Takes three, asks for too many, and watches the rest. `E` is what the way to the stock may fail with. */
export const shop = Effect.fnUntraced(function*<E>(stock: RpcClient.RpcClient<StockRpcs, E>) {
  const left = yield* stock.Take({ count: 3 })
  const refusal = yield* stock.Take({ count: 100 }).pipe(
    Effect.map((count) => `took ${count}`),
    Effect.catchIf(Schema.is(SoldOut), (soldOut) => Effect.succeed(`sold out, ${soldOut.left} left`))
  )
  const countdown = yield* stock.Countdown().pipe(Stream.runCollect)
  return { left, refusal, countdown }
})
