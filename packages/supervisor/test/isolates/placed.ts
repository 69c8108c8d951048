/** A child that workers import. */
import { Actor } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { threadId } from "node:worker_threads"

export const Placed = Actor.make("Placed", [
  Rpc.make("Add", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("Thread", { success: Schema.Int }),
  Rpc.make("Crash", {}),
  Rpc.make("End", {})
])

export const PlacedLive = Actor.module(
  import.meta.url,
  Placed.behavior({
    init: (n: number) => ({ n }),
    handlers: {
      Add: (state, by) => (state.n += by),
      Thread: () => threadId,
      Crash: () => {
        throw new Error("on purpose")
      },
      End: () => process.exit(1)
    }
  }),
  Layer.empty
)
