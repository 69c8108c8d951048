/**
 * Who wants to be told of which end, by a plain call: what a parent of very many children can afford, where a link or a
 * watch of each would be most of the cost of its spawn.
 *
 * Holds no field in its actors: two arrays by slab index, which are dense because indexes are. A slot may be given out
 * again while the word of its last actor's end is still on its way; that actor waits aside.
 *
 * Owner: the host. A hook is called once, by `Host.dead`, or taken out when its actor never was.
 */
import type { AnyRef } from "../ActorRef.ts"
import type { ExitReason } from "../ExitReason.ts"
import type { Cell } from "./cell.ts"

export type EndHook = (ref: AnyRef, reason: ExitReason) => void

const index = 0xffffff

export class EndHooks {
  private readonly cells: Array<Cell | undefined> = []
  private readonly hooks: Array<EndHook | undefined> = []
  private readonly aside = new Map<Cell, EndHook>()

  add(cell: Cell, hook: EndHook): void {
    const at = cell.low & index
    // Filled in order: a hole would turn the array into a dictionary.
    while (this.cells.length <= at) {
      this.cells.push(undefined)
      this.hooks.push(undefined)
    }
    const before = this.cells[at]
    if (before !== undefined) this.aside.set(before, this.hooks[at]!)
    this.cells[at] = cell
    this.hooks[at] = hook
  }

  take(cell: Cell): EndHook | undefined {
    const at = cell.low & index
    if (this.cells[at] === cell) {
      const hook = this.hooks[at]
      this.cells[at] = undefined
      this.hooks[at] = undefined
      return hook
    }
    if (this.aside.size === 0) return undefined
    const hook = this.aside.get(cell)
    this.aside.delete(cell)
    return hook
  }
}
