/**
 * How what a program hands in is refused: by its name, by what it must be, and by what it is.
 */
import { InvalidOption } from "../InvalidOption.ts"
import { show } from "./show.ts"

export const invalid = (option: string, must: string, value: unknown): InvalidOption =>
  new InvalidOption({ option, issue: `must be ${must}, is ${show(value)}` })

/** Whether an object has the mark of what this package makes. */
export const isMarked = (value: unknown, mark: string | symbol): value is object =>
  (typeof value === "function" || (typeof value === "object" && value !== null)) && mark in value

/** Throws `InvalidOption`. */
export const functionOf = <A>(option: string, value: A): A => {
  if (typeof value === "function") return value
  throw invalid(option, "a function", value)
}
