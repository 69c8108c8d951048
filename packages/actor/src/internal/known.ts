/**
 * Options that somebody reads: any other is a mistake of whoever wrote it, and refused by its name.
 */
import { InvalidOption } from "../InvalidOption.ts"
import { invalid } from "./invalid.ts"

/**
 * Throws `InvalidOption` for what is no object, and for an option that is not among `known`. `of`: what they are of;
 * `elsewhere`: who else takes one.
 */
export const checkKnown = (
  options: unknown,
  known: ReadonlySet<string>,
  of = "options",
  elsewhere?: (option: string) => string | undefined
): void => {
  if (options === undefined) return
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw invalid(of, "an object", options)
  for (const option in options) {
    if (known.has(option)) continue
    const owner = elsewhere?.(option)
    const what = owner === undefined ? "unknown" : `an option of ${owner}, and of no other`
    throw unread(of === "options" ? option : `${of}.${option}`, what, known)
  }
}

const unread = (option: string, what: string, known: ReadonlySet<string>): InvalidOption =>
  new InvalidOption({ option, issue: `${what}; known are ${[...known].join(", ")}` })
