/**
 * What may be the name of an actor. The native system stores UTF-8, in which lone surrogates are all the same: a name
 * that has one is nobody's, on either system.
 */
import { invalid } from "./invalid.ts"

export const isName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && !/\p{Surrogate}/u.test(name)

/** One that a spawn is given. Throws `InvalidOption`. */
export const checkName = (name: unknown): void => {
  if (name !== undefined && !isName(name)) throw invalid("name", "a well-formed string that is not empty", name)
}
