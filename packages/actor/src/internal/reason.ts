/** Exit reasons that a program hands in: a shard takes a reason as it is, and a caller without types may give anything. */
import * as Schema from "effect/Schema"
import { type ExitReason, ExitReasonSchema } from "../ExitReason.ts"
import { InvalidOption } from "../SpawnError.ts"

const isReason = Schema.is(ExitReasonSchema)

/** Throws `InvalidOption`. */
export const checkedReason = (reason: ExitReason): ExitReason => {
  if (isReason(reason)) return reason
  throw new InvalidOption({ option: "reason", issue: "must be an ExitReason" })
}
