/**
 * Who wants to be told of which end, by a plain call: what a parent of very many children can afford, where a link or a
 * watch of each would be most of the cost of its spawn.
 *
 * Holds no field in its actors: a table by slab index, in chunks, so that growing it copies nothing. A slot may be given
 * out again while the word of its last actor's end is still on its way; that actor waits aside.
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
/** Slots of a chunk, as a power of two. */
const bits = 10
const within = (1 << bits) - 1

type Chunk = Array<Cell | EndHook | undefined>

export class EndHooks {
  /** By slab index; in each chunk a cell and its hook, and so on. */
  private readonly chunks: Array<Chunk | undefined> = []
  private readonly aside = new Map<Cell, EndHook>()

  add(cell: Cell, hook: EndHook): void {
    const slot = cell.low & index
    const chunk = this.chunks[slot >>> bits] ?? this.grow(slot >>> bits)
    const at = (slot & within) * 2
    const before = chunk[at]
    if (before !== undefined) this.aside.set(before as Cell, chunk[at + 1] as EndHook)
    chunk[at] = cell
    chunk[at + 1] = hook
  }

  private grow(to: number): Chunk {
    // Filled in order: a hole would turn the array into a dictionary.
    while (this.chunks.length < to) this.chunks.push(undefined)
    return this.chunks[to] = new Array<undefined>(2 << bits).fill(undefined)
  }

  take(cell: Cell): EndHook | undefined {
    const slot = cell.low & index
    const chunk = this.chunks[slot >>> bits]
    const at = (slot & within) * 2
    if (chunk !== undefined && chunk[at] === cell) {
      const hook = chunk[at + 1] as EndHook
      chunk[at] = undefined
      chunk[at + 1] = undefined
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
    for (const chunk of this.chunks) {
      if (chunk === undefined) continue
      for (let at = 0; at < chunk.length; at += 2) {
        const hook = chunk[at + 1] as EndHook | undefined
        if (hook === undefined) continue
        const children = found.get(hook.parent)
        if (children === undefined) found.set(hook.parent, [chunk[at] as Cell])
        else children.push(chunk[at] as Cell)
      }
    }
    return found
  }
}
