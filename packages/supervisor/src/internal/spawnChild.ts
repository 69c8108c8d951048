/**
 * How a child becomes an actor: linked to its supervisor, so that it ends with it, and with a word of its end that no
 * unlink takes back.
 */
import {
  ActorSystem,
  type AnyRef,
  type ExitReason,
  Monitor,
  type Movable,
  type Self,
  SpawnError,
  type SpawnOptions
} from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import * as Scope from "effect/Scope"
import type { ChildOptions } from "../ChildSpec.ts"
import { DynamicNode, type Node, PlacedNode, SupervisorNode } from "./node.ts"
import { isMovable } from "./spawnOptions.ts"
import { spawnSupervisor } from "./spawnSupervisor.ts"

/** Where a child runs that is not with its supervisor. */
export type Place = Exclude<ChildOptions["place"], "here" | undefined>

/** The system closes: no start will ever succeed, and trying again would only end in an escalation. */
export const isClosing = (error: unknown): boolean =>
  error instanceof SpawnError && error.reason._tag === "SystemStopped"

/**
 * The end of whatever a supervisor had started whose own start was given up: the actor is gone at once, and its
 * children take the time that they have.
 */
export const abandoned = (child: Node | undefined): Effect.Effect<void> =>
  Effect.suspend(() =>
    child instanceof PlacedNode
      ? child.giveUp ?? Effect.void
      : hasChildren(child)
      ? child.incarnation?.terminate ?? Effect.void
      : Effect.void
  )

export const hasChildren = (child: Node | undefined): child is SupervisorNode | DynamicNode =>
  child instanceof SupervisorNode || child instanceof DynamicNode

/** Also one that lives elsewhere. */
export const isSupervisor = (child: Node): boolean => hasChildren(child) || child instanceof PlacedNode

/** What a start has come to when it is no child yet. Effect's own `isEffect` costs ten times the look. */
export const isWaiting = <A extends object, E>(begun: A | Effect.Effect<A, E>): begun is Effect.Effect<A, E> =>
  Effect.TypeId in begun

/**
 * Starts it: the child, where it has started at once, else what waits until it has. That, given up, waits until nobody
 * is left of it. Throws what its arguments are made by; a start that is refused is an Effect that fails.
 */
export const beginChild = (
  self: Self.Any,
  child: Node,
  onEnd: (ref: AnyRef, reason: ExitReason) => void
): AnyRef | Effect.Effect<AnyRef, unknown> => {
  if (child instanceof PlacedNode) return spawnSupervisor(self, child, onEnd)
  const { args, behavior, options, place = "here" } = child.start
  if (place !== "here" && isMovable(behavior)) return spawnPlaced(self, child, behavior, place, args, options, onEnd)
  let begun: AnyRef | Effect.Effect<AnyRef, unknown>
  try {
    begun = self.begin(behavior, args, { ...options, onEnd })
  } catch (error) {
    return Effect.fail(error)
  }
  return isWaiting(begun) && hasChildren(child) ? Effect.onInterrupt(begun, () => abandoned(child)) : begun
}

/** Starts it where its place is. */
export const spawnPlaced = (
  self: Self.Any,
  { system }: Node,
  behavior: Movable<Rpc.Any, unknown, unknown, unknown>,
  place: Place,
  args: unknown,
  options: SpawnOptions | undefined,
  onEnd: (ref: AnyRef, reason: ExitReason) => void
): Effect.Effect<AnyRef, unknown> =>
  Effect.provideService(placed(self, behavior.spawnOn(place, args, options), onEnd), ActorSystem, system)

// It may live in another isolate: linked behind its start, and watched, so that an end in between is told as well.
const placed = (
  self: Self.Any,
  spawn: Effect.Effect<AnyRef, unknown, ActorSystem | Scope.Scope>,
  onEnd: (ref: AnyRef, reason: ExitReason) => void
): Effect.Effect<AnyRef, unknown, ActorSystem> => {
  // Nobody closes it: the child ends by its supervisor, or with it.
  const scope = Scope.makeUnsafe()
  return Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const ref = yield* restore(spawn)
      self.link(ref)
      const down = yield* Monitor.make(ref)
      yield* Effect.forkDetach(Effect.map(down, (reason) => onEnd(ref, reason)), { startImmediately: true })
      return ref
    })
  ).pipe(Effect.provideService(Scope.Scope, scope))
}
