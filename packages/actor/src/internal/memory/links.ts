/**
 * Links: pairs of actors that share their fate (G30). Each has two halves, one in each actor's side record.
 *
 * An exit signal carries the half it is for: one whose half was removed in the meantime is void, also when the same two
 * were linked again.
 */
import { asideOf } from "./aside.ts"
import type { MemoryCell } from "./cell.ts"
import type { Letter } from "./mailbox.ts"

export class LinkHalf {
  /** Its exit signal, while that waits in the mailbox. */
  letter: Letter | undefined = undefined
}

export const isLinked = (a: MemoryCell, b: MemoryCell): boolean => a.aside?.links?.has(b) === true

/** `a`'s half. */
export const addHalf = (a: MemoryCell, b: MemoryCell): LinkHalf => {
  const half = new LinkHalf()
  ;(asideOf(a).links ??= new Map()).set(b, half)
  return half
}

/** Peers whose own half is there too. */
export const activePeers = (cell: MemoryCell): Array<MemoryCell> => {
  const links = cell.aside?.links
  return links === undefined ? [] : [...links.keys()].filter((peer) => isLinked(peer, cell))
}
