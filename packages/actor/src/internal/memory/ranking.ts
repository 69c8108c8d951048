/** The first n by some measure, without sorting all: a heap of n whose root is the one to go. */

interface Ranked<T> {
  readonly amount: number
  readonly pid: number
  readonly what: T
}

/** Which of two goes first: the lower amount, of equal ones the higher PID. */
const isLess = (a: Ranked<unknown>, b: Ranked<unknown>): boolean =>
  a.amount < b.amount || (a.amount === b.amount && a.pid > b.pid)

export class Ranking<T> {
  private readonly heap: Array<Ranked<T>> = []
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  offer(what: T, pid: number, amount: number): void {
    const { heap } = this
    const root = heap[0]
    if (heap.length < this.most) this.rise({ amount, pid, what })
    else if (root !== undefined && (root.amount < amount || (root.amount === amount && root.pid > pid))) {
      this.sink({ amount, pid, what })
    }
  }

  /** The highest first. */
  ranked(): Array<T> {
    return [...this.heap].sort((a, b) => isLess(a, b) ? 1 : -1).map(({ what }) => what)
  }

  private rise(entry: Ranked<T>): void {
    const { heap } = this
    let at = heap.length
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!isLess(entry, heap[above]!)) break
      heap[at] = heap[above]!
      at = above
    }
    heap[at] = entry
  }

  /** In the place of the root. */
  private sink(entry: Ranked<T>): void {
    const { heap } = this
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && isLess(heap[below + 1]!, heap[below]!)) below++
      if (!isLess(heap[below]!, entry)) break
      heap[at] = heap[below]!
      at = below
    }
    heap[at] = entry
  }
}
