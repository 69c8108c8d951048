/**
 * From specs to nodes: services are taken from whoever starts the tree, and handles are made for what children provide,
 * so that a younger sibling and the Layer find them in their context.
 */
import { Actor, ActorRef, ActorSystem } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { DynamicLive } from "./dynamicActor.ts"
import { EffectLive } from "./effectActor.ts"
import { DynamicHandle, RunningHandle } from "./handles.ts"
import { ActorNode, DynamicNode, EffectNode, type Node, PlacedNode, SupervisorNode } from "./node.ts"
import { PlacedHandle } from "./placedHandle.ts"
import { nameOf } from "./spawnOptions.ts"
import { type AnyBehavior, type DynamicSpec, rulesOf, type Spec, type SupervisorSpec, treatmentOf } from "./spec.ts"
import { SupervisorLive } from "./supervisorActor.ts"

export type Build = typeof build

export interface Built {
  readonly node: Node
  /** What it puts into the context of those after it. */
  readonly provided: Context.Context<never>
}

// Its arguments are the node that it stands in.
const live = (behavior: unknown): AnyBehavior => behavior as AnyBehavior

const put = (context: Context.Context<never>, key: Context.Key<unknown, unknown> | undefined, service: unknown) =>
  key === undefined ? context : Context.add(context, key as never, service as never)

const isWorker = ({ kind }: Spec): boolean => kind === "actor" || kind === "effect" || kind === "scoped"

/** `context` has the system, and whatever the tree needs. */
export const build = (
  spec: Spec,
  context: Context.Context<never>,
  parent: SupervisorNode | undefined,
  /** The path of what it stands in. */
  above: ReadonlyArray<string> = parent?.path ?? []
): Effect.Effect<Built> => {
  const { id } = spec
  const system = Context.get(context as Context.Context<ActorSystem>, ActorSystem)
  const path = [...above, id]
  const treatment = treatmentOf(id, spec.options, !isWorker(spec))
  const base = [id, path, system, parent, context, treatment] as const
  const provide = (behavior: AnyBehavior): Effect.Effect<AnyBehavior> =>
    Effect.provideContext(
      Actor.provide(behavior),
      context.pipe(Context.omit(Scope.Scope as never))
    )
  switch (spec.kind) {
    case "actor":
      return Effect.flatMap(provide(spec.behavior), (behavior) => {
        const name = nameOf(spec, path)
        const node = new ActorNode(spec, behavior, name, ...base)
        if (spec.provides === undefined) return Effect.succeed({ node, provided: Context.empty() })
        return Effect.map(
          Effect.provideService(ActorRef.namedFor(behavior, name!), ActorSystem, system),
          (handle) => ({ node, provided: put(Context.empty(), spec.provides, handle) })
        )
      })
    case "dynamic":
      return Effect.suspend(() =>
        spec.partitions === undefined || spec.partitions === 1
          ? Effect.map(provide(spec.behavior), (behavior) => {
            const node = new DynamicNode(
              spec,
              rulesOf(id, spec.supervisor),
              treatmentOf(id, spec.child, false),
              behavior,
              live(DynamicLive),
              ...base
            )
            node.value = new DynamicHandle(node)
            return { node, provided: put(Context.empty(), spec.provides, node.value) }
          })
          : Effect.map(build(partitioned(spec, spec.partitions), context, parent), ({ node }) => {
            const supervisor = node as SupervisorNode
            supervisor.value = new DynamicHandle(supervisor)
            return { node, provided: put(Context.empty(), spec.provides, supervisor.value) }
          })
      )
    case "supervisor":
      return Effect.gen(function*() {
        const node = new SupervisorNode(spec, rulesOf(id, spec.supervisor), live(SupervisorLive), ...base)
        let provided: Context.Context<never> = Context.empty()
        for (const child of spec.children) {
          const built = yield* build(child, Context.merge(context, provided), node)
          node.children.push(built.node)
          provided = Context.merge(provided, built.provided)
        }
        node.initial = [...node.children]
        node.value = new RunningHandle(node, build)
        return { node, provided }
      })
    case "placed":
      return Effect.suspend(() => {
        const node = new PlacedNode(spec, ...base)
        const handle = new PlacedHandle(node, { ...spec.tree.spec, id }, [])
        node.value = handle
        return Effect.map(providedBy(handle, path, system), (provided) => ({ node, provided }))
      })
    default:
      return Effect.sync(() => ({ node: new EffectNode(spec, live(EffectLive), ...base), provided: Context.empty() }))
  }
}

/** One supervisor over as many as there are partitions: each has an intensity of its own. */
const partitioned = (spec: DynamicSpec, partitions: number): SupervisorSpec => ({
  kind: "supervisor",
  id: spec.id,
  given: {},
  options: spec.options,
  supervisor: { intensity: spec.supervisor.intensity, period: spec.supervisor.period },
  children: Array.from({ length: partitions }, (_, at): DynamicSpec => ({
    ...spec,
    id: String(at),
    partitions: undefined,
    provides: undefined
  }))
})

/** What the children of a tree elsewhere provide: by their names, which all isolates know, and by the tree's keeper. */
const providedBy = (
  handle: PlacedHandle,
  path: ReadonlyArray<string>,
  system: ActorSystem["Service"]
): Effect.Effect<Context.Context<never>> =>
  Effect.gen(function*() {
    let provided: Context.Context<never> = Context.empty()
    for (const child of handle.spec.children) {
      const below = [...path, child.id]
      if (child.kind === "actor" && child.provides !== undefined) {
        const named = ActorRef.namedFor(child.behavior, nameOf(child, below)!)
        provided = put(provided, child.provides, yield* Effect.provideService(named, ActorSystem, system))
      } else if (child.kind === "dynamic") {
        provided = put(provided, child.provides, handle.given(child))
      } else if (child.kind === "supervisor" || child.kind === "placed") {
        const inner = handle.given(child) as PlacedHandle
        provided = Context.merge(provided, yield* providedBy(inner, below, system))
      }
    }
    return provided
  })
