/**
 * Options that somebody reads: any other is a mistake of whoever wrote it, and refused by its name.
 */
import { InvalidOption } from "../SpawnError.ts"

/** Throws `InvalidOption` for what is no object, and for an option that is not among `known`. `of`: what they are of. */
export const checkKnown = (options: unknown, known: ReadonlySet<string>, of = "options"): void => {
  if (options === undefined) return
  if (typeof options !== "object" || options === null) {
    throw new InvalidOption({ option: of, issue: "must be an object" })
  }
  for (const option in options) {
    if (!known.has(option)) throw unread(of === "options" ? option : `${of}.${option}`, known)
  }
}

const unread = (option: string, known: ReadonlySet<string>): InvalidOption =>
  new InvalidOption({ option, issue: `unknown; known are ${[...known].join(", ")}` })
