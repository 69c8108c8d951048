/**
 * Another list of specs for a supervisor that runs (`supervisor:code_change` of OTP).
 */
import { ActorSystem, type AnyRef } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { ChildNotRunning, InvalidSpec } from "../SupervisorError.ts"
import { build } from "./build.ts"
import { ActorNode, DynamicNode, EffectNode, type Node, SupervisorNode } from "./node.ts"
import { nodeOf } from "./registry.ts"
import { type Spec, validate } from "./spec.ts"

/** The old node goes on, with what the new one says; what cannot go on is replaced by the new one, not started. */
const merged = (old: Node | undefined, made: Node): Node => {
  if (old === undefined) return made
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
    merge(old, made)
  } else return made
  old.context = made.context
  old.treatment = made.treatment
  return old
}

const merge = (old: SupervisorNode, made: SupervisorNode): void => {
  old.spec = made.spec
  old.rules = made.rules
  const before = old.children
  old.children = made.children.map((child) => merged(before.find(({ id }) => id === child.id), child))
  for (const child of before) {
    if (old.children.includes(child)) continue
    child.ticket++
    old.incarnation?.disown(child)
  }
}

export const changeTree = (
  ref: AnyRef,
  spec: Spec
): Effect.Effect<void, ChildNotRunning | InvalidSpec, ActorSystem> =>
  Effect.contextWith((context: Context.Context<ActorSystem>) =>
    Effect.suspend((): Effect.Effect<void, ChildNotRunning | InvalidSpec> => {
      const node = nodeOf(ref)
      try {
        validate(spec)
      } catch (error) {
        return error instanceof InvalidSpec ? Effect.fail(error) : Effect.die(error)
      }
      if (!(node instanceof SupervisorNode) || node.incarnation?.self.pid !== ref.pid) {
        return Effect.fail(new ChildNotRunning({ id: spec.id, status: "unknown" }))
      }
      const services = Context.merge(context, Context.make(ActorSystem, node.system))
      return node.incarnation.submit(
        node.id,
        Effect.map(build(spec, services as Context.Context<never>, node.parent), (built) => {
          if (built.node instanceof SupervisorNode) merge(node, built.node)
        })
      )
    })
  )
