/**
 * Holding an actor still: no message is delivered, control acts, and its queue, name, links and timers stay.
 *
 * The program's order, a swap and a tool hold it independently of each other.
 */
import type { Cell } from "./cell.ts"
import { type Life, lifeOf } from "./life.ts"

/** `Elsewhere`: by a tool in another isolate, which takes longer than a turn. */
export const Hold = { Program: 1, Swap: 2, Inspector: 4, Elsewhere: 8 } as const

export const holdStill = (cell: Cell, why: number): void => {
  const life = lifeOf(cell)
  if (life.held === 0) cell.host.shard.suspend(cell)
  life.held |= why
}

export const letGo = (cell: Cell, why: number): void => {
  const life = cell.life
  if (life === undefined || (life.held & why) === 0) return
  life.held &= ~why
  if (life.held === 0) cell.host.shard.resume(cell)
}

/** It has a state, and no handler of it runs or waits. */
export const isQuiet = (cell: Cell): boolean => {
  const { life } = cell
  return cell.host.running !== cell && (life === undefined || (life.busy === 0 && !life.starting))
}

/** Calls `then` once it is quiet, or has ended: at once, when it is. Who waits holds it still. Returns the undo. */
export const whenQuiet = (cell: Cell, then: () => void): () => void => {
  if (isQuiet(cell)) {
    then()
    return () => {}
  }
  const life = lifeOf(cell)
  ;(life.quiet ??= []).push(then)
  return () => {
    const at = life.quiet?.indexOf(then) ?? -1
    if (at >= 0) life.quiet!.splice(at, 1)
  }
}

/** By the host: `init` or a handler is done, or the actor has ended. */
export const becameQuiet = (life: Life): void => {
  const waiters = life.quiet
  if (waiters === undefined || ((life.busy > 0 || life.starting) && life.ended === undefined)) return
  life.quiet = undefined
  for (const waiter of waiters) waiter()
}
