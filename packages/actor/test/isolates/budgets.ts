/** Two actors of one isolate that are flooded at once, and what the one had handled when the other was at its fifth message. */
import { Actor, ActorRef } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"

export const Flooded = Actor.make("Flooded", [Rpc.make("Tick", {}), Rpc.make("Done", { success: Schema.Int })])
const counts = new Map<string, number>()
let seen = -1
export const FloodedLive = Actor.module(
  import.meta.url,
  Flooded.behavior({
    init: (name: string) => name,
    handlers: {
      Tick: (name) => {
        const count = (counts.get(name) ?? 0) + 1
        counts.set(name, count)
        if (name === "light" && count === 5) seen = counts.get("heavy") ?? 0
      },
      Done: () => seen
    }
  }),
  Layer.empty
)

export const Flood = Actor.make("Flood", [
  Rpc.make("Both", {
    payload: { light: ActorRef.schema(Flooded), heavy: ActorRef.schema(Flooded) },
    success: Schema.Void
  })
])
export const FloodLive = Actor.module(
  import.meta.url,
  Flood.behavior({
    init: () => null,
    handlers: {
      Both: (_, { heavy, light }, self) => {
        for (let n = 0; n < 640; n++) self.send(heavy, Flooded.messages.Tick())
        for (let n = 0; n < 10; n++) self.send(light, Flooded.messages.Tick())
      }
    }
  }),
  Layer.empty
)
