/**
 * Slices that are measured together: one reading of the clock for up to 16 of them.
 *
 * Each is charged at once by what its behaviour took before (its cell is in the cache then, and not later); the reading
 * afterwards teaches that average, or puts everyone in the group under suspicion.
 */
import type { MemoryCell } from "./cell.ts"
import { type Meter, SUSPECT } from "./meter.ts"

const SLICES = 16
const MESSAGES = 128

export class Group {
  private readonly meters = new Array<Meter | undefined>(SLICES).fill(undefined)
  size = 0
  messages = 0
  /** Whose slice was the last. */
  last: MemoryCell | undefined = undefined

  /** true: the group is full. */
  add(cell: MemoryCell, meter: Meter, messages: number): boolean {
    this.messages += messages
    this.meters[this.size++] = meter
    this.last = cell
    return this.size === SLICES || this.messages >= MESSAGES
  }

  /** What they took together. */
  judge(millis: number): void {
    const first = this.meters[0]!
    let alike = true
    for (let i = 0; i < this.size; i++) {
      const meter = this.meters[i]!
      if (meter !== first) alike = false
      if (millis > SUSPECT) meter.doubt()
    }
    if (alike) first.learn(millis, this.messages)
  }

  /** Not all of the time was theirs. */
  doubt(): void {
    for (let i = 0; i < this.size; i++) this.meters[i]!.doubt()
  }

  /** Of a group of one: how far the charge was off, in ms. */
  errorAlone(millis: number): number {
    return millis - this.meters[0]!.average * this.messages / 1e6
  }

  clear(): void {
    this.size = this.messages = 0
    this.last = undefined
  }
}
