/**
 * How a child becomes an actor: linked to its supervisor, so that it ends with it, and watched by it, so that its end is
 * heard of even if it unlinks itself.
 */
import type { AnyRef, Self } from "@myrmidonjs/actor"
import type * as Effect from "effect/Effect"
import type { Node } from "./node.ts"

/** Starts it and waits until it has. */
export const spawnChild = (self: Self.Any, child: Node): Effect.Effect<AnyRef, unknown> => {
  const { args, behavior, options } = child.start
  return self.spawn(behavior, args, { ...options, link: true, monitor: true })
}
