/**
 * Spans of messages, on request.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * Annotation of an Rpc: `Rpc.make("Pay").annotate(Traced, true)` runs its handler in a span `Protocol.Tag` with the
 * actor's PID. Off by default: a span costs more than a message.
 *
 * **Example** (A handler in a span)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, Traced } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Till = Actor.make("Till", [Rpc.make("Pay", { success: Schema.String }).annotate(Traced, true)])
 * const TillLive = Till.behavior({
 *   init: () => 0,
 *   handlers: { Pay: () => Effect.map(Effect.orDie(Effect.currentSpan), (span) => span.name) }
 * })
 * const program = Effect.gen(function*() {
 *   const till = yield* TillLive.spawn()
 *   return yield* till.ask(Till.messages.Pay())
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => "Till.Pay"
 * ```
 *
 * @category annotations
 * @since 0.1.0
 */
export const Traced: Context.Reference<boolean> = Context.Reference<boolean>("@myrmidonjs/actor/Traced", {
  defaultValue: () => false
})
