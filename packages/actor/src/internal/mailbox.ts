/**
 * Mailbox options, checked once and turned into what shards take.
 */
import * as Duration from "effect/Duration"
import type { Mailbox } from "../Mailbox.ts"
import { InvalidOption } from "../SpawnError.ts"
import { invalid } from "./invalid.ts"
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

const units: ReadonlyArray<string> = [
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
] satisfies ReadonlyArray<keyof Duration.DurationObject>

const isUnit = (key: string): boolean => units.includes(key)

// Effect reads these as 0: NaN, an object with it, and whatever else an object has that is no unit.
const isNone = (input: Duration.Input): boolean => {
  if (typeof input === "number") return Number.isNaN(input)
  if (typeof input !== "object" || input === null || Duration.isDuration(input)) return false
  if (Object.values(input).some(Number.isNaN)) return true
  return !Array.isArray(input) && !(units.some((unit) => unit in input) && Object.keys(input).every(isUnit))
}

/** ms of a duration of an option. Throws `InvalidOption`, which names it. */
export const millisOf = (option: string, input: Duration.Input, max: number, min = Number.MIN_VALUE): number => {
  let millis: number
  try {
    millis = isNone(input) ? NaN : Duration.toMillis(Duration.fromInputUnsafe(input))
  } catch {
    throw invalid(option, "a duration", input)
  }
  if (Number.isNaN(millis)) throw invalid(option, "a duration", input)
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
    throw invalid("mailbox.capacity", `an integer from 1 to ${maxCapacity}`, capacity)
  }
  if (onFull !== undefined && !(typeof onFull === "string" && Object.hasOwn(OnFull, onFull))) {
    throw invalid("mailbox.onFull", `one of ${Object.keys(OnFull).join(", ")}`, onFull)
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
