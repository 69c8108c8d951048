/**
 * Memory that is handed from actor to actor without a copy: between isolates, languages, and for one meaning also inside
 * an isolate.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { ActorSystem } from "./ActorSystem.ts"
import type { BufferMoved } from "./BufferMoved.ts"
import { allocateBuffer, bufferSchema, copyBuffer } from "./internal/buffer/make.ts"
import { hostOf } from "./internal/system.ts"
import type { InvalidOption, LimitReached } from "./SpawnError.ts"

/**
 * A handle on a block of memory. Who holds it may read and write it; sending it in a payload hands it over.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedBuffer {
  readonly byteLength: number
  /**
   * A view for as long as this holder has the buffer. Throws `BufferMoved` after sending or releasing; views taken before
   * have length 0 then. The memory is its system's, and ends with the isolate that holds it: it goes to another thread in
   * a message, never by a `postMessage` that transfers it.
   */
  readonly bytes: () => Uint8Array<ArrayBuffer>
  /** Keeps a received buffer beyond the end of its handler, where it would be released. */
  readonly retain: () => SharedBuffer
  /** Gives the memory back now. A buffer that nobody reaches any more is released by the collector, some time. */
  readonly release: () => void
}

/**
 * Buffers: made, copied, and declared in protocols.
 *
 * One holder at a time: a message moves its buffers from the sender to the receiver, and a message that holds a buffer
 * that was sent or released before is a `BadMessage`. A refused send gives them back. To send to two receivers, send a
 * copy to one. A handler has the buffers of its message until it is done; it may send them on, answer with them, or
 * `retain` them. Buffers of an answer are the asker's until it releases them.
 *
 * **Example** (Handing a buffer over)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, SharedBuffer } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Sum = Actor.make("Sum", [Rpc.make("Add", { payload: { data: SharedBuffer.schema }, success: Schema.Int })])
 * const SumLive = Sum.behavior({
 *   init: () => null,
 *   handlers: { Add: (_, { data }) => data.bytes().reduce((sum, byte) => sum + byte, 0) }
 * })
 * const program = Effect.gen(function*() {
 *   const actor = yield* SumLive.spawn(undefined)
 *   const data = yield* SharedBuffer.allocate(4)
 *   data.bytes().set([1, 2, 3, 4])
 *   const sum = yield* actor.ask(Sum.messages.Add({ data }))
 *   const { bufferBytes } = yield* (yield* ActorSystem).info
 *   return { sum, bufferBytes }
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => { sum: 10, bufferBytes: 0 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const SharedBuffer: {
  /** For payload fields. Between systems that share no memory its bytes are sent. */
  readonly schema: Schema.Codec<SharedBuffer, Uint8Array>
  /** A block of zeros. Fails when the system's `maxBufferBytes` would be exceeded, or `bytes` is no size. */
  readonly allocate: (bytes: number) => Effect.Effect<SharedBuffer, LimitReached | InvalidOption, ActorSystem>
  /** The same bytes once more, for a second receiver. */
  readonly copy: (buffer: SharedBuffer) => Effect.Effect<SharedBuffer, LimitReached | BufferMoved, ActorSystem>
} = {
  schema: bufferSchema,
  allocate: (bytes) =>
    Effect.flatMap(ActorSystem, (system) => Effect.suspend(() => allocateBuffer(hostOf(system), bytes))),
  copy: (buffer) => Effect.flatMap(ActorSystem, (system) => Effect.suspend(() => copyBuffer(hostOf(system), buffer)))
}
