/**
 * Options that somebody reads: any other is a mistake of whoever wrote it, and refused by its name.
 */
import { InvalidOption } from "../InvalidOption.ts"
import { invalid } from "./invalid.ts"

/** Throws `InvalidOption` for what is no object, and for an option that is not among `known`. `of`: what they are of. */
export const checkKnown = (options: unknown, known: ReadonlySet<string>, of = "options"): void => {
  if (options === undefined) return
  if (typeof options !== "object" || options === null || Array.isArray(options)) throw invalid(of, "an object", options)
  for (const option in options) {
    if (!known.has(option)) throw unread(of === "options" ? option : `${of}.${option}`, known)
  }
}

const unread = (option: string, known: ReadonlySet<string>): InvalidOption =>
  new InvalidOption({ option, issue: `unknown; known are ${[...known].join(", ")}` })
