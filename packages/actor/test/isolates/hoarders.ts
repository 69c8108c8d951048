/** What `bytes.test.ts` has in a worker: an actor that keeps all bytes it is sent. */
import { Actor } from "@myrmidonjs/actor"
import { Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"

export const Hoarder = Actor.make("Hoarder", [
  Rpc.make("Plain", { payload: Schema.Uint8Array }),
  Rpc.make("Within", {
    payload: { name: Schema.String, data: Schema.Uint8Array, more: Schema.Array(Schema.Uint8Array) }
  }),
  /** By a reader that was not written for its schema. */
  Rpc.make("Checked", { payload: { name: Schema.NonEmptyString, data: Schema.Uint8Array } }),
  /** What it has, and in how many pieces of memory. */
  Rpc.make("Show", {
    success: Schema.Struct({ values: Schema.Array(Schema.Array(Schema.Int)), pieces: Schema.Int })
  })
])

export const HoarderLive = Actor.module(
  import.meta.url,
  Hoarder.behavior({
    init: () => new Array<Uint8Array>(),
    handlers: {
      Plain: (kept, bytes) => void kept.push(bytes),
      Within: (kept, { data, more }) => void kept.push(data, ...more),
      Checked: (kept, { data }) => void kept.push(data),
      Show: (kept) => ({
        values: kept.map((bytes) => [...new Set(bytes), bytes.length]),
        pieces: new Set(kept.map((bytes) => bytes.buffer)).size
      })
    }
  }),
  Layer.empty
)
