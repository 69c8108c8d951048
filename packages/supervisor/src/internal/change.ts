/**
 * Another list of specs for a supervisor that runs (`supervisor:code_change` of OTP).
 *
 * Each supervisor of the tree changes between two operations of its own: a start that is under way below ends under the
 * specs that it began with.
 */
import { ActorSystem, type AnyRef, Module, SpawnError } from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { ChildNotRunning, InvalidSpec } from "../SupervisorError.ts"
import { build } from "./build.ts"
import { DynamicHandle } from "./handles.ts"
import { refOf } from "./invalid.ts"
import { ActorNode, DynamicNode, EffectNode, type Node, PlacedNode, SupervisorNode } from "./node.ts"
import type { PlacedHandle } from "./placedHandle.ts"
import { belowOf, nodeOf } from "./registry.ts"
import { type MovableTree, type Spec, validate } from "./spec.ts"

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

const wrongId = (id: string, spec: Spec): InvalidSpec =>
  new InvalidSpec({ id: spec.id, field: "id", issue: `must be that of the supervisor, "${id}"` })

// What a supervisor is does not change: its name is in every path below it.
const fits = (node: SupervisorNode | DynamicNode, spec: Spec): void => {
  if (spec.id !== node.id) throw wrongId(node.id, spec)
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

/** Of one that lives elsewhere: what crosses is where its tree is. */
const movableTree = (id: string, spec: Spec): MovableTree => {
  if (spec.id !== id) throw wrongId(id, spec)
  if (spec.kind === "placed") return spec.tree
  const issue = "is another isolate: it takes the tree of a module, by Supervisor.placed"
  throw new InvalidSpec({ id: spec.id, field: "place", issue })
}

export const changeTree = (
  ref: AnyRef,
  spec: Spec
): Effect.Effect<void, ChildNotRunning | InvalidSpec, ActorSystem> =>
  Effect.suspend((): Effect.Effect<void, ChildNotRunning | InvalidSpec, ActorSystem> => {
    const node = nodeOf(refOf(ref))
    const away = node instanceof PlacedNode && node.ref?.pid === ref.pid
      ? node.value as PlacedHandle
      : node === undefined
      ? belowOf(ref)
      : undefined
    if (away !== undefined) {
      return refused(() => {
        validate(spec, away.node.path.slice(0, -1))
        return away.change(movableTree(away.node.path.at(-1)!, spec))
      })
    }
    if (node instanceof PlacedNode || node?.incarnation === undefined || node.incarnation.self.pid !== ref.pid) {
      return refused(() => {
        validate(spec, node?.parent?.path)
        return Effect.fail(new ChildNotRunning({ id: spec.id, status: "unknown" }))
      })
    }
    return refused(() => {
      validate(spec, node.path.slice(0, -1))
      return spec.kind === "placed" ? changeToTree(node, movableTree(node.id, spec)) : changeNode(node, spec)
    })
  })

/** One of this isolate, to the specs of a tree that has its services from its own Layer. */
export const changeToTree = (
  node: SupervisorNode | DynamicNode,
  tree: MovableTree
): Effect.Effect<void, ChildNotRunning | InvalidSpec, ActorSystem> =>
  Effect.flatMap(
    refusing(node.id, Module.services(tree.behavior)),
    (services) => Effect.provideContext(changeNode(node, { ...tree.spec, id: node.id, options: {} }), services)
  )

/** What a module does not have, or its Layer fails with, is a fault of the tree. */
export const refusing = <A, R>(id: string, effect: Effect.Effect<A, unknown, R>): Effect.Effect<A, InvalidSpec, R> =>
  Effect.catchCause(effect, (cause) => {
    const error = Cause.squash(cause)
    // Of a domain error the name may be all that it says.
    const issue = error instanceof SpawnError ? error.message : String(error)
    return Effect.fail(new InvalidSpec({ id, field: "tree", issue }))
  })

const refused = <A, E, R>(f: () => Effect.Effect<A, E, R>): Effect.Effect<A, E | InvalidSpec, R> => {
  try {
    return f()
  } catch (error) {
    return error instanceof InvalidSpec ? Effect.fail(error) : Effect.die(error)
  }
}

/** One of this isolate. */
export const changeNode = (
  node: SupervisorNode | DynamicNode,
  spec: Spec
): Effect.Effect<void, ChildNotRunning | InvalidSpec, ActorSystem> =>
  Effect.contextWith((context: Context.Context<ActorSystem>) =>
    refused((): Effect.Effect<void, ChildNotRunning | InvalidSpec> => {
      const above = node.path.slice(0, -1)
      validate(spec, above)
      fits(node, spec)
      const { incarnation } = node
      if (incarnation === undefined) return Effect.fail(new ChildNotRunning({ id: spec.id, status: "stopped" }))
      const services = Context.merge(context, Context.make(ActorSystem, node.system))
      const changed = Effect.map(
        build(spec, services as Context.Context<never>, node.parent, above),
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
      const turn = node instanceof DynamicNode ? changed : node.incarnation!.submit(node.id, changed)
      return Effect.flatMap(turn, allOf)
    })
  )
