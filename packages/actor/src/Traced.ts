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
 * @category annotations
 * @since 0.1.0
 */
export const Traced: Context.Reference<boolean> = Context.Reference<boolean>("@myrmidonjs/actor/Traced", {
  defaultValue: () => false
})
