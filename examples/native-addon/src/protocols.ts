/** What the actors in Rust understand: the other half of `rust/library.rs` and `rust/image.rs`. */
import { Actor, ActorRef, SharedBuffer } from "@myrmidonjs/actor"
import { Schema } from "effect"
import { Rpc } from "effect/rpc"

export class UnknownWord extends Schema.TaggedError<UnknownWord>()("UnknownWord", { word: Schema.String }) {}

/** An actor in TypeScript that Rust tells. */
export const Subscriber = Actor.make("Subscriber", [
  Rpc.make("Learned", { payload: { word: Schema.String, times: Schema.Int } }),
  Rpc.make("Seen", { success: Schema.Array(Schema.String) })
])

export const Library = Actor.make("Library", [
  Rpc.make("Read", { payload: { text: Schema.String } }),
  Rpc.make("Count", { payload: { word: Schema.String }, success: Schema.Int, error: UnknownWord }),
  /** It is told of each word. */
  Rpc.make("Subscribe", { payload: ActorRef.schema(Subscriber) }),
  Rpc.make("Fail", { payload: { text: Schema.String } })
])

export const Image = Actor.make("Image", [
  /** The buffer goes there and comes back; its bytes are never copied. */
  Rpc.make("Invert", { payload: { pixels: SharedBuffer.schema }, success: SharedBuffer.schema })
])
