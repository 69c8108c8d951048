/**
 * Records that wait to be ingested, as every part of the membrane writes them: room is made first, and the loop wakes
 * afterwards. What is written after the end is swept once the ring is full, for there is no shard that could read it.
 */
import { SUBMISSIONS } from "./ring.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { MembraneCall, MembraneCell } from "./host.ts"
import type { Loop } from "./loop.ts"
import type { CrashReason, Reasons } from "./reasons.ts"
import type { Ring } from "./ring.ts"

export class Submissions<C extends MembraneCell, K extends MembraneCall> {
  /** The shard is gone. */
  closed = false
  readonly ring: Ring
  readonly loop: Loop<C, K>
  readonly now: () => number
  readonly #reasons: Reasons
  readonly #sweep: () => void

  constructor(ring: Ring, loop: Loop<C, K>, reasons: Reasons, now: () => number, sweep: () => void) {
    this.ring = ring
    this.loop = loop
    this.now = now
    this.#reasons = reasons
    this.#sweep = sweep
  }

  /** Ingests what waits; delivers nothing. */
  flush(): void {
    if (this.closed) {
      if (this.ring.pending >= SUBMISSIONS) this.#sweep()
      return
    }
    this.ring.flush(this.now())
    if (!this.loop.awake) this.loop.wake()
  }

  put(kind: number, to: C, from: C | undefined, slot: number, a: number, b: number): void {
    const ring = this.ring
    if (ring.pending >= SUBMISSIONS) this.flush()
    if (from === undefined) ring.put(kind, to.low, to.generation, 0, 0, slot, a, b)
    else ring.put(kind, to.low, to.generation, from.low, from.generation, slot, a, b)
    if (!this.loop.awake) this.loop.wake()
  }

  /** The word of a reason; after the end nobody reads it. */
  word(reason: ExitReason): number {
    return this.closed ? 0 : this.#reasons.word(reason)
  }

  /** The word of a failure that an actor ends by; for a record that says `ExitSelf.Kept`. */
  heldWord(reason: CrashReason, isOwn: boolean): number {
    if (this.closed) return 0
    const reasons = this.#reasons
    if (!reasons.isLatest(reason, isOwn)) {
      if (reasons.isFull) {
        // Until it is ingested, a record that names one of them holds no count of its word.
        if (this.ring.pending > 0) this.flush()
        if (this.ring.gone) return 0
        reasons.makeRoom()
      }
      reasons.hold(reason, isOwn)
    }
    return reasons.latestWord
  }
}
