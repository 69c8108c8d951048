/** The clock that a supervisor's rules go by: what a program may set, and no change of the machine's time. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

/** ms. */
export const monotonic = (context: Context.Context<never>): number =>
  Number(Context.get(context, Clock.Clock).monotonicTimeNanosUnsafe()) / 1e6
