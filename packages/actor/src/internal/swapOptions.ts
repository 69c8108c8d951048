/** Options of swaps, checked. Throws `InvalidOption`. */
import type * as Duration from "effect/Duration"
import { InvalidOption } from "../SpawnError.ts"
import type { Resolved } from "./hotSwap.ts"
import { millisOf } from "./mailbox.ts"
import { journalled } from "./swap.ts"

interface Options {
  readonly canary?: {
    readonly messages?: number | undefined
    readonly within?: Duration.Input | undefined
    readonly maxRollbacks?: number | undefined
  } | undefined
  readonly timeout?: Duration.Input | undefined
  readonly keep?: number | undefined
  readonly concurrency?: number | undefined
}

/** ms. */
const patience = 5000

const whole = (option: string, value: number, least: number, most: number): number => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw new InvalidOption({ option, issue: `must be a whole number from ${least} to ${most}` })
}

export const resolveSwap = ({ canary, concurrency = 1, keep = 2, timeout }: Options = {}): Resolved => ({
  timeout: timeout === undefined ? patience : millisOf("timeout", timeout, Infinity),
  keep: whole("keep", keep, 0, 16),
  concurrency: whole("concurrency", concurrency, 1, 65_536),
  canary: canary === undefined ? undefined : {
    messages: whole("canary.messages", canary.messages ?? 1000, 1, journalled),
    within: canary.within === undefined ? patience : millisOf("canary.within", canary.within, Infinity),
    maxRollbacks: whole("canary.maxRollbacks", canary.maxRollbacks ?? 1, 1, Number.MAX_SAFE_INTEGER)
  }
})
