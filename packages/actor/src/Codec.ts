/**
 * How payloads are encoded for another isolate, another language or another node. Inside an isolate they are passed by
 * reference, and no codec runs.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import { msgpack } from "./internal/codec/msgpack.ts"

/**
 * Encodes and decodes the values of one schema. A failure is a text that says what is wrong, with the path to it;
 * neither function throws.
 *
 * @category models
 * @since 0.1.0
 */
export interface PayloadCodec {
  /** The bytes may be a view into a larger block; they are never written again. */
  readonly encode: (value: unknown) => Exit.Exit<Uint8Array, string>
  /** The bytes may be malformed, and are only lent: what is kept of them is copied. */
  readonly decode: (bytes: Uint8Array) => Exit.Exit<unknown, string>
}

/**
 * The format of encoded payloads, as a service: an actor system uses the one in the context of its Layer, else msgpack.
 *
 * **Example** (What a payload looks like to another language)
 *
 * ```ts import.meta.vitest
 * import { Codec } from "@myrmidonjs/actor"
 * import { Effect, Exit, Schema } from "effect"
 *
 * const Move = Schema.Struct({ to: Schema.String, by: Schema.Int })
 * const program = Effect.map(Codec, (codec) => Exit.map(codec.of(Move).encode({ to: "b", by: 2 }), (bytes) => [...bytes]))
 *
 * await Effect.runPromise(Effect.provide(program, Codec.layerMsgpack)) // => Exit.succeed([0x82, 0xa2, 0x74, 0x6f, 0xa1, 0x62, 0xa2, 0x62, 0x79, 2])
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class Codec extends Context.Service<Codec, {
  /** Its name: both sides of a border must have the same. */
  readonly format: string
  /** The codec of a schema; the same one for the same schema. */
  readonly of: (schema: Schema.Top) => PayloadCodec
}>()("@myrmidonjs/actor/Codec") {
  /** Plain msgpack of the Schema's encoded side, as docs/codec.md fixes it. */
  static readonly layerMsgpack: Layer.Layer<Codec> = Layer.succeed(this, msgpack)
}
