/** Reads and writes of states, between two messages. */
import * as Effect from "effect/Effect"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorExited } from "../AskError.ts"
import { ReplaceFailed } from "../ReplaceFailed.ts"
import { ProtocolMismatch } from "../SpawnError.ts"
import { gone } from "./about.ts"
import { behaviorOf } from "./behaviorImpl.ts"
import { cellOf } from "./cell.ts"
import { quiet } from "./hotSwap.ts"
import { baseOf } from "./upgrade.ts"

/** The state, after `f` where it is given; a `ReplaceFailed` is what `f` threw. */
export const stateOf = (
  ref: AnyRef,
  running: unknown,
  f: ((state: unknown) => unknown) | undefined
): Effect.Effect<unknown, ActorExited | ProtocolMismatch> =>
  Effect.suspend(() => {
    const cell = cellOf(ref)
    const { program } = behaviorOf(running)
    return Effect.andThen(
      // A handler that waits has read the state that it will go on with.
      f === undefined ? Effect.void : quiet(cell),
      Effect.suspend((): Effect.Effect<unknown, ActorExited | ProtocolMismatch> => {
        if (!cell.host.shard.isAlive(cell)) return Effect.fail(gone(cell))
        const found = cell.bound.program
        if (baseOf(found) !== program) {
          return Effect.fail(
            new ProtocolMismatch({
              name: cell.life?.name ?? "",
              expected: `${program.protocol} ${program.version}`,
              found: `${found.protocol} ${found.version}`
            })
          )
        }
        if (f === undefined) return Effect.succeed(cell.state)
        try {
          return Effect.succeed(cell.state = f(cell.state))
        } catch (cause) {
          return Effect.succeed(new ReplaceFailed({ cause }))
        }
      })
    )
  })
