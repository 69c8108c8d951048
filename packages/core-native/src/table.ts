/**
 * The actors of this isolate by slab index: dense, because their indexes are.
 *
 * A slot may be given out again while the word of its last actor's end is still on its way; that actor waits aside
 * until it comes.
 */
import type { MembraneCell } from "./host.ts"
import { pidOf } from "./words.ts"

const INDEX = 0xffffff

export class Table<C extends MembraneCell> {
  /** By index; index 0 is nobody. */
  readonly cells: Array<C | undefined> = [undefined]
  readonly #ending = new Map<number, C>()

  add(cell: C): void {
    const index = cell.low & INDEX
    const cells = this.cells
    // Filled in order: a hole would turn the array into a dictionary.
    while (cells.length <= index) cells.push(undefined)
    const before = cells[index]
    if (before !== undefined) this.#ending.set(pidOf(before.low, before.generation), before)
    cells[index] = cell
  }

  find(low: number, generation: number): C | undefined {
    const cell = this.cells[low & INDEX]
    if (cell !== undefined && cell.generation === generation && cell.low === low) return cell
    return this.#ending.size === 0 ? undefined : this.#ending.get(pidOf(low, generation))
  }

  remove(low: number, generation: number): C | undefined {
    const cell = this.cells[low & INDEX]
    if (cell !== undefined && cell.generation === generation && cell.low === low) {
      this.cells[low & INDEX] = undefined
      return cell
    }
    const pid = pidOf(low, generation)
    const ending = this.#ending.get(pid)
    this.#ending.delete(pid)
    return ending
  }

  /** Takes everyone out. */
  clear(): Array<C> {
    const all = [...this.cells, ...this.#ending.values()].filter((cell) => cell !== undefined)
    this.cells.length = 1
    this.#ending.clear()
    return all
  }
}
