/**
 * Mailbox options, checked once and turned into what shards take.
 */
import * as Duration from "effect/Duration"
import type { Mailbox } from "../Mailbox.ts"
import { InvalidOption } from "../SpawnError.ts"
import { checkKnown } from "./known.ts"
import { OnFull } from "./shard.ts"

export interface ResolvedMailbox {
  readonly capacity: number
  readonly onFull: number
  /** ms */
  readonly sendTimeout: number
}

const maxCapacity = 2 ** 24

/** What a system starts from. */
export const defaultMailbox: ResolvedMailbox = { capacity: 65_536, onFull: OnFull.reject, sendTimeout: 5_000 }

// Effect reads them as 0.
const hasNaN = (input: Duration.Input): boolean =>
  typeof input === "number"
    ? Number.isNaN(input)
    : typeof input === "object" && !Duration.isDuration(input) && Object.values(input).some(Number.isNaN)

/** ms of a duration of an option. Throws `InvalidOption`, which names it. */
export const millisOf = (option: string, input: Duration.Input, max: number, min = Number.MIN_VALUE): number => {
  let millis: number
  try {
    millis = hasNaN(input) ? NaN : Duration.toMillis(Duration.fromInputUnsafe(input))
  } catch {
    throw new InvalidOption({ option, issue: `not a duration: ${JSON.stringify(input)}` })
  }
  if (!(millis >= min) || millis > max) {
    throw new InvalidOption({
      option,
      issue: `must be ${min === 0 ? "0 ms or more" : "more than 0 ms"} and at most ${max} ms, is ${millis} ms`
    })
  }
  return millis
}

const mailboxOptions: ReadonlySet<string> = new Set(
  ["capacity", "onFull", "sendTimeout"] satisfies ReadonlyArray<keyof Mailbox>
)

/** What `mailbox` says, and `base` where it says nothing. Throws `InvalidOption`. */
export const resolveMailbox = (mailbox: Mailbox, base: ResolvedMailbox): ResolvedMailbox => {
  checkKnown(mailbox, mailboxOptions, "mailbox")
  const { capacity = base.capacity, onFull } = mailbox
  if (!Number.isInteger(capacity) || capacity < 1 || capacity > maxCapacity) {
    throw new InvalidOption({
      option: "mailbox.capacity",
      issue: `must be an integer from 1 to ${maxCapacity}, is ${String(capacity)}`
    })
  }
  if (onFull !== undefined && !Object.hasOwn(OnFull, onFull)) {
    throw new InvalidOption({
      option: "mailbox.onFull",
      issue: `must be one of ${Object.keys(OnFull).join(", ")}, is ${String(onFull)}`
    })
  }
  return {
    capacity,
    onFull: onFull === undefined ? base.onFull : OnFull[onFull],
    // 24 bits of a record word.
    sendTimeout: mailbox.sendTimeout === undefined
      ? base.sendTimeout
      : Math.ceil(millisOf("mailbox.sendTimeout", mailbox.sendTimeout, 2 ** 24 - 1))
  }
}
