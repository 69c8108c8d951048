/** One actor, one client program, three ways between them: none, HTTP, WebSocket. All print the same. */
import { NodeSocket } from "@effect/platform-node"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Console, Effect, Layer } from "effect"
import { FetchHttpClient, HttpServer } from "effect/http"
import { RpcClient, RpcSerialization } from "effect/rpc"
import { serve } from "./server.ts"
import { shop } from "./shopping.ts"
import { Stock, StockLive } from "./Stock.ts"

const remote = RpcClient.make(Stock.group).pipe(Effect.flatMap(shop), Effect.scoped)

/** What `shop` saw, way by way; each way gets a fresh stock of five. */
export const program = Effect.gen(function*() {
  const local = yield* shop(Actor.client(yield* StockLive.spawn(5)))
  const over = (path: string) =>
    Effect.gen(function*() {
      const { address } = yield* HttpServer.HttpServer
      if (!("port" in address)) return yield* Effect.die("the server has no port")
      const protocol = path === "/rpc"
        ? RpcClient.layerProtocolHttp({ url: `http://127.0.0.1:${address.port}/rpc` }).pipe(
          Layer.provide(FetchHttpClient.layer)
        )
        : RpcClient.layerProtocolSocket().pipe(
          Layer.provide(NodeSocket.layerWebSocket(`ws://127.0.0.1:${address.port}/ws`))
        )
      return yield* Effect.provide(remote, Layer.provide(protocol, RpcSerialization.layerNdjson))
    })
  const http = yield* Effect.provide(over("/rpc"), serve(yield* StockLive.spawn(5)))
  const webSocket = yield* Effect.provide(over("/ws"), serve(yield* StockLive.spawn(5)))
  return { local, http, webSocket }
}).pipe(Effect.scoped)

if (import.meta.main) {
  await Effect.runPromise(
    program.pipe(
      Effect.flatMap((seen) => Console.log(JSON.stringify(seen, null, 2))),
      Effect.provide(ActorSystem.layerMemory())
    )
  )
}
