/**
 * The actors of other isolates that end with a scope of this one.
 *
 * Each is watched, so that one that has ended is forgotten. One finalizer a scope, as for actors of this isolate.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
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

/** One is asked, and killed when its time is over; whether it was killed, or its isolate did not even do that. */
const stopOne = (cell: Cell, timeout: number): Effect.Effect<"ended" | "killed" | "silent"> =>
  Effect.map(
    Effect.timeoutOption(stopCell(cell, ExitReason.shutdown(), timeout), Duration.millis(2 * timeout)),
    (end) => Option.isNone(end) ? "silent" : end.value._tag === "Killed" ? "killed" : "ended"
  )

// An isolate that is blocked does not even kill. Once that is known, its others are asked in their turn, and waited for
// all together.
const stopEach = (host: Host, cells: ReadonlyArray<Cell>): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { clock, options: { shutdownDeadline, shutdownTimeout } } = host
    const until = clock.now() + shutdownDeadline
    const overdue = new Set<Cell>()
    /** Their shards. */
    const blocked = new Set<number>()
    const late: Array<Fiber.Fiber<unknown>> = []
    const stop = (cell: Cell): Effect.Effect<unknown> =>
      Effect.suspend(() => {
        const left = until - clock.now()
        const shard = cell.low >>> 24
        if (left <= 0) {
          overdue.add(cell)
          host.shard.exit(cell, undefined, ExitReason.killed)
          return Effect.void
        }
        const stopped = Effect.map(stopOne(cell, Math.min(left, shutdownTimeout)), (how) => {
          if (how !== "ended" && left < shutdownTimeout) overdue.add(cell)
          if (how === "silent") blocked.add(shard)
        })
        if (!blocked.has(shard)) return stopped
        return Effect.map(Effect.forkChild(stopped, { startImmediately: true }), (fiber) => late.push(fiber))
      })
    const each = Effect.andThen(Effect.forEach(cells, stop, { discard: true }), Fiber.awaitAll(late))
    return Effect.ensuring(each, Effect.suspend(() => overdue.size === 0 ? Effect.void : host.overdue(overdue)))
  })
