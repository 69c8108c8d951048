/**
 * Links, watches and exit signals, as records.
 */
import { Submission } from "./generated/layout.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { MembraneCall, MembraneCell, MembraneHost } from "./host.ts"
import { Attention } from "./loop.ts"
import { SUBMISSIONS } from "./ring.ts"
import type { Submissions } from "./submissions.ts"
import { pidOf } from "./words.ts"

export class Signals<C extends MembraneCell, K extends MembraneCall> {
  readonly #submissions: Submissions<C, K>
  readonly #host: MembraneHost<C, K>

  constructor(submissions: Submissions<C, K>, host: MembraneHost<C, K>) {
    this.#submissions = submissions
    this.#host = host
  }

  exit(to: C, from: C | undefined, reason: ExitReason): void {
    this.#submissions.put(Submission.Exit, to, from, 0, this.#submissions.word(reason), 0)
    // It acts between this message and the next one, also in a batch that is under way.
    this.#submissions.loop.attention |= Attention.Flush
  }

  link(a: C, b: C): void {
    this.#submissions.put(Submission.Link, b, a, 0, 0, 0)
  }

  unlink(a: C, b: C): void {
    this.#submissions.put(Submission.Unlink, b, a, 0, 0, 0)
  }

  monitor(watcher: C, target: C, ref: number): void {
    this.#submissions.put(Submission.Monitor, target, watcher, ref, 0, 0)
  }

  /** true: no `down` of it was or will be delivered. */
  demonitor(watcher: C, ref: number): boolean {
    if (this.#submissions.closed) return false
    const { ring } = this.#submissions
    if (ring.pending >= SUBMISSIONS) this.#submissions.flush()
    ring.put(Submission.Demonitor, 0, 0, watcher.low, watcher.generation, ref, 0, 0)
    this.#submissions.flush()
    return ring.result === 1
  }

  /** A watch from outside of any actor. */
  watch(target: C, ref: number): void {
    if (this.#submissions.closed) {
      const from = pidOf(target.low, target.generation)
      void Promise.resolve().then(() => this.#host.outsideDown(ref, from, { _tag: "NoProc", everExisted: true }))
      return
    }
    this.#submissions.put(Submission.Monitor, target, undefined, ref, 0, 0)
  }

  unwatch(ref: number): void {
    const { loop, ring } = this.#submissions
    if (ring.pending >= SUBMISSIONS) this.#submissions.flush()
    ring.put(Submission.Demonitor, 0, 0, 0, 0, ref, 0, 0)
    if (!loop.awake) loop.wake()
  }
}
