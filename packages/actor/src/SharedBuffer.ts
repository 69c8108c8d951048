/**
 * Memory that is handed from actor to actor without a copy, also to other isolates and to actors in Rust.
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
 * A handle on a block of memory. Its holder may read and write it; sending it in a message hands it over to the
 * receiver.
 *
 * @category models
 * @since 0.1.0
 */
export interface SharedBuffer {
  readonly byteLength: number
  /**
   * The memory, to read and to write. After the buffer was sent or released this throws `BufferMoved`, and views that
   * were taken before have length 0. Send it to other threads in messages; `postMessage` must not transfer it.
   */
  readonly bytes: () => Uint8Array<ArrayBuffer>
  /** Keeps a received buffer beyond the end of its handler, where it would be released. */
  readonly retain: () => SharedBuffer
  /** Gives the memory back now. Without it, the garbage collector does so some time after the last use. */
  readonly release: () => void
}

/**
 * Makes and copies buffers, and declares them in protocols.
 *
 * A buffer has one holder at a time. A message moves its buffers from the sender to the receiver; when the send is
 * refused they stay with the sender. Sending a buffer that was sent or released before fails with `BadMessage`; to send
 * to two receivers, `copy` it. A handler holds the buffers of its message until it is done, unless it sends them on,
 * replies with them or `retain`s them. Buffers in a reply are the asker's until it releases them.
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
  /** The schema of a buffer, for fields of payloads. Where sender and receiver share no memory, the bytes are sent. */
  readonly schema: Schema.Codec<SharedBuffer, Uint8Array>
  /**
   * A buffer of so many zero bytes. Fails with `LimitReached` when all buffers would exceed the system's
   * `maxBufferBytes`.
   */
  readonly allocate: (bytes: number) => Effect.Effect<SharedBuffer, LimitReached | InvalidOption, ActorSystem>
  /** A second buffer with the same bytes, for a second receiver. */
  readonly copy: (buffer: SharedBuffer) => Effect.Effect<SharedBuffer, LimitReached | BufferMoved, ActorSystem>
} = {
  schema: bufferSchema,
  allocate: (bytes) =>
    Effect.flatMap(ActorSystem, (system) => Effect.suspend(() => allocateBuffer(hostOf(system), bytes))),
  copy: (buffer) => Effect.flatMap(ActorSystem, (system) => Effect.suspend(() => copyBuffer(hostOf(system), buffer)))
}
