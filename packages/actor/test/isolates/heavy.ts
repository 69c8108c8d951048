/** A module that holds its thread while it is imported by a worker. */
import { Actor } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { isMainThread, threadId } from "node:worker_threads"

/** ms */
export const takes = 2_500

if (!isMainThread) {
  const until = performance.now() + takes
  while (performance.now() < until);
}

export const Heavy = Actor.make("Heavy", [Rpc.make("Thread", { success: Schema.Int })])
export const HeavyLive = Actor.module(
  import.meta.url,
  Heavy.behavior({ init: () => null, handlers: { Thread: () => threadId } }),
  Layer.empty
)
