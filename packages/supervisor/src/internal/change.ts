/**
 * Another list of specs for a supervisor that runs (`supervisor:code_change` of OTP).
 *
 * Each supervisor of the tree changes between two operations of its own: a start that is under way below ends under the
 * specs that it began with.
 */
import { ActorSystem, type AnyRef } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { ChildNotRunning, InvalidSpec } from "../SupervisorError.ts"
import { build } from "./build.ts"
import { DynamicHandle } from "./handles.ts"
import { refOf } from "./invalid.ts"
import { ActorNode, DynamicNode, EffectNode, type Node, PlacedNode, SupervisorNode } from "./node.ts"
import { PlacedHandle } from "./placedHandle.ts"
import { nodeOf } from "./registry.ts"
import { type Spec, validate } from "./spec.ts"

/** Supervisors below that change when their turn comes. Grows while it is waited for. */
type Waits = Array<Effect.Effect<void>>

/** The old node goes on, with what the new one says. false: it cannot, they are too different. */
const merge = (old: Node, made: Node, waits: Waits): boolean => {
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
  } else if (old instanceof PlacedNode && made instanceof PlacedNode) {
    // What its isolate has of it comes with its next start.
    old.spec = made.spec
    const handle = made.value as PlacedHandle
    old.value = new PlacedHandle(old, handle.spec, [])
  } else if (old instanceof SupervisorNode && made instanceof SupervisorNode) {
    const change = (): void => mergeChildren(old, made, waits)
    if (old.incarnation === undefined) change()
    else waits.push(old.incarnation.change(change))
  } else return false
  // Its new siblings were given the handle of the new node.
  if (made instanceof SupervisorNode || made instanceof DynamicNode) {
    if (made.value instanceof DynamicHandle) made.value.node = old as SupervisorNode | DynamicNode
  }
  old.context = made.context
  old.treatment = made.treatment
  return true
}

const mergeChildren = (old: SupervisorNode, made: SupervisorNode, waits: Waits): void => {
  old.spec = made.spec
  old.rules = made.rules
  const before = old.children
  old.children = made.children.map((child) => {
    const present = before.find(({ id }) => id === child.id)
    if (present !== undefined && merge(present, child, waits)) return present
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

const allOf = (waits: Waits): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (const wait of waits) yield* wait
  })

export const changeTree = (
  ref: AnyRef,
  spec: Spec
): Effect.Effect<void, ChildNotRunning | InvalidSpec, ActorSystem> =>
  Effect.contextWith((context: Context.Context<ActorSystem>) =>
    Effect.suspend((): Effect.Effect<void, ChildNotRunning | InvalidSpec> => {
      const node = nodeOf(refOf(ref))
      try {
        validate(spec, node?.parent?.path)
        if (node instanceof PlacedNode && node.ref?.pid === ref.pid) {
          const issue = "is another isolate: its specs are those of its module"
          throw new InvalidSpec({ id: spec.id, field: "place", issue })
        }
        if (node instanceof PlacedNode || node?.incarnation === undefined || node.incarnation.self.pid !== ref.pid) {
          return Effect.fail(new ChildNotRunning({ id: spec.id, status: "unknown" }))
        }
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
          const waits: Waits = []
          // In its own turn already.
          if (node instanceof SupervisorNode) mergeChildren(node, built.node as SupervisorNode, waits)
          else merge(node, built.node, waits)
          node.context = built.node.context
          node.treatment = treatment
          return waits
        }
      )
      // A dynamic supervisor has nothing under way that a change could meet half-way.
      const turn = node instanceof DynamicNode ? changed : node.incarnation.submit(node.id, changed)
      return Effect.flatMap(turn, allOf)
    })
  )
