/** Exit reasons that a program hands in: a shard takes a reason as it is, and a caller without types may give anything. */
import * as Schema from "effect/Schema"
import { ExitReason, ExitReasonSchema } from "../ExitReason.ts"
import { invalid } from "./invalid.ts"

const fits = Schema.is(ExitReasonSchema)

// The constants, which are most of them, cost nothing.
const isReason = (reason: ExitReason): boolean =>
  reason === ExitReason.normal || reason === ExitReason.killed || fits(reason)

/** Throws `InvalidOption`. */
export const checkedReason = (reason: ExitReason): ExitReason => {
  if (isReason(reason)) return reason
  throw invalid("reason", "an ExitReason", reason)
}
