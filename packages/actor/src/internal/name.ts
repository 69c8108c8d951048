/**
 * What may be the name of an actor. The native system stores UTF-8, in which lone surrogates are all the same: a name
 * that has one is nobody's, on either system.
 */
export const isName = (name: unknown): name is string =>
  typeof name === "string" && name !== "" && !/\p{Surrogate}/u.test(name)
