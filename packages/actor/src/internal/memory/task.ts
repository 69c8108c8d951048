import type { MemoryCell } from "./cell.ts"

/** Work of an actor that is no message: a fiber that goes on. */
export class Task {
  readonly run: () => void
  readonly cell: MemoryCell | undefined

  constructor(run: () => void, cell: MemoryCell | undefined) {
    this.run = run
    this.cell = cell
  }
}
