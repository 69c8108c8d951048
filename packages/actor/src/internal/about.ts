/**
 * Questions and orders about one actor, wherever it lives: answered at once when it lives in this isolate, else by the
 * agent of its own isolate.
 */
import * as Effect from "effect/Effect"
import type { ActorInfo } from "../Actor.ts"
import { ActorElsewhere } from "../ActorElsewhere.ts"
import { ActorExited } from "../AskError.ts"
import { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import type { Cell } from "./cell.ts"
import { told } from "./crashed.ts"
import { resume, suspend, SuspendedBy } from "./suspension.ts"
import type { Isolates, RemoteInfo } from "./isolates.ts"
import { infoOf as seen } from "./top.ts"

/** The way to the actor's isolate; undefined when it lives in this one. */
export const elsewhere = (cell: Cell): Isolates | undefined => {
  const { isolates, shard } = cell.host
  return isolates !== undefined && shard.border!.isAway(cell.pid) ? isolates : undefined
}

/** The error of what can be done only in the actor's own isolate; undefined when that is this one. */
export const notHere = (cell: Cell): ActorElsewhere | undefined =>
  elsewhere(cell) === undefined ? undefined : new ActorElsewhere({ pid: cell.pid })

export const gone = (cell: Cell): ActorExited => {
  const { ended, name } = cell.life ?? {}
  return new ActorExited({ pid: cell.pid, name, reason: ended === undefined ? ExitReason.noProc(true) : told(ended) })
}

/** What a program may know of an actor of this isolate; undefined when it has ended. */
export const infoHere = (cell: Cell): ActorInfo | undefined => {
  const found = cell.host.shard.info(cell)
  return found === undefined ? undefined : seen(cell, found)
}

export const infoOf = (cell: Cell): Effect.Effect<ActorInfo, ActorExited> => {
  const isolates = elsewhere(cell)
  if (isolates === undefined) {
    const found = infoHere(cell)
    return found === undefined ? Effect.fail(gone(cell)) : Effect.succeed(found)
  }
  return Effect.map(remoteInfo(isolates, cell), (found) => {
    const { held, mailbox, memory, millis, name, protocol, reductions, status, version } = found
    const links = found.links as ReadonlyArray<Pid>
    return { pid: cell.pid, name, protocol, version, status, mailbox, held, reductions, millis, memory, links }
  })
}

const remoteInfo = (isolates: Isolates, cell: Cell): Effect.Effect<RemoteInfo, ActorExited> =>
  Effect.flatMap(
    isolates.info(cell),
    (found) => found === undefined ? Effect.fail(gone(cell)) : Effect.succeed(found)
  )

/** The protocol that the actor understands now, asked of its own isolate. */
export const spokenBy = (
  cell: Cell
): Effect.Effect<{ readonly protocol: string; readonly fingerprint?: string | undefined }, ActorExited> => {
  const isolates = elsewhere(cell)
  return isolates === undefined ? infoOf(cell) : remoteInfo(isolates, cell)
}

export const isAlive = (cell: Cell): Effect.Effect<boolean> =>
  elsewhere(cell)?.isAlive(cell) ?? Effect.succeed(cell.host.shard.isAlive(cell))

/** Suspends or resumes an actor of this isolate, as `Actor.suspend` and `Actor.resume` do. false: it has ended. */
export const setSuspendedHere = (cell: Cell, suspended: boolean): boolean => {
  if (!cell.host.shard.isAlive(cell)) return false
  if (suspended) suspend(cell, SuspendedBy.Program)
  else resume(cell, SuspendedBy.Program)
  return true
}

export const setSuspended = (cell: Cell, suspended: boolean): Effect.Effect<void, ActorExited> =>
  Effect.suspend(() =>
    elsewhere(cell)?.setSuspended(cell, suspended)
      ?? (setSuspendedHere(cell, suspended) ? Effect.void : Effect.fail(gone(cell)))
  )
