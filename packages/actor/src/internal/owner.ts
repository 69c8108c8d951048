/**
 * The actors that end with something: a scope, a parent.
 *
 * Holds no field in its actors. The dead are swept out when it has doubled, so it holds at most twice what lives, and
 * adding costs O(1) over time.
 */
import type { Cell } from "./cell.ts"

export class Owner {
  private cells: Array<Cell> = []
  private sweepAt = 64

  add(cell: Cell): void {
    if (this.cells.length >= this.sweepAt) {
      this.cells = this.cells.filter((cell) => cell.host.shard.holds(cell))
      this.sweepAt = Math.max(64, this.cells.length * 2)
    }
    this.cells.push(cell)
  }

  /** Also those that have ended and were not swept out yet. */
  all(): ReadonlyArray<Cell> {
    return this.cells
  }

  /** Takes all of them out, youngest first. */
  drain(): Array<Cell> {
    const cells = this.cells
    this.cells = []
    return cells.reverse()
  }
}
