/**
 * The actors that end with something: a scope, a parent.
 *
 * Holds no field in its actors. When it has doubled, the dead are swept out, unless too few have ended since the last
 * time to be half of it: so it holds at most twice what lives, and adding costs O(1) over time.
 */
import type { Cell } from "./cell.ts"

const SMALL = 64
/** What an array of them grows to; behind it begins another one, so that those who are there are not copied again. */
const ROW = 1024

export class Owner {
  private cells: Array<Cell> = []
  /** Full ones, older than `cells`; made on first need. */
  private rows: Array<Array<Cell>> | undefined = undefined
  private size = 0
  private sweepAt = SMALL
  /** Actors of the system that had ended when it was swept. */
  private endedBefore = -1

  add(cell: Cell): void {
    if (this.size >= this.sweepAt) this.sweep(cell.host.ended)
    this.keep(cell)
  }

  private keep(cell: Cell): void {
    if (this.cells.length === ROW) {
      this.rows ??= []
      this.rows.push(this.cells)
      this.cells = []
    }
    this.cells.push(cell)
    this.size++
  }

  private sweep(ended: number): void {
    // Everybody who ended before it had its first actor counts too: that costs one sweep.
    if ((ended - this.endedBefore) * 2 >= this.size) {
      for (const cell of this.take()) if (cell.host.shard.holds(cell)) this.keep(cell)
      this.endedBefore = ended
    }
    this.sweepAt = Math.max(SMALL, this.size * 2)
  }

  /** Also those that have ended and were not swept out yet. */
  all(): ReadonlyArray<Cell> {
    return this.rows === undefined ? this.cells : [...this.rows, this.cells].flat()
  }

  private take(): Array<Cell> {
    const cells = this.rows === undefined ? this.cells : [...this.rows, this.cells].flat()
    this.cells = []
    this.rows = undefined
    this.size = 0
    return cells
  }

  /** Takes all of them out, youngest first. */
  drain(): Array<Cell> {
    return this.take().reverse()
  }
}
