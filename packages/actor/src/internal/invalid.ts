/**
 * How what a program hands in is refused: by its name, by what it must be, and by what it is.
 */
import { InvalidOption } from "../InvalidOption.ts"
import { show } from "./show.ts"

export const invalid = (option: string, must: string, value: unknown): InvalidOption =>
  new InvalidOption({ option, issue: `must be ${must}, is ${show(value)}` })

/** Whether a class made it. A revoked proxy throws at whatever is asked of it: no class did. */
export const isA = <A>(value: unknown, made: abstract new(...args: never) => A): value is A => {
  try {
    return value instanceof made
  } catch {
    return false
  }
}

/** Whether an object has the mark of what this package makes. A revoked proxy has none. */
export const isMarked = (value: unknown, mark: string | symbol): value is object => {
  try {
    return (typeof value === "function" || (typeof value === "object" && value !== null)) && mark in value
  } catch {
    return false
  }
}

/** Throws `InvalidOption`. */
export const functionOf = <A>(option: string, value: A): A => {
  if (typeof value === "function") return value
  throw invalid(option, "a function", value)
}
