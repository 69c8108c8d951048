/**
 * Bytes that the twin holds for an actor, from what it has: an estimate, because a JavaScript engine says of no object
 * how large it is. The constants are measured: `node --expose-gc packages/actor/test/memory/size.mjs` prints them.
 */
import type { MemoryCell } from "./cell.ts"
import { lengthOf } from "./lanes.ts"

/** An idle actor: its cell, and its place in the slab. */
export const CELL = 153
export const LETTER = 80
const ASIDE = 224
/** A map or a set of up to four entries, and each entry above that. */
const MAP = 184
const ENTRY = 37
const LINK = 32
const WATCH = 64
/** With its place in the heap. */
const TIMER = 126
const HOLD = 56
/** Its entry in the table of names; the text is one with the program's. */
const NAME = 69
const CALL = 136

const table = (held: { readonly size: number } | undefined, each: number): number =>
  held === undefined ? 0 : MAP + Math.max(0, held.size - 4) * ENTRY + held.size * each

/** Of a living actor. Linear in what it has: for `info`, `top` and the accounts. */
export const memoryOf = (cell: MemoryCell): number => {
  const { aside } = cell
  const bytes = CELL + lengthOf(cell) * LETTER
  if (aside === undefined) return bytes
  let calls = 0
  for (let call = aside.calls; call !== undefined; call = call.next) calls++
  let outside = 0
  if (aside.watchers !== undefined) { for (const watch of aside.watchers) if (watch.watcher === undefined) outside++ }
  // A watch counts for who watches, an outside watch for who is watched.
  return bytes + ASIDE + table(aside.links, LINK) + table(aside.watching, WATCH) + table(aside.watchers, 0)
    + outside * WATCH + table(aside.timers, TIMER) + table(aside.waiters, 0) + (aside.heldBy?.length ?? 0) * HOLD
    + (aside.name === undefined ? 0 : NAME) + calls * CALL
}
