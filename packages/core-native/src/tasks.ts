/**
 * What fibers of actors go on with: run by the loop between two batches, each charged to its actor.
 */
import { Submission } from "./generated/layout.ts"
import type { MembraneCell, MembraneHost } from "./host.ts"
import type { Metering } from "./metering.ts"
import { rethrow } from "./rethrow.ts"
import { type Ring, SUBMISSIONS } from "./ring.ts"

/** Fiber continuations run in one pass. */
export const TASKS_PER_PASS = 64
/** ms above which one ends its pass. */
const LONG = 1

interface Task<C> {
  readonly run: () => void
  readonly cell: C | undefined
}

/** Whose code is on the stack, and what it left to be done: the loop's. */
interface Stack<C> {
  current: C | undefined
  attention: number
}

type Times = Pick<Metering<never>, "isExact" | "takeAway">

export class Tasks<C extends MembraneCell> {
  readonly #stack: Stack<C>
  readonly #ring: Ring
  readonly #host: Pick<MembraneHost<C, never>, "longSchedule">
  readonly #times: Times
  readonly #now: () => number
  readonly #longSchedule: number
  #tasks: Array<Task<C>> = []

  constructor(
    stack: Stack<C>,
    ring: Ring,
    host: Pick<MembraneHost<C, never>, "longSchedule">,
    times: Times,
    now: () => number,
    longSchedule: number
  ) {
    this.#stack = stack
    this.#ring = ring
    this.#host = host
    this.#times = times
    this.#now = now
    this.#longSchedule = longSchedule
  }

  get waiting(): number {
    return this.#tasks.length
  }

  push(run: () => void, cell: C | undefined): void {
    this.#tasks.push({ run, cell })
  }

  clear(): void {
    this.#tasks = []
  }

  /** A continuation of that actor took so long. */
  charge(cell: C, took: number, now: number): void {
    if (this.#ring.pending >= SUBMISSIONS) this.#ring.flush(now)
    this.#ring.put(Submission.Charge, cell.low, cell.generation, 0, 0, 0, Math.round(took * 1000), 0)
    if (took > this.#longSchedule) this.#host.longSchedule(cell, took)
  }

  /** Runs a pass of them; what time it is afterwards. */
  run(before: number): number {
    const stack = this.#stack
    const tasks = this.#tasks.splice(0, TASKS_PER_PASS)
    let now = before
    this.#times.takeAway()
    this.#times.isExact = true
    for (let i = 0; i < tasks.length; i++) {
      const { cell, run } = tasks[i]!
      stack.current = cell
      try {
        run()
      } catch (error) {
        rethrow(error)
      }
      const after = this.#now()
      const whole = after - now
      const took = whole - this.#times.takeAway()
      now = after
      if (cell !== undefined) this.charge(cell, took, now)
      if (whole > LONG) {
        this.#tasks = [...tasks.slice(i + 1), ...this.#tasks]
        break
      }
    }
    this.#times.isExact = false
    stack.current = undefined
    stack.attention = 0
    return now
  }
}
