/** A program whose behaviour stands in its own module: each worker that imports it would be another such program. */
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { threadId } from "node:worker_threads"

const Where = Actor.make("Where", [Rpc.make("Thread", { success: Schema.Int })])
const WhereLive = Actor.module(
  import.meta.url,
  Where.behavior({ init: () => null, handlers: { Thread: () => threadId } }),
  Layer.empty
)

const program = Effect.flatMap(WhereLive.spawnOn("worker", undefined), (where) => where.ask(Where.messages.Thread()))
const told = Effect.match(program, { onSuccess: (thread) => `in ${thread}`, onFailure: (error) => error.message })
console.log(
  await Effect.runPromise(told.pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1 }))))
)
