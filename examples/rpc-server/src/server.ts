/** The group of the protocol, served as it is: the handlers are the actor. */
import { NodeHttpServer } from "@effect/platform-node"
import { Actor } from "@myrmidonjs/actor"
import type { Recipient } from "@myrmidonjs/actor"
import { Effect, Layer } from "effect"
import { HttpRouter } from "effect/http"
import { RpcSerialization, RpcServer } from "effect/rpc"
import type { RpcGroup } from "effect/rpc"
import { createServer } from "node:http"
import { Stock } from "./Stock.ts"

/** `POST /rpc` and a WebSocket at `/ws`, on a free port unless one is named. */
export const serve = (stock: Recipient<RpcGroup.Rpcs<typeof Stock.group>>, port = 0) =>
  HttpRouter.serve(
    Layer.mergeAll(
      RpcServer.layerHttp({ group: Stock.group, path: "/rpc", protocol: "http" }),
      RpcServer.layerHttp({ group: Stock.group, path: "/ws", protocol: "websocket" })
    ).pipe(Layer.provide(Actor.layerRpcHandlers(Stock, Effect.succeed(stock)))),
    { disableListenLog: true, disableLogger: true }
  ).pipe(
    Layer.provide(RpcSerialization.layerNdjson),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { host: "127.0.0.1", port }))
  )
