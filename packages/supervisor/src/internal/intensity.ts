/**
 * Restart intensity: at most so many restarts within a period that slides (`add_restart` of OTP's `supervisor`).
 *
 * Every attempt counts, also one that fails to start its child. Time is monotonic and passed in, in ms.
 */
import type { Rules } from "./spec.ts"

export class Intensity {
  // Attempts, oldest first, of which those before `from` have expired. One more than the limit ends the supervisor.
  private attempts: Array<number> = []
  private from = 0

  /** Counts an attempt. false: it is one too many. */
  add(now: number, { intensity, period }: Pick<Rules, "intensity" | "period">): boolean {
    const since = now - period
    while (this.from < this.attempts.length && this.attempts[this.from]! < since) this.from++
    if (this.from * 2 > this.attempts.length) {
      this.attempts.splice(0, this.from)
      this.from = 0
    }
    this.attempts.push(now)
    return this.recent <= intensity
  }

  /** Attempts that still count. */
  get recent(): number {
    return this.attempts.length - this.from
  }
}
