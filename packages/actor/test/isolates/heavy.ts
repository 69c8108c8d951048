/** A module that holds its thread while it is imported by a worker. */
import { Actor } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { existsSync } from "node:fs"
import { isMainThread, threadId } from "node:worker_threads"

/** ms */
export const takes = 2_500

/** The variable that names a file; where it does, the thread is held until that file is there. */
export const goes = "MYRMIDON_TEST_GO"

if (!isMainThread) {
  const until = performance.now() + takes
  const go = process.env[goes]
  while (go === undefined ? performance.now() < until : !existsSync(go));
}

export const Heavy = Actor.make("Heavy", [Rpc.make("Thread", { success: Schema.Int })])
export const HeavyLive = Actor.module(
  import.meta.url,
  Heavy.behavior({ init: () => null, handlers: { Thread: () => threadId } }),
  Layer.empty
)
