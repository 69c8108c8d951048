/**
 * Orderly ends: of one actor, and of all that an owner has.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ExitReason } from "../ExitReason.ts"
import type { Cell } from "./cell.ts"
import { setTimer } from "./clock.ts"
import type { Host } from "./host.ts"
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

/** Actors that were asked to stop together; the host takes them out as they end. */
export class StopGroup {
  private readonly left: Set<Cell>
  private readonly done: () => void

  constructor(cells: ReadonlyArray<Cell>, done: () => void) {
    this.left = new Set(cells)
    this.done = done
  }

  ended(cell: Cell): void {
    if (this.left.delete(cell) && this.left.size === 0) this.done()
  }

  kill(): void {
    for (const cell of this.left) cell.host.shard.exit(cell, undefined, ExitReason.killed)
  }

  /** Nobody in it gets on: each waits for something, or is suspended. */
  get isStuck(): boolean {
    for (const cell of this.left) {
      const status = cell.host.shard.info(cell)?.status
      if (status !== "busy" && status !== "suspended") return false
    }
    return true
  }
}

// Always by the machine's clock, for the same reason. `cells` are alive, and of one host.
const stopTogether = (cells: ReadonlyArray<Cell>, timeout: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const host = cells[0]!.host
    const over = (): void => {
      disarm()
      host.stopGroups.delete(group)
    }
    const group = new StopGroup(cells, () => {
      over()
      resume(Exit.void)
    })
    host.stopGroups.add(group)
    for (const cell of cells) host.shard.stop(cell, ExitReason.shutdown())
    const look = (): void => {
      if (group.isStuck) group.kill()
      else disarm = setTimer(virtualGrace, look)
    }
    let disarm = host.roundTrip ? setTimer(virtualGrace, look) : setTimer(timeout, () => group.kill())
    return Effect.sync(over)
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
      if (!endsAtOnce(cell)) {
        groups.push([cell])
        together = undefined
      } else if (together === undefined) {
        groups.push(together = [cell])
      } else {
        together.push(cell)
      }
    }
    return Effect.forEach(groups, (group) =>
      // While the one before stopped, these may have ended with it.
      Effect.suspend(() => {
        // No question to the shard for each: one that ends for it just now is told of soon, and waited for.
        const alive = group.filter((cell) => cell.host.shard.holds(cell))
        return alive.length === 0 ? Effect.void : stopTogether(alive, timeout)
      }), { discard: true })
  })

/** Waits for the Scopes of actors that have ended, also by kill, which close by themselves; at most for `timeout` ms (G262). */
export const cleanedUp = (host: Host): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const { cleanups, options: { shutdownTimeout }, roundTrip } = host
    const disarm = setTimer(roundTrip ? virtualGrace : shutdownTimeout, () => resume(Exit.void))
    const look = (): void => {
      if (cleanups.size > 0) return
      disarm()
      resume(Exit.void)
    }
    for (const fiber of cleanups) fiber.addObserver(look)
    look()
    return Effect.sync(disarm)
  })
