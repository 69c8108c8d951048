/**
 * Suspending an actor: no message is delivered until it is resumed. Signals still act, and its queue, name, links and
 * timers stay.
 *
 * Several may suspend one actor independently of each other: it goes on when the last of them resumes it.
 */
import type { Cell } from "./cell.ts"
import { lifeOf } from "./life.ts"

/** Bits of `Life.suspendedBy`. `Elsewhere`: by the Inspector of another isolate. */
export const SuspendedBy = { Program: 1, Swap: 2, Inspector: 4, Elsewhere: 8 } as const

export const suspend = (cell: Cell, why: number): void => {
  const life = lifeOf(cell)
  if (life.suspendedBy === 0) cell.host.shard.suspend(cell)
  life.suspendedBy |= why
}

export const resume = (cell: Cell, why: number): void => {
  const life = cell.life
  if (life === undefined || (life.suspendedBy & why) === 0) return
  life.suspendedBy &= ~why
  if (life.suspendedBy === 0) cell.host.shard.resume(cell)
}
