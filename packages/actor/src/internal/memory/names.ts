/** Names of living actors: unique, free again before any signal of their holder's end goes out. */
import { asideOf } from "./aside.ts"
import type { MemoryCell } from "./cell.ts"

export class Names {
  private readonly holders = new Map<string, MemoryCell>()

  get(name: string): MemoryCell | undefined {
    return this.holders.get(name)
  }

  /** The caller has asked `get` first. */
  take(name: string, cell: MemoryCell): void {
    this.holders.set(name, cell)
    asideOf(cell).name = name
  }

  release(cell: MemoryCell): void {
    const aside = cell.aside
    if (aside === undefined || aside.name === undefined) return
    this.holders.delete(aside.name)
    aside.name = undefined
  }
}
