/**
 * Who wants to be told of which end, by a plain call: what a parent of very many children can afford, where a link or a
 * watch of each would be most of the cost of its spawn.
 *
 * Holds no field in its actors: one array by slab index, two entries each, which is dense because indexes are. A slot
 * may be given out again while the word of its last actor's end is still on its way; that actor waits aside.
 *
 * Owner: the host. A hook is called once, by `Host.dead`, or taken out when its actor never was.
 */
import type { AnyRef } from "../ActorRef.ts"
import type { ExitReason } from "../ExitReason.ts"
import type { Cell } from "./cell.ts"

/** One for all children that a parent spawns with the same function. */
export class EndHook {
  readonly parent: Cell
  readonly call: (ref: AnyRef, reason: ExitReason) => void

  constructor(parent: Cell, call: EndHook["call"]) {
    this.parent = parent
    this.call = call
  }
}

const index = 0xffffff

export class EndHooks {
  /** A cell and its hook, and so on. */
  private readonly entries: Array<Cell | EndHook | undefined> = []
  private readonly aside = new Map<Cell, EndHook>()

  add(cell: Cell, hook: EndHook): void {
    const at = (cell.low & index) * 2
    const { entries } = this
    // Filled in order: a hole would turn the array into a dictionary.
    while (entries.length <= at) entries.push(undefined, undefined)
    const before = entries[at]
    if (before !== undefined) this.aside.set(before as Cell, entries[at + 1] as EndHook)
    entries[at] = cell
    entries[at + 1] = hook
  }

  take(cell: Cell): EndHook | undefined {
    const at = (cell.low & index) * 2
    const { entries } = this
    if (entries[at] === cell) {
      const hook = entries[at + 1] as EndHook
      entries[at] = undefined
      entries[at + 1] = undefined
      return hook
    }
    if (this.aside.size === 0) return undefined
    const hook = this.aside.get(cell)
    this.aside.delete(cell)
    return hook
  }

  /** The children that somebody hears of so, by their parents. */
  byParent(): Map<Cell, Array<Cell>> {
    const found = new Map<Cell, Array<Cell>>()
    for (let at = 0; at < this.entries.length; at += 2) {
      const hook = this.entries[at + 1] as EndHook | undefined
      if (hook === undefined) continue
      const children = found.get(hook.parent)
      if (children === undefined) found.set(hook.parent, [this.entries[at] as Cell])
      else children.push(this.entries[at] as Cell)
    }
    return found
  }
}
