/**
 * How each kind of child becomes an actor: linked to its supervisor, so that it ends with it, and watched by it, so that
 * its end is heard of even if it unlinks itself.
 */
import type { AnyRef, Self } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import { DynamicLive } from "./dynamicActor.ts"
import { EffectLive } from "./effectActor.ts"
import { ActorNode, DynamicNode, EffectNode, type Node, SupervisorNode } from "./node.ts"
import type { AnyBehavior } from "./spec.ts"
import { SupervisorLive } from "./supervisorActor.ts"

const ties = { link: true, monitor: true } as const

/** Starts it and waits until it has. */
export const spawnChild = (self: Self.Any, child: Node): Effect.Effect<AnyRef, unknown> => {
  if (child instanceof ActorNode) {
    const { args, restoreFrom, spawn } = child.spec
    const kept = child.wasStarted ? restoreFrom?.read() : undefined
    return self.spawn(child.behavior, kept === undefined ? args : kept, {
      ...spawn,
      ...ties,
      ...child.name === undefined ? undefined : { name: child.name }
    }) as Effect.Effect<AnyRef, unknown>
  }
  const [behavior, args]: readonly [unknown, unknown] = child instanceof EffectNode
    ? [EffectLive, child]
    : child instanceof SupervisorNode
    ? [SupervisorLive, child]
    : [DynamicLive, child as DynamicNode]
  return self.spawn(behavior as AnyBehavior, args, ties) as Effect.Effect<AnyRef, unknown>
}
