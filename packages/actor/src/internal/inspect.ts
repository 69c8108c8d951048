/** Reads and writes of states, between two messages. */
import * as Effect from "effect/Effect"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorElsewhere } from "../ActorElsewhere.ts"
import type { ActorExited } from "../AskError.ts"
import { Pid } from "../Pid.ts"
import { ReplaceFailed } from "../ReplaceFailed.ts"
import { ProtocolMismatch } from "../SpawnError.ts"
import { gone, notHere } from "./about.ts"
import { behaviorOf } from "./behaviorImpl.ts"
import type { Program } from "./bound.ts"
import { type Cell, cellOf } from "./cell.ts"
import { Hold, holdStill, isQuiet, letGo } from "./hold.ts"
import { quiet } from "./hotSwap.ts"
import { baseOf, issueOf } from "./upgrade.ts"

type Answer = Effect.Effect<unknown, ActorElsewhere | ActorExited | ProtocolMismatch | ReplaceFailed>

/** The state of an actor that has one and runs this. */
const stateOf = (cell: Cell, program: Program, use: (state: unknown) => Answer): Answer => {
  const away = notHere(cell)
  if (away !== undefined) return Effect.fail(away)
  if (cell.life?.ended !== undefined || !cell.host.shard.isAlive(cell)) return Effect.fail(gone(cell))
  const found = cell.bound.program
  if (baseOf(found) === program) return use(cell.state)
  return Effect.fail(
    new ProtocolMismatch({
      // Somebody without a name is called by its PID.
      name: cell.life?.name ?? Pid.print(cell.pid),
      expected: `${program.protocol} ${program.version}`,
      found: `${found.protocol} ${found.version}`
    })
  )
}

/** As it is, also while a handler of it waits. */
export const readState = (ref: AnyRef, running: unknown): Answer =>
  Effect.suspend(() => {
    const cell = cellOf(ref)
    const { program } = behaviorOf(running)
    const read = Effect.suspend(() => stateOf(cell, program, Effect.succeed))
    return cell.life?.starting === true ? Effect.andThen(quiet(cell), read) : read
  })

/** Between two messages: a handler that waits has read the state that it will go on with, and the next one waits. */
export const replaceState = (ref: AnyRef, running: unknown, f: (state: unknown) => unknown): Answer =>
  Effect.suspend(() => {
    const cell = cellOf(ref)
    const { program } = behaviorOf(running)
    const replace = Effect.suspend(() =>
      stateOf(cell, program, (state) => {
        try {
          const next = f(state)
          const issue = issueOf(next, program)
          if (issue !== undefined) return Effect.fail(new ReplaceFailed({ cause: issue }))
          return Effect.succeed(cell.state = next)
        } catch (cause) {
          return Effect.fail(new ReplaceFailed({ cause }))
        }
      })
    )
    if (isQuiet(cell) || !cell.host.shard.isAlive(cell)) return replace
    return Effect.acquireUseRelease(
      Effect.sync(() => holdStill(cell, Hold.Inspector)),
      () => Effect.andThen(quiet(cell), replace),
      () => Effect.sync(() => letGo(cell, Hold.Inspector))
    )
  })
