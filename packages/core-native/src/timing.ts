/**
 * Timers, as records: what they will deliver stays here (`timers.ts`), when they are due is the shard's.
 */
import { Flag, RECORD_WORDS, Submission } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell } from "./host.ts"
import { SUBMISSIONS } from "./ring.ts"
import type { Submissions } from "./submissions.ts"
import type { Timers } from "./timers.ts"

/** What a tick may say of itself. */
const TICK = Flag.Priority | Flag.Reentrant

export class Timing<C extends MembraneCell, K extends MembraneCall> {
  readonly #submissions: Submissions<C, K>
  readonly #timers: Timers<C>

  constructor(submissions: Submissions<C, K>, timers: Timers<C>) {
    this.#submissions = submissions
    this.#timers = timers
  }

  start(
    cell: C,
    ref: number,
    delay: number,
    repeat: boolean,
    op: number,
    payload: unknown,
    flags: number
  ): void {
    this.#timers.start(cell, ref, { op, payload, repeat })
    const { loop, ring } = this.#submissions
    if (ring.pending >= SUBMISSIONS) this.#submissions.flush()
    const at = ring.pending * RECORD_WORDS
    ring.put(Submission.Timer | ((flags & TICK) << 8), cell.low, cell.generation, repeat ? 1 : 0, 0, ref, 0, 0)
    ring.outFloats[(at >> 1) + 3] = delay
    if (!loop.awake) loop.wake()
  }

  /** ms left; 0: its message was queued and is not delivered any more; undefined: delivered, or never was. */
  cancel(cell: C, ref: number): number | undefined {
    if (this.#submissions.closed) return undefined
    this.#submissions.put(Submission.Cancel, cell, undefined, ref, 0, 0)
    this.#submissions.flush()
    this.#timers.cancel(cell, ref)
    const left = this.#submissions.ring.result
    return left < 0 ? undefined : left
  }
}
