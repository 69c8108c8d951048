/**
 * Which supervisor a ref is.
 */
import type { AnyRef } from "@myrmidonjs/actor"
import type { DynamicNode, PlacedNode, SupervisorNode } from "./node.ts"
import type { PlacedHandle } from "./placedHandle.ts"

const nodes = new WeakMap<AnyRef, SupervisorNode | DynamicNode | PlacedNode>()

export const register = (ref: AnyRef, node: SupervisorNode | DynamicNode | PlacedNode): void =>
  void nodes.set(ref, node)

export const nodeOf = (ref: AnyRef): SupervisorNode | DynamicNode | PlacedNode | undefined => nodes.get(ref)

const below = new WeakMap<AnyRef, PlacedHandle>()

/** One further down in a tree that lives elsewhere, and how it is reached. */
export const registerBelow = (ref: AnyRef, handle: PlacedHandle): void => void below.set(ref, handle)

export const belowOf = (ref: AnyRef): PlacedHandle | undefined => below.get(ref)
