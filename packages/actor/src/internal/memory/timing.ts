/**
 * What the timers of actors do: start, fire, be cancelled. When they are due is `timers.ts`.
 *
 * A timer has at most one message in the mailbox (G45): while that waits, a repeating timer skips its beats.
 */
import { enter, expireHold, takeBack } from "./admission.ts"
import { asideOf } from "./aside.ts"
import type { MemoryCell } from "./cell.ts"
import { Kind } from "./mailbox.ts"
import type { MemoryShard } from "./shard.ts"
import { Timer } from "./timers.ts"

/** `delay` in ms, or with `repeat` the period. Does nothing when the actor has a timer with this `ref`. */
export const startTimer = (
  shard: MemoryShard,
  cell: MemoryCell,
  ref: number,
  delay: number,
  repeat: boolean,
  op: number,
  payload: unknown,
  flags: number
): void => {
  if (cell.aside?.timers?.has(ref) === true) return
  const timer = new Timer(cell, ref, op, payload, flags, repeat ? Math.max(delay, 1) : 0, undefined)
  ;(asideOf(cell).timers ??= new Map()).set(ref, timer)
  shard.arm(timer, repeat ? timer.period : delay)
}

/** See `Shard.cancelTimer`. */
export const cancelTimer = (shard: MemoryShard, cell: MemoryCell, ref: number): number | undefined => {
  const timer = cell.aside?.timers?.get(ref)
  if (timer === undefined) return undefined
  cell.aside!.timers!.delete(ref)
  const armed = timer.place >= 0
  const left = armed ? Math.max(0, shard.timers.deadlineOf(timer) - shard.clock.now()) : 0
  shard.timers.disarm(timer)
  if (timer.letter === undefined) return left
  takeBack(shard, cell, timer.letter)
  return 0
}

/** A timer is due at `now`: its message enters the mailbox, unless the one before still waits there. */
export const fire = (shard: MemoryShard, timer: Timer, now: number): void => {
  if (timer.hold !== undefined) return expireHold(shard, timer.hold)
  const { cell, flags, op, payload, period } = timer
  if (period > 0) {
    // It keeps its beat: beats that were missed are skipped, not made up for.
    const due = shard.timers.lastDue
    shard.timers.arm(timer, due + (Math.floor((now - due) / period) + 1) * period)
  }
  if (timer.letter !== undefined) return
  const letter = shard.pool.take(Kind.Timer, op, payload, cell)
  letter.flags = flags
  letter.extra = timer
  timer.letter = letter
  enter(shard, cell, letter)
}

/** A timer's message has left the mailbox. */
export const delivered = (timer: Timer): void => {
  timer.letter = undefined
  if (timer.place < 0) timer.cell.aside?.timers?.delete(timer.ref)
}
