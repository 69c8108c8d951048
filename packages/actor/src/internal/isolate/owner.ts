/**
 * The actors of other isolates that end with a scope of this one.
 *
 * Each is watched, so that one that has ended is forgotten. One finalizer a scope, as for actors of this isolate.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { ExitReason } from "../../ExitReason.ts"
import type { Cell } from "../cell.ts"
import type { Host } from "../host.ts"
import { stopCell } from "../stop.ts"
import { watch } from "../watch.ts"

class AwayOwner {
  private readonly cells = new Map<Cell, () => void>()

  add(cell: Cell): void {
    const held = watch(cell)
    this.cells.set(cell, () => held.stop())
    held.onEnd(() => this.cells.delete(cell))
  }

  drain(): Array<Cell> {
    const cells = Array.from(this.cells.keys()).reverse()
    this.cells.forEach((stop) => stop())
    this.cells.clear()
    return cells
  }
}

const awayOwners = new WeakMap<Scope.Scope, AwayOwner>()

/** Ends it when the scope closes, in order, or at once when it has closed. */
export const ownAway = (host: Host, scope: Scope.Scope, cell: Cell): Effect.Effect<void> =>
  Effect.suspend(() => {
    const owner = awayOwners.get(scope)
    if (owner !== undefined) {
      owner.add(cell)
      return Effect.void
    }
    const made = new AwayOwner()
    awayOwners.set(scope, made)
    made.add(cell)
    return Scope.addFinalizer(
      scope,
      Effect.suspend(() => {
        awayOwners.delete(scope)
        return host.closed ? Effect.void : stopEach(host, made.drain())
      })
    )
  })

// An isolate that is blocked does not even kill: it is not waited for any longer.
const stopEach = (host: Host, cells: ReadonlyArray<Cell>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { clock, options: { shutdownDeadline, shutdownTimeout } } = host
    const until = clock.now() + shutdownDeadline
    const overdue = new Set<Cell>()
    const each = Effect.forEach(cells, (cell) =>
      Effect.suspend(() => {
        const left = until - clock.now()
        if (left <= 0) {
          overdue.add(cell)
          host.shard.exit(cell, undefined, ExitReason.killed)
          return Effect.void
        }
        const timeout = Math.min(left, shutdownTimeout)
        return Effect.map(
          Effect.timeoutOption(stopCell(cell, ExitReason.shutdown(), timeout), Duration.millis(2 * timeout)),
          (end) => {
            const isKilled = Option.isNone(end) || end.value._tag === "Killed"
            if (isKilled && left < shutdownTimeout) overdue.add(cell)
          }
        )
      }), { discard: true })
    return Effect.ensuring(each, Effect.suspend(() => overdue.size === 0 ? Effect.void : host.overdue(overdue)))
  })
