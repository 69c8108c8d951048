/**
 * Links: pairs of actors that share their fate. At most one per pair, from either side removable at once.
 *
 * Each link has a number, and an exit signal carries it: a signal whose link was removed in the meantime is void, also
 * when the same two were linked again.
 */
import { asideOf } from "./aside.ts"
import type { MemoryCell } from "./cell.ts"

export class Links {
  private made = 0

  /** false: they are linked. */
  connect(a: MemoryCell, b: MemoryCell): boolean {
    if (a.aside?.links?.has(b) === true || a.aside?.exits?.has(b) === true) return false
    const number = ++this.made
    ;(asideOf(a).links ??= new Map()).set(b, number)
    ;(asideOf(b).links ??= new Map()).set(a, number)
    return true
  }

  /** The half of a link whose other end is gone; its number. 0: there is one. */
  connectToAbsent(a: MemoryCell, absent: MemoryCell): number {
    if (a.aside?.exits?.has(absent) === true) return 0
    const links = asideOf(a).links ??= new Map()
    if (links.has(absent)) return 0
    const number = ++this.made
    links.set(absent, number)
    return number
  }

  disconnect(a: MemoryCell, b: MemoryCell): void {
    a.aside?.links?.delete(b)
    b.aside?.links?.delete(a)
  }

  /** Ends the receiver's half when a signal of that link arrives. false: the link is no longer active. */
  consume(to: MemoryCell, from: MemoryCell, number: number): boolean {
    const links = to.aside?.links
    if (links === undefined || links.get(from) !== number) return false
    links.delete(from)
    return true
  }
}
