/**
 * What a program hands to the small API, checked: each function throws `InvalidOption`, which names what is wrong.
 *
 * Owner: `Runtime`, `PlainActor` and `PlainHost`. A caller without types may hand in anything.
 */
import { InvalidOption } from "./errors.ts"

/** Node.js takes a longer one for 1 ms. */
const MOST_MILLIS = 0x7fffffff

/** A value in a few words. Nothing of it is run, and however large it is, the text is short and well-formed. */
const show = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return JSON.stringify((value.length > 60 ? `${value.slice(0, 60)}…` : value).replace(/\p{Surrogate}/gu, "\ufffd"))
    case "object":
      return value === null ? "null" : isArray(value) ? "an array" : "an object"
    case "function":
    case "symbol":
    case "bigint":
      // Of a large one the digits cost more than what they tell.
      return `a ${typeof value}`
    default:
      return String(value)
  }
}

/** How what a program hands in is refused: by its name, by what it must be, and by what it is. */
export const invalid = (option: string, must: string, value: unknown): InvalidOption =>
  new InvalidOption(option, `must be ${must}, is ${show(value)}`)

// A revoked proxy throws at whatever is asked of it, this included.
const isArray = (value: object): boolean => {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** Whether a value was made by a class. A revoked proxy is nobody's. */
export const isA = <A>(value: unknown, made: abstract new(...args: never) => A): value is A => {
  try {
    return value instanceof made
  } catch {
    return false
  }
}

/** The keys of what has options; undefined for whatever has none. */
const keysOf = (value: unknown): ReadonlyArray<string | symbol> | undefined => {
  if (typeof value !== "object" || value === null || isArray(value)) return undefined
  try {
    return Reflect.ownKeys(value)
  } catch {
    return undefined
  }
}

export const isObject = (value: unknown): value is object => keysOf(value) !== undefined

/** Refuses what is no object, and any option that nobody would read. */
export const checkOptions = (options: unknown, known: ReadonlySet<string>, name = "options"): void => {
  if (options === undefined) return
  const keys = keysOf(options)
  if (keys === undefined) throw invalid(name, "an object", options)
  for (const key of keys) {
    if (typeof key === "string" && known.has(key)) continue
    const option = name === "options" ? String(key) : `${name}.${String(key)}`
    throw new InvalidOption(option, `is unknown; known are ${[...known].join(", ")}`)
  }
}

export const checkInteger = (option: string, value: unknown, least: number, most: number): number => {
  if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value
  throw invalid(option, `an integer from ${least} to ${most}`, value)
}

/** ms that may be `Infinity`; `otherwise` when nothing is said. */
export const checkTimeout = (value: unknown, otherwise: number): number => {
  if (value === undefined) return otherwise
  if (typeof value === "number" && value >= 0 && (value <= MOST_MILLIS || value === Infinity)) return value
  throw invalid("timeout", `0 to ${MOST_MILLIS} ms, or Infinity`, value)
}

export const checkFunction = (option: string, value: unknown): void => {
  if (value !== undefined && typeof value !== "function") throw invalid(option, "a function", value)
}

export const checkSignal = (value: unknown): AbortSignal | undefined => {
  if (value === undefined || isA(value, AbortSignal)) return value
  throw invalid("signal", "an AbortSignal", value)
}

/** The addon stores UTF-8, in which lone surrogates are all the same. */
export const isName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && !/\p{Surrogate}/u.test(name)
