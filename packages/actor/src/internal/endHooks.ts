/**
 * The `onEnd` hooks of children: a function of the parent that is called when a child has ended. For parents of so many
 * children that a link or a monitor of each would cost more than the rest of its spawn.
 *
 * The table is beside the actors, by slab index, and an actor has no field for it. It is made of chunks, so that
 * growing copies nothing, and of numbers, so that the garbage collector need not look at it. A slot may be given out
 * again before the end of its last actor is known here: that actor's entry is moved to `aside`.
 *
 * Owner: the host. A hook is called once, by `Host.dead`, or taken out when its actor never was.
 */
import type { AnyRef } from "../ActorRef.ts"
import type { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import type { Cell } from "./cell.ts"

/** One hook, for all children that a parent spawns with the same function. */
export class EndHook {
  readonly parent: Cell
  readonly call: (ref: AnyRef, reason: ExitReason) => void
  /**
   * The options of its children, when these are frozen and say nothing but the hook: then they need not be read again.
   */
  readonly options: object | undefined
  /** How many living children have it. */
  children = 0
  /** Its number in the table, while any child has it. */
  number = 0

  constructor(parent: Cell, call: EndHook["call"], options: object | undefined) {
    this.parent = parent
    this.call = call
    this.options = options
  }
}

const INDEX = 0xffffff
/** Slots of a chunk, as a power of two. */
const BITS = 10
const IN_CHUNK = (1 << BITS) - 1

export class EndHooks {
  /** By slab index. A slot of a chunk is two words: the child's generation, and the number of its hook. */
  private readonly chunks: Array<Int32Array | undefined> = []
  /** The hooks by number; 0 is none. */
  private readonly hooks: Array<EndHook | undefined> = [undefined]
  private readonly free: Array<number> = []
  private readonly aside = new Map<Pid, EndHook>()

  add(cell: Cell, hook: EndHook): void {
    const slot = cell.low & INDEX
    const chunk = this.chunks[slot >>> BITS] ?? this.grow(slot >>> BITS)
    const at = (slot & IN_CHUNK) << 1
    if (chunk[at | 1] !== 0) this.putAside(cell, chunk[at]!, chunk[at | 1]!)
    if (hook.children++ === 0) this.number(hook)
    chunk[at] = cell.generation
    chunk[at | 1] = hook.number
  }

  // The slot has been given to another actor.
  private putAside(cell: Cell, generation: number, number: number): void {
    this.aside.set((generation * 4294967296 + cell.low) as Pid, this.hooks[number]!)
  }

  private grow(to: number): Int32Array {
    // Filled in order: a hole would turn the array into a dictionary.
    while (this.chunks.length < to) this.chunks.push(undefined)
    return this.chunks[to] = new Int32Array(2 << BITS)
  }

  private number(hook: EndHook): void {
    hook.number = this.free.pop() ?? this.hooks.length
    this.hooks[hook.number] = hook
  }

  take(cell: Cell): EndHook | undefined {
    const hook = this.find(cell)
    if (hook !== undefined && --hook.children === 0) {
      this.hooks[hook.number] = undefined
      this.free.push(hook.number)
    }
    return hook
  }

  private find(cell: Cell): EndHook | undefined {
    const slot = cell.low & INDEX
    const chunk = this.chunks[slot >>> BITS]
    const at = (slot & IN_CHUNK) << 1
    if (chunk !== undefined && chunk[at | 1] !== 0 && chunk[at] === cell.generation) {
      const hook = this.hooks[chunk[at | 1]!]
      chunk[at | 1] = 0
      return hook
    }
    if (this.aside.size === 0) return undefined
    const hook = this.aside.get(cell.pid)
    if (hook !== undefined) this.aside.delete(cell.pid)
    return hook
  }

  /** All children that have a hook, by their parents. */
  byParent(): Map<Cell, Array<Cell>> {
    const found = new Map<Cell, Array<Cell>>()
    this.chunks.forEach((chunk, number) => {
      if (chunk === undefined) return
      for (let at = 0; at < chunk.length; at += 2) {
        const hook = this.hooks[chunk[at + 1]!]
        if (hook === undefined) continue
        const { parent } = hook
        const low = ((parent.low & ~INDEX) | (number << BITS) | (at >> 1)) >>> 0
        const child = parent.host.shard.cellOf((chunk[at]! * 4294967296 + low) as Pid)
        const children = found.get(parent)
        if (children === undefined) found.set(parent, [child])
        else children.push(child)
      }
    })
    return found
  }
}
