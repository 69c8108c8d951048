/**
 * How a child becomes an actor: linked to its supervisor, so that it ends with it, and with a word of its end that no
 * unlink takes back.
 */
import type { AnyRef, ExitReason, Self } from "@myrmidonjs/actor"
import type * as Effect from "effect/Effect"
import type { Node } from "./node.ts"

/** Starts it and waits until it has. */
export const spawnChild = (
  self: Self.Any,
  child: Node,
  onEnd: (ref: AnyRef, reason: ExitReason) => void
): Effect.Effect<AnyRef, unknown> => {
  const { args, behavior, options } = child.start
  return self.spawn(behavior, args, { ...options, onEnd })
}
