/**
 * Orderly ends: of one actor, and of all that an owner has.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ExitReason } from "../ExitReason.ts"
import type { Cell } from "./cell.ts"
import { setTimer } from "./clock.ts"
import type { Host } from "./host.ts"
import { interruptAll } from "./life.ts"
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

  /** Nobody in it gets on: each waits for something, or is suspended. */
  get isStuck(): boolean {
    for (const cell of this.left) {
      const status = cell.host.shard.info(cell)?.status
      if (status !== "busy" && status !== "suspended") return false
    }
    return true
  }
}

// Always by the machine's clock, for the same reason. `cells` are alive, and of one host. `killed` gets those whose time
// was over.
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
// No question to the shard for each of very many: one that ends for it just now is told of soon, and waited for.
const isHeld = (cell: Cell): boolean => cell.host.shard.holds(cell)

/** How long it may take, in ms: each actor, and all of them. */
export interface Patience {
  readonly shutdownTimeout: number
  readonly shutdownDeadline: number
}

/**
 * Stops actors in the order given. One with a cleanup of its own is waited for before the next is asked; those without
 * any are asked together, for nobody can see the difference. Whoever takes longer than the timeout is killed, and when
 * all together take longer than the deadline, all that are left are killed at once, and reported (G295).
 */
export const stopAll = (
  cells: ReadonlyArray<Cell>,
  { shutdownDeadline, shutdownTimeout }: Patience
): Effect.Effect<void> =>
  Effect.suspend(() => {
    const host = cells[0]?.host
    if (host === undefined) return Effect.void
    // In virtual time who is stuck is known without a clock.
    const until = host.roundTrip ? Infinity : host.clock.now() + shutdownDeadline
    const overdue = new Set<Cell>()
    const groups = inGroups(cells)
    let isOver = false, isDone = false
    const each = Effect.forEach(groups, (group, at) =>
      // While the one before stopped, these may have ended with it.
      Effect.suspend(() => {
        if (isDone) return Effect.void
        const left = isOver ? 0 : until - host.clock.now()
        isDone = left <= 0
        const alive = isDone ? groups.slice(at).flat().filter(isAlive) : group.filter(isHeld)
        if (alive.length === 0) return Effect.void
        return stopTogether(alive, Math.min(left, shutdownTimeout), (killed) => {
          if (left > shutdownTimeout) return
          // Known by this alone: a timer may be a little early.
          isOver = true
          killed.forEach((cell) => overdue.add(cell))
        })
      }), { discard: true })
    return Effect.ensuring(each, Effect.suspend(() => overdue.size === 0 ? Effect.void : host.overdue(overdue)))
  })

/** Waits for the Scopes of actors that have ended, also by kill, which close by themselves; at most for one more timeout (G262). */
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
