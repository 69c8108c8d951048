/**
 * The actors that end with something else: with a scope, or with their parent.
 *
 * Nothing is done here when an actor ends. When the list has doubled, the dead are swept out, unless too few actors
 * have ended since the last sweep to be half of it. So it holds at most twice the living, and adding costs O(1) on
 * average.
 */
import type { Cell } from "./cell.ts"

const SMALL = 64
/** The length of a row. A full row is kept, and another begun, so that growing copies nothing. */
const ROW = 1024

export class Owner {
  private cells: Array<Cell> = []
  /** Full rows, older than `cells`. */
  private rows: Array<Array<Cell>> | undefined = undefined
  private size = 0
  private sweepAt = SMALL
  /** How many actors of the system had ended at the last sweep. */
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
    // At first this counts actors that ended before this owner was made: that costs one sweep.
    if ((ended - this.endedBefore) * 2 >= this.size) {
      for (const cell of this.take()) if (cell.host.shard.holds(cell)) this.keep(cell)
      this.endedBefore = ended
    }
    this.sweepAt = Math.max(SMALL, this.size * 2)
  }

  /** All of them, and some that have ended and were not swept out yet. */
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
