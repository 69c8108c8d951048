/**
 * Which supervisor a ref is.
 */
import type { AnyRef } from "@myrmidonjs/actor"
import type { DynamicNode, PlacedNode, SupervisorNode } from "./node.ts"

const nodes = new WeakMap<AnyRef, SupervisorNode | DynamicNode | PlacedNode>()

export const register = (ref: AnyRef, node: SupervisorNode | DynamicNode | PlacedNode): void =>
  void nodes.set(ref, node)

export const nodeOf = (ref: AnyRef): SupervisorNode | DynamicNode | PlacedNode | undefined => nodes.get(ref)
