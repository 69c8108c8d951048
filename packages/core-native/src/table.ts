/**
 * The actors of this isolate by slab index: dense, because their indexes are.
 *
 * In rows, so that it grows without being copied: an array that grows with its actors would write three times what it
 * holds in the end, each time into memory that was never touched before, and leave the rest to the collector.
 *
 * A slot may be given out again while the word of its last actor's end is still on its way; that actor waits aside
 * until it comes.
 */
import type { MembraneCell } from "./host.ts"
import { pidOf } from "./words.ts"

const INDEX = 0xffffff
const ROW_BITS = 10
const ROW = 1 << ROW_BITS
const IN_ROW = ROW - 1

type Row<C> = Array<C | undefined>

// Without holes: an element that was never written would be looked up on the prototype, too.
const row = <C>(): Row<C> => new Array<C | undefined>(ROW).fill(undefined)

export class Table<C extends MembraneCell> {
  /** Index 0 is nobody. */
  readonly #rows: Array<Row<C>> = [row()]
  readonly #ending = new Map<number, C>()

  /** Who has an index, if anybody. */
  at(index: number): C | undefined {
    const cells = this.#rows[index >>> ROW_BITS]
    return cells === undefined ? undefined : cells[index & IN_ROW]
  }

  add(cell: C): void {
    const index = cell.low & INDEX
    const rows = this.#rows
    while (rows.length <= index >>> ROW_BITS) rows.push(row())
    const cells = rows[index >>> ROW_BITS]!
    const before = cells[index & IN_ROW]
    if (before !== undefined) this.#ending.set(pidOf(before.low, before.generation), before)
    cells[index & IN_ROW] = cell
  }

  find(low: number, generation: number): C | undefined {
    const cell = this.at(low & INDEX)
    if (cell !== undefined && cell.generation === generation && cell.low === low) return cell
    return this.#ending.size === 0 ? undefined : this.#ending.get(pidOf(low, generation))
  }

  remove(low: number, generation: number): C | undefined {
    const index = low & INDEX
    const cell = this.at(index)
    if (cell !== undefined && cell.generation === generation && cell.low === low) {
      this.#rows[index >>> ROW_BITS]![index & IN_ROW] = undefined
      return cell
    }
    const pid = pidOf(low, generation)
    const ending = this.#ending.get(pid)
    this.#ending.delete(pid)
    return ending
  }

  /** Takes everyone out. */
  clear(): Array<C> {
    const all = [...this.#rows.flat(), ...this.#ending.values()].filter((cell) => cell !== undefined)
    this.#rows.length = 0
    this.#rows.push(row())
    this.#ending.clear()
    return all
  }
}
