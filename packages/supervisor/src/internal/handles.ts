/**
 * What programs hold of supervisors. They stand on nodes, not on actors, and so outlive any one incarnation.
 */
import { ActorSystem, type AnyRef, OwnerStopped, SpawnError, type SpawnOptions } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ChildInfo } from "../Child.ts"
import { ChildNotRunning, ChildPresent, type ChildStartError, InvalidSpec } from "../SupervisorError.ts"
import type { Build } from "./build.ts"
import type { DynamicIncarnation } from "./dynamic.ts"
import { countOf, Handle } from "./handle.ts"
import type { Incarnation } from "./incarnation.ts"
import { DynamicNode, type Node, type SupervisorNode } from "./node.ts"
import { idOf, refOf as checkedRef } from "./invalid.ts"
import { isSupervisor } from "./spawnChild.ts"
import { checkStart } from "./spawnOptions.ts"
import { type Spec, validate } from "./spec.ts"

const stopped = (id: string) => new ChildNotRunning({ id, status: "stopped" })
const unknown = (id: string) => new ChildNotRunning({ id, status: "unknown" })

const refOf = (node: SupervisorNode | DynamicNode): AnyRef => {
  const incarnation = node.incarnation
  if (incarnation === undefined) throw stopped(node.id)
  return incarnation.ref
}

export class RunningHandle extends Handle {
  node: SupervisorNode
  private readonly build: Build

  constructor(node: SupervisorNode, build: Build) {
    super()
    this.node = node
    this.build = build
  }

  get ref(): AnyRef {
    return refOf(this.node)
  }

  get(id: string): Effect.Effect<unknown, ChildNotRunning> {
    return Effect.suspend(() => {
      const child = this.node.child(idOf(id))
      if (child === undefined) return Effect.fail(unknown(id))
      return child.status === "running" && child.ref !== undefined
        ? Effect.succeed(child.value)
        : Effect.fail(new ChildNotRunning({ id, status: child.status === "running" ? "restarting" : child.status }))
    })
  }

  private change<A, E>(
    id: string,
    f: (incarnation: Incarnation) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | ChildNotRunning> {
    return Effect.suspend((): Effect.Effect<A, E | ChildNotRunning> => {
      const { incarnation } = this.node
      return incarnation === undefined
        ? Effect.fail(stopped(this.node.id))
        : incarnation.submit(id, Effect.suspend(() => f(incarnation)))
    })
  }

  private withChild<A, E>(
    id: string,
    f: (child: Node, incarnation: Incarnation) => Effect.Effect<A, E>
  ): Effect.Effect<A, E | ChildNotRunning> {
    return Effect.suspend(() =>
      this.change(idOf(id), (incarnation): Effect.Effect<A, E | ChildNotRunning> => {
        const child = this.node.child(id)
        return child === undefined ? Effect.fail(unknown(id)) : f(child, incarnation)
      })
    )
  }

  restart(id: string): Effect.Effect<void, ChildNotRunning | ChildPresent | ChildStartError<unknown>> {
    return this.withChild(
      id,
      (child, incarnation): Effect.Effect<void, ChildPresent | ChildStartError<unknown>> =>
        child.status === "stopped"
          ? incarnation.start(child)
          : Effect.fail(new ChildPresent({ id, status: child.status }))
    )
  }

  terminate(id: string): Effect.Effect<void, ChildNotRunning> {
    return Effect.suspend(() => {
      // A start that hangs would keep this order from its turn for ever.
      const present = this.node.child(idOf(id))
      if (present !== undefined) this.node.incarnation?.giveUp(present)
      return this.withChild(id, (child, incarnation) => incarnation.terminateChild(child))
    })
  }

  delete(id: string): Effect.Effect<void, ChildNotRunning | ChildPresent> {
    return this.withChild(id, (child, incarnation): Effect.Effect<void, ChildPresent> =>
      child.status === "stopped"
        ? Effect.sync(() => incarnation.forget(child))
        : Effect.fail(new ChildPresent({ id, status: child.status })))
  }

  start(
    spec: Spec
  ): Effect.Effect<unknown, ChildNotRunning | ChildPresent | ChildStartError<unknown> | InvalidSpec> {
    type Refused = ChildNotRunning | ChildPresent | ChildStartError<unknown> | InvalidSpec
    return Effect.contextWith((context: Context.Context<never>) =>
      Effect.suspend((): Effect.Effect<unknown, Refused> => {
        const { node } = this
        try {
          validate(spec, node.path)
          if (spec.options.significant === true && node.rules.autoShutdown === "never") {
            throw new InvalidSpec({ id: spec.id, field: "significant", issue: `needs autoShutdown of "${node.id}"` })
          }
        } catch (error) {
          return error instanceof InvalidSpec ? Effect.fail(error) : Effect.die(error)
        }
        return this.change(spec.id, (incarnation): Effect.Effect<Node, ChildPresent | ChildStartError<unknown>> => {
          const present = node.child(spec.id)
          if (present !== undefined) {
            return Effect.fail(new ChildPresent({ id: spec.id, status: present.status }))
          }
          const services = Context.merge(context, Context.make(ActorSystem, node.system))
          return Effect.flatMap(this.build(spec, services as Context.Context<never>, node), ({ node: child }) => {
            node.children.push(child)
            return Effect.as(
              Effect.onError(incarnation.start(child), () => Effect.sync(() => incarnation.forget(child))),
              child
            )
          })
        }).pipe(Effect.map((child) => child.value))
      })
    )
  }

  get which(): Effect.Effect<ReadonlyArray<ChildInfo>> {
    return Effect.sync(() =>
      this.node.children.map((child): ChildInfo => ({
        id: child.id,
        type: isSupervisor(child) ? "supervisor" : "worker",
        status: child.status,
        ref: child.ref,
        restarts: child.restarts
      }))
    )
  }

  get count() {
    return Effect.map(this.which, countOf)
  }
}

export class DynamicHandle extends Handle {
  node: SupervisorNode | DynamicNode
  private next = 0

