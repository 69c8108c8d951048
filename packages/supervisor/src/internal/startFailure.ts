/** What a supervisor says of a child elsewhere that did not start, from what its keeper said. */
import * as Cause from "effect/Cause"
import { ChildStartError } from "../SupervisorError.ts"
import type { StartFailed } from "./keeperProtocol.ts"

export const startErrorOf = ({ error, id, issue, path }: StartFailed): ChildStartError<unknown> =>
  new ChildStartError({
    id,
    path,
    cause: error === null ? Cause.die(new Error(issue)) : Cause.fail(error),
    error: error ?? undefined
  })
