/** Actors whose start ends their isolate, in one way or another. */
import { Actor } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"

const ways = {
  exits: () => process.exit(0),
  throws: () =>
    setImmediate(() => {
      throw new Error("outside of any handler")
    }),
  rejects: () => void Promise.reject(new Error("nobody caught it"))
}

export const Leap = Actor.make("Leap", [])
export const LeapLive = Actor.module(
  import.meta.url,
  // Never ready, so that whoever spawns is still waiting.
  Leap.behavior({
    init: (way: keyof typeof ways) => {
      ways[way]()
      return new Promise<null>(() => {})
    },
    handlers: {}
  }),
  Layer.empty,
  { args: Schema.Literals(["exits", "throws", "rejects"]) }
)
