/**
 * Senders that are no actors and wait for room in a full mailbox.
 *
 * The shard is asked once for each mailbox, however many wait for it: who gives up is forgotten here, and leaves nothing
 * behind there. Owner: the membrane; the loop takes them out.
 */
import type { MembraneCell } from "./host.ts"

interface Queue<C> {
  readonly cell: C
  /** In order. Empty: all have given up, and the shard's answer is nobody's. */
  readonly resumes: Set<() => void>
}

const MOST = 0xffffffff

export class Waiters<C extends MembraneCell> {
  readonly #byNumber = new Map<number, Queue<C>>()
  readonly #byCell = new Map<C, Queue<C>>()
  #last = 0

  /** Calls `ask` with a number that the shard has not been given yet, when it has to be asked. Returns the undo. */
  add(cell: C, resume: () => void, ask: (number: number) => void): () => void {
    // The same function may wait twice.
    const own = (): void => resume()
    let queue = this.#byCell.get(cell)
    if (queue === undefined) {
      queue = { cell, resumes: new Set() }
      this.#byCell.set(cell, queue)
      this.#last = this.#last === MOST ? 1 : this.#last + 1
      this.#byNumber.set(this.#last, queue)
      ask(this.#last)
    }
    const { resumes } = queue
    resumes.add(own)
    return () => void resumes.delete(own)
  }

  /** How many wait for room there. */
  count(cell: C): number {
    return this.#byCell.get(cell)?.resumes.size ?? 0
  }

  /** There is room, or nobody any more: those who go on, in order. */
  take(number: number): Iterable<() => void> {
    const queue = this.#byNumber.get(number)
    if (queue === undefined) return []
    this.#byNumber.delete(number)
    this.#byCell.delete(queue.cell)
    return queue.resumes
  }

  /** All of them, at the end. */
  takeAll(): ReadonlyArray<() => void> {
    const all = Array.from(this.#byNumber.values(), ({ resumes }) => Array.from(resumes)).flat()
    this.#byNumber.clear()
    this.#byCell.clear()
    return all
  }
}