  constructor(node: SupervisorNode | DynamicNode) {
    super()
    this.node = node
  }

  /** Whoever made the handle put nothing else below its node. */
  private get parts(): ReadonlyArray<DynamicNode> {
    return this.node instanceof DynamicNode ? [this.node] : this.node.children as Array<DynamicNode>
  }

  get ref(): AnyRef {
    return refOf(this.node)
  }

  private pick(): DynamicIncarnation {
    const { node } = this
    const incarnation = node instanceof DynamicNode ? node.incarnation : this.turn(node)
    if (incarnation === undefined || incarnation.ending) {
      throw new SpawnError({ reason: new OwnerStopped({ owner: node.pathText }) })
    }
    return incarnation
  }

  // Round robin: children are alike, and so are partitions. One that does not run is passed over: it is being started
  // again, or other specs have added it.
  private turn({ children }: SupervisorNode): DynamicIncarnation | undefined {
    for (let tries = 0; tries < children.length; tries++) {
      const { incarnation } = children[this.next++ % children.length] as DynamicNode
      if (incarnation !== undefined && !incarnation.ending) return incarnation
    }
    return undefined
  }

  startUnsafe(args: unknown, options?: SpawnOptions): AnyRef {
    checkStart(options)
    return this.pick().startUnsafe(args, options)
  }

  start(args: unknown, options?: SpawnOptions): Effect.Effect<AnyRef, unknown> {
    return Effect.suspend(() => {
      try {
        checkStart(options)
        return this.pick().start(args, options)
      } catch (error) {
        return Effect.fail(error)
      }
    })
  }

  terminate(ref: AnyRef): Effect.Effect<void> {
    return Effect.suspend(() => {
      const child = checkedRef(ref)
      return Effect.forEach(this.parts, (part) => part.incarnation?.stop(child) ?? Effect.void, { discard: true })
    })
  }

  get children(): Stream.Stream<AnyRef> {
    return Stream.suspend(() =>
      Stream.fromIterable(
        this.parts.flatMap((part) => part.incarnation?.active ?? [])
      )
    )
  }

  get count(): Effect.Effect<number> {
    return Effect.sync(() => this.parts.reduce((sum, part) => sum + (part.incarnation?.count ?? 0), 0))
  }
}
