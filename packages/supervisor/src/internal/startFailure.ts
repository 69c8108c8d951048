/** A child that did not start, in words that cross isolates, and back. */
import type { ActorSystem } from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { ChildStartError } from "../SupervisorError.ts"
import { StartFailed } from "./keeperProtocol.ts"
import { packError, type speakersAt, unpackError } from "./ownError.ts"

/** What a keeper says. `speakers`: of the child at a path. */
export const startFailed = (
  id: string,
  path: ReadonlyArray<string>,
  cause: Cause.Cause<unknown>,
  speakers: (path: ReadonlyArray<string>) => ReturnType<typeof speakersAt>
): Effect.Effect<StartFailed, never, ActorSystem> => {
  const failed = cause.reasons.find(Cause.isFailReason)?.error
  if (failed instanceof ChildStartError) return said(failed.id, failed.path, failed.cause, failed.error, speakers)
  return said(id, path, cause, failed, speakers)
}

const said = (
  id: string,
  path: ReadonlyArray<string>,
  cause: Cause.Cause<unknown>,
  error: unknown,
  speakers: (path: ReadonlyArray<string>) => ReturnType<typeof speakersAt>
): Effect.Effect<StartFailed, never, ActorSystem> => {
  const base = { id, path, issue: Cause.pretty(cause), error: null, own: null }
  if (error === undefined) return Effect.succeed(new StartFailed(base))
  return Effect.map(
    packError(speakers(path), error),
    (packed) => new StartFailed("bytes" in packed ? { ...base, own: packed } : { ...base, error: packed })
  )
}

/** What a supervisor says of it. */
export const startErrorOf = (
  { error, id, issue, own, path }: StartFailed
): Effect.Effect<ChildStartError<unknown>, never, ActorSystem> => {
  if (own !== null) {
    return Effect.map(unpackError(own), (error) => new ChildStartError({ id, path, cause: Cause.fail(error), error }))
  }
  const cause = error === null ? Cause.die(new Error(issue)) : Cause.fail(error)
  return Effect.succeed(new ChildStartError({ id, path, cause, error: error ?? undefined }))
}
