/**
 * Which supervisor a ref is.
 */
import type { AnyRef } from "@myrmidonjs/actor"
import type { DynamicNode, SupervisorNode } from "./node.ts"

const nodes = new WeakMap<AnyRef, SupervisorNode | DynamicNode>()

export const register = (ref: AnyRef, node: SupervisorNode | DynamicNode): void => void nodes.set(ref, node)

export const nodeOf = (ref: AnyRef): SupervisorNode | DynamicNode | undefined => nodes.get(ref)
