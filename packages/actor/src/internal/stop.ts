/**
 * Stopping actors in order: one, or all that belong to a scope or a system.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ExitReason } from "../ExitReason.ts"
import type { Cell } from "./cell.ts"
import { setTimer } from "./clock.ts"
import type { Host } from "./host.ts"
import { interruptAll } from "./life.ts"
import { watch } from "./watch.ts"

/** Asks an actor to stop, waits for its end, and kills it after `timeout` ms. Succeeds with its exit reason. */
export const stopCell = (cell: Cell, reason: ExitReason, timeout: number): Effect.Effect<ExitReason> =>
  Effect.suspend(() => {
    const watching = watch(cell)
    const { shard } = cell.host
    shard.stop(cell, reason)
    const end = timeout === Infinity ? watching.end : Effect.timeoutOrElse(watching.end, {
      duration: timeout,
      orElse: () => {
        shard.exit(cell, undefined, ExitReason.killed)
        return watching.end
      }
    })
    return Effect.onExit(end, () => Effect.sync(() => watching.stop()))
  })

// ms of the machine's clock. In virtual time nobody moves the clock while a scope closes, so that an actor that still
// waits after this would wait for ever.
const virtualGrace = 50

/** Actors that were asked to stop together. The host tells of each end. */
export class StopGroup {
  readonly left: Set<Cell>
  private readonly done: () => void

  constructor(cells: ReadonlyArray<Cell>, done: () => void) {
    this.left = new Set(cells)
    this.done = done
  }

  ended(cell: Cell): void {
    if (this.left.delete(cell) && this.left.size === 0) this.done()
  }

  /** Nobody among them goes on because another one has ended. Whoever cleans up ends by the kill itself. */
  kill(): void {
    for (const { life } of this.left) {
      if (life === undefined || life.closing) continue
      life.closing = true
      interruptAll(life)
    }
    for (const cell of this.left) cell.host.shard.exit(cell, undefined, ExitReason.killed)
  }

  /** Whether none of them gets on: each waits for something, or is suspended. */
  get isStuck(): boolean {
    for (const cell of this.left) {
      const status = cell.host.shard.info(cell)?.status
      if (status !== "busy" && status !== "suspended") return false
    }
    return true
  }
}

// Asks actors of one host to stop, and waits for all of them, by the machine's clock (see `virtualGrace`). `killed`
// gets those that were killed because the time was over.
const stopTogether = (
  cells: ReadonlyArray<Cell>,
  timeout: number,
  killed: (cells: ReadonlySet<Cell>) => void
): Effect.Effect<void> =>
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
    const kill = (): void => {
      killed(group.left)
      group.kill()
    }
    host.stopGroups.add(group)
    let disarm = (): void => {}
    // No time at all: nobody is asked any more.
    if (timeout <= 0) {
      kill()
      return Effect.sync(over)
    }
    for (const cell of cells) host.shard.stop(cell, ExitReason.shutdown())
    const look = (): void => {
      if (group.isStuck) group.kill()
      else disarm = setTimer(virtualGrace, look)
    }
    disarm = host.roundTrip ? setTimer(virtualGrace, look) : setTimer(timeout, kill)
    return Effect.sync(over)
  })

const endsAtOnce = (cell: Cell): boolean =>
  cell.bound.program.options.terminate === undefined && cell.life?.scope === undefined

const inGroups = (cells: ReadonlyArray<Cell>): ReadonlyArray<ReadonlyArray<Cell>> => {
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
  return groups
}

const isAlive = (cell: Cell): boolean => cell.host.shard.isAlive(cell)
// `isAlive` for very many actors, without a question to the shard for each. One whose end is under way still counts,
// and is waited for.
const isHeld = (cell: Cell): boolean => cell.host.shard.holds(cell)

/** How many ms each actor (`shutdownTimeout`) and all of them together (`shutdownDeadline`) may take to stop. */
export interface Patience {
  readonly shutdownTimeout: number
  readonly shutdownDeadline: number
}

/**
 * Stops actors in the order given. An actor with a cleanup is waited for before the next is asked; neighbours without
 * one are asked together, since nobody can see the difference. An actor that takes longer than the timeout is killed;
 * when all together take longer than the deadline, those that are left are killed at once, and reported (G295).
 */
export const stopAll = (
  cells: ReadonlyArray<Cell>,
  { shutdownDeadline, shutdownTimeout }: Patience
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const host = cells[0]?.host
    if (host === undefined) return Effect.void
    // In virtual time there is no deadline: `isStuck` tells what would wait for ever.
    const until = host.roundTrip ? Infinity : host.clock.now() + shutdownDeadline
    const overdue = new Set<Cell>()
    const groups = inGroups(cells)
    let isOver = false, isDone = false
    const each = Effect.forEach(groups, (group, at) =>
      // Some may have ended together with those before them.
      Effect.suspend(() => {
        if (isDone) return Effect.void
        const left = isOver ? 0 : until - host.clock.now()
        isDone = left <= 0
        const alive = isDone ? groups.slice(at).flat().filter(isAlive) : group.filter(isHeld)
        if (alive.length === 0) return Effect.void
        return stopTogether(alive, Math.min(left, shutdownTimeout), (killed) => {
          if (left > shutdownTimeout) return
          // Remembered, because the clock may still say that there is a little time: a timer can fire early.
          isOver = true
          killed.forEach((cell) => overdue.add(cell))
        })
      }), { discard: true })
    return Effect.ensuring(each, Effect.suspend(() => overdue.size === 0 ? Effect.void : host.overdue(overdue)))
  })

/**
 * Waits until the scopes of ended actors have closed, which they do by themselves, also after a kill: `shutdownTimeout`
 * at most (G262).
 */
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
