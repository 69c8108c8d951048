/**
 * A FIFO of references that grows by doubling: the run queue, the debt queue, the deferred tasks.
 *
 * An array rather than a list through the cells: it costs a cell no field, and the pump can look ahead of itself.
 * Its owner bounds what may be in it (each cell at most once, each task once).
 */
export class Ring<A extends object> {
  private items: Array<A | undefined>
  private mask: number
  private head = 0
  size = 0

  constructor(capacity = 64) {
    this.items = new Array<A | undefined>(capacity).fill(undefined)
    this.mask = capacity - 1
  }

  push(item: A): void {
    if (this.size > this.mask) this.grow()
    this.items[(this.head + this.size) & this.mask] = item
    this.size++
  }

  shift(): A | undefined {
    if (this.size === 0) return undefined
    const at = this.head
    const item = this.items[at]
    this.items[at] = undefined
    this.head = (at + 1) & this.mask
    this.size--
    return item
  }

  /** The item `offset` places behind the front. */
  at(offset: number): A | undefined {
    return this.items[(this.head + offset) & this.mask]
  }

  /** Takes the item `offset` places behind the front; the others keep their order. For seeded runs: linear. */
  take(offset: number): A | undefined {
    const item = this.at(offset)
    for (let i = offset; i > 0; i--) {
      this.items[(this.head + i) & this.mask] = this.items[(this.head + i - 1) & this.mask]
    }
    this.shift()
    return item
  }

  indexOf(item: A): number {
    for (let i = 0; i < this.size; i++) if (this.at(i) === item) return i
    return -1
  }

  private grow(): void {
    const items = new Array<A | undefined>(this.items.length * 2).fill(undefined)
    for (let i = 0; i < this.size; i++) items[i] = this.at(i)
    this.items = items
    this.mask = items.length - 1
    this.head = 0
  }
}
