/**
 * What bounds an actor's queue, and in which lane a message travels.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"

/**
 * The bound of an actor's mailbox and what happens at it. Control signals, DOWN and stop are never bounded out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mailbox {
  /** Messages of the normal and priority lanes together. 65,536 by default. */
  readonly capacity?: number | undefined
  /**
   * `reject` (the default) refuses with `MailboxFull`; `drop-newest` and `drop-oldest` make a dead letter; `suspend`
   * holds the sender until there is room.
   */
  readonly onFull?: "reject" | "drop-newest" | "drop-oldest" | "suspend" | undefined
  /** With `suspend`: how long a sender is held at most. 5 seconds by default. */
  readonly sendTimeout?: Duration.Input | undefined
}

/**
 * Annotation of an Rpc: `Rpc.make("Cancel").annotate(Lane, "priority")`. The receiver's protocol decides, never a
 * sender. DOWN signals and replies never overtake.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Lane: Context.Reference<"normal" | "priority"> = Context.Reference<"normal" | "priority">(
  "@myrmidonjs/actor/Lane",
  { defaultValue: () => "normal" }
)

/**
 * Annotation of an Rpc: `Rpc.make("Status").annotate(Reentrant, true)` lets it enter while a handler of the same actor
 * waits. Without it an actor handles one message at a time.
 *
 * @category annotations
 * @since 0.1.0
 */
export const Reentrant: Context.Reference<boolean> = Context.Reference<boolean>("@myrmidonjs/actor/Reentrant", {
  defaultValue: () => false
})
