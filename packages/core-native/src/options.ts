/**
 * What a program hands to the small API, checked: each function throws `InvalidOption`, which names what is wrong.
 *
 * Owner: `Runtime`, `PlainActor` and `PlainHost`. A caller without types may hand in anything.
 */
import { InvalidOption } from "./errors.ts"

/** Node.js takes a longer one for 1 ms. */
const MOST_MILLIS = 0x7fffffff

/** Refuses what is no object, and any option that nobody would read. */
export const checkOptions = (options: unknown, known: ReadonlySet<string>, name = "options"): void => {
  if (options === undefined) return
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidOption(name, "must be an object")
  }
  for (const key of Reflect.ownKeys(options)) {
    if (typeof key === "string" && known.has(key)) continue
    const option = name === "options" ? String(key) : `${name}.${String(key)}`
    throw new InvalidOption(option, `is unknown; known are ${[...known].join(", ")}`)
  }
}

export const checkInteger = (option: string, value: unknown, least: number, most: number): number => {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value
  throw new InvalidOption(option, `must be an integer from ${least} to ${most}`)
}

/** ms that may be `Infinity`; `otherwise` when nothing is said. */
export const checkTimeout = (value: unknown, otherwise: number): number => {
  if (value === undefined) return otherwise
  if (typeof value === "number" && value >= 0 && (value <= MOST_MILLIS || value === Infinity)) return value
  throw new InvalidOption("timeout", `must be 0 to ${MOST_MILLIS} ms, or Infinity`)
}

export const checkFunction = (option: string, value: unknown): void => {
  if (value !== undefined && typeof value !== "function") throw new InvalidOption(option, "must be a function")
}

export const checkSignal = (value: unknown): AbortSignal | undefined => {
  if (value === undefined || value instanceof AbortSignal) return value
  throw new InvalidOption("signal", "must be an AbortSignal")
}

/** The addon stores UTF-8, in which lone surrogates are all the same. */
export const isName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && !/\p{Surrogate}/u.test(name)
