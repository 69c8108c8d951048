/** What the actors in Rust understand: the other half of `rust/library.rs`, `rust/image.rs` and `rust/numbers.rs`. */
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
  Rpc.make("Invert", { payload: { pixels: SharedBuffer.schema }, success: SharedBuffer.schema }),
  /** It hands the buffer on to the filter. */
  Rpc.make("Filter", { payload: { pixels: SharedBuffer.schema }, success: SharedBuffer.schema })
])

/** An actor in TypeScript that Rust asks with a buffer: the name `filter`. */
export const Filter = Actor.make("Filter", [
  Rpc.make("Apply", { payload: { pixels: SharedBuffer.schema }, success: SharedBuffer.schema })
])

export class TooMuch extends Schema.TaggedError<TooMuch>()("TooMuch", { limit: Schema.Int }) {}

export const Numbers = Actor.make("Numbers", [
  Rpc.make("Count", { payload: { to: Schema.Int }, success: Schema.Int, error: TooMuch, stream: true }),
  /** Whatever it is told from now on. */
  Rpc.make("Watch", { success: Schema.Int, stream: true }),
  Rpc.make("Tell", { payload: Schema.Int }),
  Rpc.make("Watching", { success: Schema.Int }),
  /** It adds up what the source counts, at most so many numbers. */
  Rpc.make("Sum", { payload: { to: Schema.Int, most: Schema.Int }, success: Schema.Int, error: TooMuch }),
  Rpc.make("Fail")
])

/** An actor in TypeScript whose stream Rust reads: the name `source`. */
export const Source = Actor.make("Source", [
  Rpc.make("Count", { payload: { to: Schema.Int }, success: Schema.Int, error: TooMuch, stream: true }),
  Rpc.make("Open", { success: Schema.Int })
])
