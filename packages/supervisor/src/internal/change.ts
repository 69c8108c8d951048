/**
 * Another list of specs for a supervisor that runs (`supervisor:code_change` of OTP).
 */
import { ActorSystem, type AnyRef } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { ChildNotRunning, InvalidSpec } from "../SupervisorError.ts"
import { build } from "./build.ts"
import { DynamicHandle } from "./handles.ts"
import { ActorNode, DynamicNode, EffectNode, type Node, SupervisorNode } from "./node.ts"
import { nodeOf } from "./registry.ts"
import { type Spec, validate } from "./spec.ts"

/** The old node goes on, with what the new one says. false: it cannot, they are too different. */
const merge = (old: Node, made: Node): boolean => {
  if (old instanceof ActorNode && made instanceof ActorNode && old.name === made.name) {
    old.spec = made.spec
    old.behavior = made.behavior
  } else if (old instanceof EffectNode && made instanceof EffectNode && old.spec.kind === made.spec.kind) {
    old.spec = made.spec
  } else if (old instanceof DynamicNode && made instanceof DynamicNode) {
    old.spec = made.spec
    old.behavior = made.behavior
    old.child = made.child
    old.rules = made.rules
  } else if (old instanceof SupervisorNode && made instanceof SupervisorNode) {
    mergeChildren(old, made)
  } else return false
  // Its new siblings were given the handle of the new node.
  if (made instanceof SupervisorNode || made instanceof DynamicNode) {
    if (made.value instanceof DynamicHandle) made.value.node = old as SupervisorNode | DynamicNode
  }
  old.context = made.context
  old.treatment = made.treatment
  return true
}

const mergeChildren = (old: SupervisorNode, made: SupervisorNode): void => {
  old.spec = made.spec
  old.rules = made.rules
  const before = old.children
  old.children = made.children.map((child) => {
    const present = before.find(({ id }) => id === child.id)
    if (present !== undefined && merge(present, child)) return present
    child.parent = old
    return child
  })
  old.initial = [...old.children]
  for (const child of before) {
    if (old.children.includes(child)) continue
    child.ticket++
    old.incarnation?.disown(child)
  }
}

// What a supervisor is does not change: its name is in every path below it.
const fits = (node: SupervisorNode | DynamicNode, spec: Spec): void => {
  if (spec.id !== node.id) {
    throw new InvalidSpec({ id: spec.id, field: "id", issue: `must be that of the supervisor, "${node.id}"` })
  }
  const isSame = node instanceof DynamicNode
    ? spec.kind === "dynamic" && (spec.partitions ?? 1) === 1
    : spec.kind === "supervisor" || (spec.kind === "dynamic" && spec.partitions === node.children.length)
  if (!isSame) {
    throw new InvalidSpec({ id: spec.id, field: "kind", issue: "must be that of the supervisor" })
  }
}

export const changeTree = (
  ref: AnyRef,
  spec: Spec
): Effect.Effect<void, ChildNotRunning | InvalidSpec, ActorSystem> =>
  Effect.contextWith((context: Context.Context<ActorSystem>) =>
    Effect.suspend((): Effect.Effect<void, ChildNotRunning | InvalidSpec> => {
      const node = nodeOf(ref)
      if (node?.incarnation === undefined || node.incarnation.self.pid !== ref.pid) {
        return Effect.fail(new ChildNotRunning({ id: spec.id, status: "unknown" }))
      }
      try {
        validate(spec, node.parent?.path)
        fits(node, spec)
      } catch (error) {
        return error instanceof InvalidSpec ? Effect.fail(error) : Effect.die(error)
      }
      const services = Context.merge(context, Context.make(ActorSystem, node.system))
      const changed = Effect.map(
        build(spec, services as Context.Context<never>, node.parent),
        (built) => {
          // How it is itself treated is the business of the one above.
          const { treatment } = node
          merge(node, built.node)
          node.treatment = treatment
        }
      )
      // A dynamic supervisor has nothing under way that a change could meet half-way.
      return node instanceof DynamicNode ? changed : node.incarnation.submit(node.id, changed)
    })
  )
