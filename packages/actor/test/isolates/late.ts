/** Actors whose life is told on the console, for programs in processes of their own. */
import { Actor, ActorRef } from "@myrmidonjs/actor"
import { Context, Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"

export const Late = Actor.make("Late", [
  Rpc.make("Tick", { payload: Schema.String, success: Schema.String }),
  Rpc.make("Slowly", { payload: Schema.Int }),
  Rpc.make("Forever", {})
])

class Resource extends Context.Service<Resource, null>()("test/Resource") {}

const ResourceLive = Layer.effect(
  Resource,
  Effect.acquireRelease(Effect.succeed(null), () => Effect.sync(() => console.log("released")))
)

export const LateLive = Actor.module(
  import.meta.url,
  Late.behavior({
    init: ({ delay, name }: { readonly name: string; readonly delay: number }, self) =>
      Effect.map(Resource, () => {
        if (delay > 0) self.after(delay, Late.messages.Tick("late"))
        return { name, isTimed: delay > 0 }
      }),
    handlers: {
      Tick: (state, text) => {
        if (state.isTimed) console.log(`${state.name} ticked ${text}`)
        return `ticked ${text}`
      },
      Slowly: ({ name }, delay) =>
        Effect.andThen(Effect.sleep(delay), Effect.sync(() => console.log(`${name} was slow`))),
      Forever: () => {
        for (;;);
      }
    },
    terminate: (state, reason) => console.log(`${state.name} ended by ${reason._tag}`)
  }),
  ResourceLive
)

const To = { to: ActorRef.schema(Late), delay: Schema.Int }
export const Courier = Actor.make("Courier", [Rpc.make("Later", { payload: To }), Rpc.make("Now", { payload: To })])

/** Tells somebody else to be slow, after a while. */
export const CourierLive = Actor.module(
  import.meta.url,
  Courier.behavior({
    init: () => null,
    handlers: {
      Later: (_, { delay, to }, self) => void self.after(delay, Courier.messages.Now({ delay, to })),
      Now: (_, { delay, to }, self) => void self.send(to, Late.messages.Slowly(delay))
    }
  }),
  Layer.empty
)
