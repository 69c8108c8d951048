/** The accounts of all actors, as the addon writes them (`src/info.rs`): five numbers each, taken apart into columns. */

export const USAGE_WORDS = 5

export class Usages<C> {
  readonly cells: Array<C> = []
  readonly reductions: Float64Array
  /** ms */
  readonly millis: Float64Array
  readonly mailbox: Float64Array
  readonly memory: Float64Array

  constructor(most: number) {
    this.reductions = new Float64Array(most)
    this.millis = new Float64Array(most)
    this.mailbox = new Float64Array(most)
    this.memory = new Float64Array(most)
  }

  /** The account of `cell`, whose words begin at `at`; of nobody: none. */
  add(cell: C | undefined, words: Float64Array, at: number): void {
    if (cell === undefined) return
    const row = this.cells.push(cell) - 1
    this.reductions[row] = words[at + 1]!
    this.millis[row] = words[at + 2]! / 1000
    this.mailbox[row] = words[at + 3]!
    this.memory[row] = words[at + 4]!
  }
}
