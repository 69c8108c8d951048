/**
 * How a child becomes an actor: linked to its supervisor, so that it ends with it, and with a word of its end that no
 * unlink takes back.
 */
import { type AnyRef, type ExitReason, type Self, SpawnError } from "@myrmidonjs/actor"
import type * as Effect from "effect/Effect"
import type { Node } from "./node.ts"

/** The system closes: no start will ever succeed, and trying again would only end in an escalation. */
export const isClosing = (error: unknown): boolean =>
  error instanceof SpawnError && error.reason._tag === "SystemStopped"

/** Starts it and waits until it has. */
export const spawnChild = (
  self: Self.Any,
  child: Node,
  onEnd: (ref: AnyRef, reason: ExitReason) => void
): Effect.Effect<AnyRef, unknown> => {
  const { args, behavior, options } = child.start
  return self.spawn(behavior, args, { ...options, onEnd })
}
