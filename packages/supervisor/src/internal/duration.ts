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

// Of an object that names no unit Effect makes 0.
const isDuration = (input: Duration.Input): boolean =>
  typeof input !== "object"
  || (input !== null && (Duration.isDuration(input) || Array.isArray(input) || units.some((unit) => unit in input)))

/** ms; NaN for what is no duration. */
export const toMillis = (input: Duration.Input): number => {
  if (Number.isNaN(input) || !isDuration(input)) return NaN
  const duration = Duration.fromInput(input)
  return duration._tag === "Some" ? Duration.toMillis(duration.value) : NaN
}
