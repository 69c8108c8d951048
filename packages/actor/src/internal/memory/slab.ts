/**
 * PIDs: slots by index, each used by one actor after the other. The generation counts them.
 *
 * Rules, the same as in the Rust slab: index 0 is never given out; fresh indexes come in increasing order, and only
 * when no slot is free; freed slots are reused in FIFO order; a slot's first life has generation 0; a slot that has
 * lived its last generation retires, so that no PID ever names two actors.
 */
import { MAX_GENERATION, MAX_INDEX } from "../generated/numbers.ts"
import type { MemoryCell } from "./cell.ts"

// V8 compiles a constant of this module into the code; an imported one it would load with each spawn.
const maxIndex = MAX_INDEX

export class Slab {
  private readonly cells: Array<MemoryCell | undefined> = [undefined]
  /** The generation of the slot's actor, or of the next one while it is free. */
  private generations = new Int32Array(64)
  /**
   * How many actors there had been when the slot's actor began. A double, because 2^31 actors are some hours of work.
   */
  private births = new Float64Array(64)
  private born = 0
  /** How many slots are in use. */
  lives = 0
  private fresh = 1
  private readonly maxGeneration: number
  /** Free slots, as a ring of indexes. */
  private slots = new Int32Array(64)
  private slotHead = 0
  private slotCount = 0
  retired = 0

  constructor(maxGeneration: number = MAX_GENERATION) {
    this.maxGeneration = maxGeneration
  }

  /** The index for the next actor; 0: all are in use or spent. */
  next(): number {
    if (this.slotCount > 0) {
      const index = this.slots[this.slotHead]!
      this.slotHead = (this.slotHead + 1) & (this.slots.length - 1)
      this.slotCount--
      return index
    }
    if (this.fresh > maxIndex) return 0
    const index = this.fresh++
    if (index >= this.generations.length) this.grow()
    return index
  }

  generationOf(index: number): number {
    return this.generations[index]!
  }

  put(index: number, cell: MemoryCell): void {
    this.cells[index] = cell
    this.births[index] = ++this.born
    this.lives++
  }

  /** Compares two actors by when they began. */
  byBirth(a: MemoryCell, b: MemoryCell): number {
    return this.births[a.low]! - this.births[b.low]!
  }

  /**
   * The PIDs of all actors in order of their begin, if that is the order of their slots; else undefined. Reads no cell:
   * a group swap begins with this, and reading 10,000 cells that are in no cache takes a millisecond.
   */
  pidsInOrder(): Float64Array | undefined {
    const { births, cells, generations } = this
    const pids = new Float64Array(this.lives)
    let count = 0
    let latest = 0
    for (let index = 1; index < this.fresh; index++) {
      if (cells[index] === undefined) continue
      const birth = births[index]!
      if (birth < latest) return undefined
      latest = birth
      pids[count++] = generations[index]! * 4294967296 + index
    }
    return pids
  }

  /** The actor of this slot, whatever its generation. */
  at(index: number): MemoryCell | undefined {
    return this.cells[index]
  }

  /** Whether a PID with these words was ever given out on this shard. */
  everExisted(low: number, generation: number): boolean {
    if (low <= 0 || low >= this.fresh) return false
    return generation < this.generations[low]! || this.cells[low]?.generation === generation
  }

  /** The slot's actor has ended. The slot is not free yet: signals of that end are on their way. */
  end(index: number): void {
    this.cells[index] = undefined
    this.lives--
    this.generations[index] = this.generations[index]! + 1
  }

  /** The slot may be used again, unless its generations are spent. */
  free(index: number): void {
    if (this.generations[index]! > this.maxGeneration) {
      this.retired++
      return
    }
    const size = this.slots.length
    if (this.slotCount === size) {
      const grown = new Int32Array(size * 2)
      for (let i = 0; i < size; i++) grown[i] = this.slots[(this.slotHead + i) & (size - 1)]!
      this.slots = grown
      this.slotHead = 0
    }
    this.slots[(this.slotHead + this.slotCount) & (this.slots.length - 1)] = index
    this.slotCount++
  }

  private grow(): void {
    const generations = new Int32Array(this.generations.length * 2)
    generations.set(this.generations)
    this.generations = generations
    const births = new Float64Array(generations.length)
    births.set(this.births)
    this.births = births
  }

  /** One past the highest index given out. */
  get size(): number {
    return this.fresh
  }
}
