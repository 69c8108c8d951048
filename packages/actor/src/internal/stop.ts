/**
 * Orderly ends: of one actor, and of all that an owner has.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ExitReason } from "../ExitReason.ts"
import type { Cell } from "./cell.ts"
import { setTimer } from "./clock.ts"
import { watch } from "./watch.ts"

/** Asks, waits, and kills when `timeout` ms of the caller's clock have passed. */
export const stopCell = (cell: Cell, reason: ExitReason, timeout: number): Effect.Effect<ExitReason> =>
  Effect.suspend(() => {
    const held = watch(cell)
    const { shard } = cell.host
    shard.stop(cell, reason)
    const end = timeout === Infinity ? held.end : Effect.timeoutOrElse(held.end, {
      duration: timeout,
      orElse: () => {
        shard.exit(cell, undefined, ExitReason.killed)
        return held.end
      }
    })
    return Effect.onExit(end, () => Effect.sync(() => held.stop()))
  })

// Under virtual time nobody moves the clock any more while a scope closes: who still waits after this many ms of the
// machine's time waits for ever.
const virtualGrace = 50

// Always by the machine's clock, for the same reason.
const stopTogether = (cells: ReadonlyArray<Cell>, timeout: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    let left = cells.length
    let disarm = (): void => {}
    const watches = cells.map((cell) => {
      const held = watch(cell)
      held.onEnd(() => {
        if (--left > 0) return
        disarm()
        resume(Exit.void)
      })
      return held
    })
    for (const cell of cells) cell.host.shard.stop(cell, ExitReason.shutdown())
    const killAll = (): void => {
      for (const cell of cells) {
        if (cell.host.shard.isAlive(cell)) cell.host.shard.exit(cell, undefined, ExitReason.killed)
      }
    }
    const isStuck = (cell: Cell): boolean => (cell.host.shard.info(cell)?.status ?? "busy") === "busy"
    const look = (): void => {
      if (cells.every(isStuck)) killAll()
      else disarm = setTimer(virtualGrace, look)
    }
    disarm = cells[0]!.host.roundTrip ? setTimer(virtualGrace, look) : setTimer(timeout, killAll)
    return Effect.sync(() => {
      disarm()
      watches.forEach((held) => held.stop())
    })
  })

const endsAtOnce = (cell: Cell): boolean =>
  cell.bound.program.options.terminate === undefined && cell.life?.scope === undefined

/**
 * Stops actors in the order given. One with a cleanup of its own is waited for before the next is asked; those without
 * any are asked together, for nobody can see the difference. Whoever takes longer than `timeout` ms is killed.
 */
export const stopAll = (cells: ReadonlyArray<Cell>, timeout: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    const groups: Array<Array<Cell>> = []
    let together: Array<Cell> | undefined
    for (const cell of cells) {
      if (!cell.host.shard.isAlive(cell)) continue
      if (!endsAtOnce(cell)) {
        groups.push([cell])
        together = undefined
      } else if (together === undefined) {
        groups.push(together = [cell])
      } else {
        together.push(cell)
      }
    }
    return Effect.forEach(groups, (group) => stopTogether(group, timeout), { discard: true })
  })
