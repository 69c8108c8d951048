/**
 * The actors that end with something: a scope, a parent.
 *
 * Holds no field in its actors. When it has doubled, the dead are swept out, unless too few have ended since the last
 * time to be half of it: so it holds at most twice what lives, and adding costs O(1) over time.
 */
import type { Cell } from "./cell.ts"

const SMALL = 64

export class Owner {
  private cells: Array<Cell> = []
  private sweepAt = SMALL
  /** Actors of the system that had ended when it was swept. */
  private endedBefore = -1

  add(cell: Cell): void {
    if (this.cells.length >= this.sweepAt) this.sweep(cell.host.ended)
    this.cells.push(cell)
  }

  private sweep(ended: number): void {
    // Everybody who ended before it had its first actor counts too: that costs one sweep.
    if ((ended - this.endedBefore) * 2 >= this.cells.length) {
      this.cells = this.cells.filter((cell) => cell.host.shard.holds(cell))
      this.endedBefore = ended
    }
    this.sweepAt = Math.max(SMALL, this.cells.length * 2)
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
