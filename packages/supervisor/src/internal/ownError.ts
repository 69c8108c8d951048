/**
 * What a child's `init` failed with, on its way to a supervisor in another isolate: by the schema that its behaviour
 * has for that (`Actor.module`), or else the tree that it is in (`Supervisor.module`). Without one it is `InitCrashed`.
 */
import { type ActorSystem, ExitReason, InitCrashed, Module, SpawnError } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import type { OwnError } from "./keeperProtocol.ts"
import type { Spec } from "./spec.ts"
import { isMovable } from "./spawnOptions.ts"

/** Whose schema it may be. */
type Speaker = Parameters<typeof Module.keyOf>[0]

/** Those who may speak for the child that `way` leads to: it, and the trees that it is in, the innermost first. */
export const speakersAt = (spec: Spec | undefined, way: ReadonlyArray<string>): ReadonlyArray<Speaker> => {
  if (spec === undefined) return []
  if (spec.kind === "placed") return [...speakersAt(spec.tree.spec, way), spec.tree.behavior]
  if (spec.kind === "actor" || spec.kind === "dynamic") return isMovable(spec.behavior) ? [spec.behavior] : []
  if (spec.kind !== "supervisor") return []
  return speakersAt(spec.children.find(({ id }) => id === way[0]), way.slice(1))
}

/** As bytes of the first schema that has a form for it. */
export const packError = (
  speakers: ReadonlyArray<Speaker>,
  error: unknown
): Effect.Effect<OwnError | SpawnError, never, ActorSystem> =>
  Effect.gen(function*() {
    if (error instanceof SpawnError) return error
    for (const speaker of speakers) {
      const bytes = yield* Module.errorToBytes(speaker, error)
      if (bytes instanceof Uint8Array) return { by: Module.keyOf(speaker), bytes }
    }
    return new SpawnError({ reason: new InitCrashed({ reason: ExitReason.crashed(error) }) })
  })

/** The reverse. */
export const unpackError = ({ by, bytes }: OwnError): Effect.Effect<unknown, never, ActorSystem> =>
  Module.load(by).pipe(
    Effect.flatMap((behavior) => Module.errorFromBytes(behavior, bytes)),
    Effect.catch(Effect.succeed)
  )
