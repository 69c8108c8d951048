/**
 * What is asked of one actor, and done to it, wherever it lives: here at once, elsewhere by its isolate's agent.
 */
import * as Effect from "effect/Effect"
import type { ActorInfo } from "../Actor.ts"
import { ActorElsewhere } from "../ActorElsewhere.ts"
import { ActorExited } from "../AskError.ts"
import { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import type { Cell } from "./cell.ts"
import { told } from "./crashed.ts"
import { Hold, holdStill, letGo } from "./hold.ts"
import type { Isolates, RemoteInfo } from "./isolates.ts"
import { infoOf as seen } from "./top.ts"

/** The isolates of its system, when it lives in another one than this. */
export const elsewhere = (cell: Cell): Isolates | undefined => {
  const { isolates, shard } = cell.host
  return isolates !== undefined && shard.border!.isAway(cell.pid) ? isolates : undefined
}

/** What can be done only where it lives is refused, when that is not here. */
export const notHere = (cell: Cell): ActorElsewhere | undefined =>
  elsewhere(cell) === undefined ? undefined : new ActorElsewhere({ pid: cell.pid })

export const gone = (cell: Cell): ActorExited => {
  const { ended, name } = cell.life ?? {}
  return new ActorExited({ pid: cell.pid, name, reason: ended === undefined ? ExitReason.noProc(true) : told(ended) })
}

/** What it looks like from outside. */
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

/** What it understands, as whoever runs it says. */
export const spokenBy = (
  cell: Cell
): Effect.Effect<{ readonly protocol: string; readonly fingerprint?: string | undefined }, ActorExited> => {
  const isolates = elsewhere(cell)
  return isolates === undefined ? infoOf(cell) : remoteInfo(isolates, cell)
}

export const isAlive = (cell: Cell): Effect.Effect<boolean> =>
  elsewhere(cell)?.isAlive(cell) ?? Effect.succeed(cell.host.shard.isAlive(cell))

/** By the program. false: it has ended. */
export const holdHere = (cell: Cell, hold: boolean): boolean => {
  if (!cell.host.shard.isAlive(cell)) return false
  if (hold) holdStill(cell, Hold.Program)
  else letGo(cell, Hold.Program)
  return true
}

export const setHold = (cell: Cell, hold: boolean): Effect.Effect<void, ActorExited> =>
  Effect.suspend(() =>
    elsewhere(cell)?.hold(cell, hold)
      ?? (holdHere(cell, hold) ? Effect.void : Effect.fail(gone(cell)))
  )
