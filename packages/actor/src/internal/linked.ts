/**
 * What ties a fiber to an actor, over a watch that stands already; `Link` and `spawnLinked` begin it at different
 * times.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ExitReason } from "../ExitReason.ts"
import { ExitSignal } from "../ExitSignal.ts"
import type { Cell } from "./cell.ts"
import type { Watch } from "./watch.ts"

/** Fails when the actor ends abnormally, and waits for ever when it ends in order. The watch ends with it. */
export const failureOf = (cell: Cell, watching: Watch): Effect.Effect<never, ExitSignal> =>
  Effect.onExit(
    Effect.flatMap(watching.end, (reason) =>
      ExitReason.isFailure(reason)
        ? Effect.fail(new ExitSignal({ from: cell.pid, name: cell.life?.name, reason }))
        : Effect.never),
    () => Effect.sync(() => watching.stop())
  )

/** Both ways: `end` is `failureOf` the actor, first, so that the watch stands before `self` runs. */
export const linkedBy = <A, E, R>(
  cell: Cell,
  end: Effect.Effect<never, ExitSignal>,
  self: Effect.Effect<A, E, R>
): Effect.Effect<A, E | ExitSignal, R> =>
  Effect.raceFirst(
    end,
    Effect.onExit(self, (exit) => {
      // An interruption comes from the other side of the race, or from outside, where nothing failed.
      if (Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)) return Effect.void
      return Effect.sync(() => cell.host.shard.exit(cell, undefined, ExitReason.crashed(Cause.squash(exit.cause))))
    })
  )
