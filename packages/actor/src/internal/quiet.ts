/**
 * Waiting until an actor is between two messages: what a swap and the Inspector do before they touch its state.
 */
import type { Cell } from "./cell.ts"
import { type Life, lifeOf } from "./life.ts"

/** Whether its `init` is done and no handler of it runs or waits: its state is nobody's but its own. */
export const isQuiet = (cell: Cell): boolean => {
  const { life } = cell
  return cell.host.running !== cell && (life === undefined || (life.busy === 0 && !life.starting))
}

/**
 * Calls `then` once the actor is quiet or has ended: now, if it is so already. The caller has suspended it, or it might
 * never be. Returns what takes `then` back.
 */
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

/** The host calls this when `init` or a handler is done, or the actor has ended. */
export const becameQuiet = (life: Life): void => {
  const waiters = life.quiet
  if (waiters === undefined || ((life.busy > 0 || life.starting) && life.ended === undefined)) return
  life.quiet = undefined
  for (const waiter of waiters) waiter()
}
