/**
 * PIDs: slots by index, each with the generation of its life.
 *
 * Rules, the same as in the Rust slab: index 0 is never given out; fresh indexes come in increasing order, and only when
 * no slot is free; freed slots are reused in FIFO order; a slot's first life has generation 0; a slot that has lived
 * its last generation retires, so that no PID ever names two actors.
 */
import type { MemoryCell } from "./cell.ts"

const MAX_INDEX = 2 ** 24 - 1
const MAX_GENERATION = 2 ** 21 - 1

export class Slab {
  private readonly cells: Array<MemoryCell | undefined> = [undefined]
  /** The generation of the slot's life, or of its next one when it is free. */
  private generations = new Int32Array(64)
  private fresh = 1
  private readonly maxGeneration: number
  /** Free slots, as a ring of indexes. */
  private free = new Int32Array(64)
  private freeHead = 0
  private freeSize = 0
  retired = 0

  constructor(maxGeneration: number = MAX_GENERATION) {
    this.maxGeneration = maxGeneration
  }

  /** The index of the next life; 0: all are spent. */
  next(): number {
    if (this.freeSize > 0) {
      const index = this.free[this.freeHead]!
      this.freeHead = (this.freeHead + 1) & (this.free.length - 1)
      this.freeSize--
      return index
    }
    if (this.fresh > MAX_INDEX) return 0
    const index = this.fresh++
    if (index >= this.generations.length) this.generations = doubled(this.generations)
    return index
  }

  generationOf(index: number): number {
    return this.generations[index]!
  }

  put(index: number, cell: MemoryCell): void {
    this.cells[index] = cell
  }

  /** The life of this slot, whatever its generation. */
  at(index: number): MemoryCell | undefined {
    return this.cells[index]
  }

  /** Whether a PID with these words was ever given out on this shard. */
  everExisted(low: number, generation: number): boolean {
    if (low <= 0 || low >= this.fresh) return false
    return generation < this.generations[low]! || this.cells[low]?.generation === generation
  }

  release(index: number): void {
    this.cells[index] = undefined
    const generation = this.generations[index]! + 1
    this.generations[index] = generation
    if (generation > this.maxGeneration) {
      this.retired++
      return
    }
    if (this.freeSize === this.free.length) {
      const grown = new Int32Array(this.free.length * 2)
      for (let i = 0; i < this.freeSize; i++) grown[i] = this.free[(this.freeHead + i) & (this.free.length - 1)]!
      this.free = grown
      this.freeHead = 0
    }
    this.free[(this.freeHead + this.freeSize) & (this.free.length - 1)] = index
    this.freeSize++
  }

  /** One past the highest index given out. */
  get end(): number {
    return this.fresh
  }
}

const doubled = (array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> => {
  const grown = new Int32Array(array.length * 2)
  grown.set(array)
  return grown
}
