/**
 * Durations in specs.
 */
import * as Duration from "effect/Duration"

const units: ReadonlyArray<string> = [
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds"
] satisfies ReadonlyArray<keyof Duration.DurationObject>

const isUnit = (key: string): boolean => units.includes(key)

// What Effect reads as 0, a spec does not say: NaN, an object or an array with it, and what an object has that is no
// unit. The same is none to a spawn (G222).
const isNone = (input: Duration.Input): boolean => {
  if (typeof input === "number") return Number.isNaN(input)
  if (typeof input !== "object" || Duration.isDuration(input)) return false
  if (input === null || Object.values(input).some(Number.isNaN)) return true
  return !Array.isArray(input) && !(units.some((unit) => unit in input) && Object.keys(input).every(isUnit))
}

/** ms; NaN for what is no duration. */
export const toMillis = (input: Duration.Input): number => {
  if (isNone(input)) return NaN
  const duration = Duration.fromInput(input)
  return duration._tag === "Some" ? Duration.toMillis(duration.value) : NaN
}
