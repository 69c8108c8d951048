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

const objectOf = <A>(option: string, value: A): A => {
  if (typeof value === "object" && value !== null) return value
  throw new InvalidOption({ option, issue: "must be an object" })
}

const canaryOf = ({ maxRollbacks, messages, within }: NonNullable<Options["canary"]>): Resolved["canary"] => ({
  messages: whole("canary.messages", messages ?? 1000, 1, journalled),
  within: within === undefined ? patience : millisOf("canary.within", within, Infinity),
  maxRollbacks: whole("canary.maxRollbacks", maxRollbacks ?? 1, 1, Number.MAX_SAFE_INTEGER)
})

export const resolveSwap = (options: Options = {}): Resolved => {
  const { canary, concurrency = 1, keep = 2, timeout } = objectOf("options", options)
  return {
    timeout: timeout === undefined ? patience : millisOf("timeout", timeout, Infinity),
    keep: whole("keep", keep, 0, 16),
    concurrency: whole("concurrency", concurrency, 1, 65_536),
    canary: canary === undefined ? undefined : canaryOf(objectOf("canary", canary))
  }
}
