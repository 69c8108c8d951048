/**
 * Which behaviours are known to be short, so that the clock (42 ns) is not read for each of their slices.
 *
 * A behaviour is proven short by `PROOF` measured slices in a row, all below `SHORT`. From then on it is measured in
 * groups. A group that took longer than `SUSPECT` un-proves everyone in it, and each is measured alone again.
 */
import type { Bound } from "../bound.ts"

/** ms. A slice below it is short. */
export const SHORT = 0.05
/** ms. A group above it has a member that is not short. */
export const SUSPECT = 0.5
/** ms. What a slice may take; beyond it the actor is in debt. */
export const BUDGET = 1
/** Measured slices that prove a behaviour. */
const PROOF = 32

export class Meter {
  proven = false
  /** ns a message, smoothed and rounded: what an unmeasured message is charged. */
  average = 0
  private streak = 0

  /** A slice of its own was measured. */
  record(millis: number, messages: number): void {
    this.learn(millis, messages)
    if (millis >= SHORT) this.streak = 0
    else if (++this.streak >= PROOF) this.proven = true
  }

  learn(millis: number, messages: number): void {
    if (messages === 0) return
    const sample = Math.min(millis / messages * 1e6, 1e9)
    this.average = Math.round(this.average + (sample - this.average) / 8)
  }

  doubt(): void {
    this.proven = false
    this.streak = 0
  }
}

export const meterOf = (bound: Bound): Meter => (bound.meter ??= new Meter()) as Meter
