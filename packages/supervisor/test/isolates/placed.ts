/** A child that workers import. */
import { Actor } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { existsSync, writeFileSync } from "node:fs"
import { threadId } from "node:worker_threads"

export const Placed = Actor.make("Placed", [
  Rpc.make("Add", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("Thread", { success: Schema.Int }),
  Rpc.make("Crash", {}),
  /** Holds its thread until there is a file of that name; makes one with `.begun` behind it. */
  Rpc.make("Block", { payload: Schema.String }),
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
      Block: (_, file) => {
        writeFileSync(`${file}.begun`, "")
        while (!existsSync(file));
      },
      End: () => process.exit(1)
    }
  }),
  Layer.empty
)
