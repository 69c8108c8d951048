/**
 * The root of a tree: started in a Scope, and stopped with it.
 */
import type { ActorSystem } from "@myrmidonjs/actor"
import { Actor } from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { ChildStartError, InvalidSpec } from "../SupervisorError.ts"
import { build } from "./build.ts"
import type { Node, SupervisorNode } from "./node.ts"
import { awake } from "./shutdown.ts"
import { abandoned } from "./spawnChild.ts"
import { type Spec, validate } from "./spec.ts"
import { SupervisorLive } from "./supervisorActor.ts"

export interface Started {
  readonly value: unknown
  readonly provided: Context.Context<never>
}

/** A child that is no supervisor gets one of its own. */
const rooted = (spec: Spec): Spec =>
  spec.kind === "supervisor"
    ? spec
    : { kind: "supervisor", id: spec.id, given: {}, options: {}, supervisor: {}, children: [spec] }

export const startTree = (
  spec: Spec
): Effect.Effect<Started, ChildStartError<unknown> | InvalidSpec, ActorSystem | Scope.Scope> =>
  Effect.contextWith((context: Context.Context<ActorSystem | Scope.Scope>) =>
    Effect.suspend((): Effect.Effect<Started, ChildStartError<unknown> | InvalidSpec, ActorSystem | Scope.Scope> => {
      let root: Spec
      try {
        validate(spec)
        root = rooted(spec)
        if (root !== spec) validate(root)
      } catch (error) {
        return error instanceof InvalidSpec ? Effect.fail(error) : Effect.die(error)
      }
      return Effect.gen(function*() {
        const { node, provided } = yield* build(root, context, undefined)
        const supervisor = node as SupervisorNode
        const ref = yield* Effect.acquireRelease(
          SupervisorLive.spawnDetached(supervisor),
          // Each child has its own time limit; the whole has none.
          (ref) => Effect.andThen(awake(ref), Effect.orDie(Actor.stop(ref, { timeout: Duration.infinity }))),
          { interruptible: true }
        ).pipe(
          Effect.onInterrupt(() => abandoned(supervisor)),
          Effect.catchTag(
            "SpawnError",
            (error) =>
              Effect.fail(new ChildStartError({ id: node.id, path: node.path, cause: Cause.fail(error), error }))
          )
        )
        supervisor.ref = ref
        supervisor.status = "running"
        supervisor.wasStarted = true
        const value: Node = root === spec ? supervisor : supervisor.children[0]!
        return { value: value.value, provided }
      })
    })
  )
