/**
 * How payloads cross a border: to another isolate, another language, another node. Inside an isolate they are
 * references, and no codec runs.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import { msgpack } from "./internal/codec/msgpack.ts"

/**
 * The values of one schema as bytes. A failure is the text of what is wrong, with the path to it; neither way throws.
 *
 * @category models
 * @since 0.1.0
 */
export interface PayloadCodec {
  /** What it gives out may be a view into a larger block, and is never written again. */
  readonly encode: (value: unknown) => Exit.Exit<Uint8Array, string>
  /** Of bytes that anybody may have sent. Takes what it keeps of them. */
  readonly decode: (bytes: Uint8Array) => Exit.Exit<unknown, string>
}

/**
 * The format of payloads, as a service: a system uses the one in the context of its Layer, or plain msgpack.
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
