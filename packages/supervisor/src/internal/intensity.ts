/**
 * Restart intensity: at most so many restarts within a period that slides (`add_restart` of OTP's `supervisor`).
 *
 * Every attempt counts, also one that fails to start its child. Time is monotonic and passed in, in ms.
 */
import type { Rules } from "./spec.ts"

export class Intensity {
  // Attempts within the period, oldest first. One more than the limit ends the supervisor, so that is its bound.
  private attempts: Array<number> = []

  /** Counts an attempt. false: it is one too many. */
  add(now: number, { intensity, period }: Pick<Rules, "intensity" | "period">): boolean {
    const since = now - period
    let expired = 0
    while (expired < this.attempts.length && this.attempts[expired]! < since) expired++
    if (expired > 0) this.attempts.splice(0, expired)
    this.attempts.push(now)
    return this.attempts.length <= intensity
  }

  /** Attempts that still count. */
  get recent(): number {
    return this.attempts.length
  }
}
