/**
 * Effects as arguments.
 */
import * as Effect from "effect/Effect"
import { invalid } from "./invalid.ts"

/** Throws `InvalidOption`. */
export const effectOf = <A, E, R>(option: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  if (Effect.isEffect(effect)) return effect
  throw invalid(option, "an Effect", effect)
}
