/** What the actors in Rust understand: the other half of `rust/library.rs` and `rust/image.rs`. */
import { Actor, ActorRef, SharedBuffer } from "@myrmidonjs/actor"
import { Schema } from "effect"
import { Rpc } from "effect/rpc"

export class NoDictionary extends Schema.TaggedError<NoDictionary>()("NoDictionary", { why: Schema.String }) {}
export class UnknownWord extends Schema.TaggedError<UnknownWord>()("UnknownWord", { word: Schema.String }) {}

/** An actor in TypeScript that Rust tells. */
export const Subscriber = Actor.make("Subscriber", [
  Rpc.make("Learned", { payload: { word: Schema.String, times: Schema.Int } }),
  Rpc.make("Seen", { success: Schema.Array(Schema.String) })
])

/** An actor in TypeScript that Rust asks: the name `dictionary`. */
export const Dictionary = Actor.make("Dictionary", [
  Rpc.make("Lookup", { payload: { word: Schema.String }, success: Schema.NullOr(Schema.String) })
])

export const Library = Actor.make("Library", [
  Rpc.make("Read", { payload: { text: Schema.String } }),
  Rpc.make("Count", { payload: { word: Schema.String }, success: Schema.Int, error: UnknownWord }),
  /** It is told of each word. */
  Rpc.make("Subscribe", { payload: ActorRef.schema(Subscriber) }),
  /** It asks the dictionary. */
  Rpc.make("Define", {
    payload: { word: Schema.String },
    success: Schema.String,
    error: Schema.Union([UnknownWord, NoDictionary])
  }),
  Rpc.make("Fail", { payload: { text: Schema.String } })
])

export const Image = Actor.make("Image", [
  /** The buffer goes there and comes back; its bytes are never copied. */
  Rpc.make("Invert", { payload: { pixels: SharedBuffer.schema }, success: SharedBuffer.schema })
])
