/** Behaviours that do not end by themselves, for workers. */
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"

const Holdout = Actor.make("Holdout", [])
const holdout = Holdout.behavior({ init: () => 0, handlers: {}, terminate: () => Effect.never })

export const HoldoutLive = Actor.module(import.meta.url, holdout, Layer.empty)

const Opener = Actor.make("Opener", [Rpc.make("Open", { payload: Schema.Int, success: Schema.Int })])
export const { Open } = Opener.messages

/** Starts such ones that are owned by their system alone, and so end with their isolate. */
export const OpenerLive = Actor.module(
  import.meta.url,
  Opener.behavior({
    init: () => Effect.context<ActorSystem>(),
    handlers: {
      Open: (context, count) =>
        Effect.provideContext(
          Effect.map(ActorSystem, (system) => {
            for (let n = 0; n < count; n++) system.spawnUnsafe(holdout, undefined)
            return count
          }),
          context
        )
    }
  }),
  Layer.empty
)
