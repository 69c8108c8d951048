/**
 * Ends of children: asked, waited for, killed.
 *
 * The watch is made before the signal goes out, and stands outside of any actor: a child that unlinked itself, or that
 * ignores the signal, ends all the same.
 */
import { Actor, type AnyRef, ExitReason, Monitor } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import type { Treatment } from "./spec.ts"

/** Signals, waits for `end`, and kills when that takes too long. */
export const within = <A>(
  how: Treatment["shutdown"],
  signal: (reason: ExitReason) => Effect.Effect<void>,
  end: Effect.Effect<A>
): Effect.Effect<A> => {
  if (how === "brutal") return Effect.andThen(signal(ExitReason.killed), end)
  const asked = Effect.andThen(signal(ExitReason.shutdown()), end)
  return how === Infinity
    ? asked
    : Effect.timeoutOrElse(asked, { duration: how, orElse: () => Effect.andThen(signal(ExitReason.killed), end) })
}

/** Stops one child, and says how it ended. */
export const shutdown = (ref: AnyRef, how: Treatment["shutdown"]): Effect.Effect<ExitReason> =>
  Effect.scoped(
    Effect.flatMap(Monitor.make(ref), (end) => within(how, (reason) => Actor.exit(ref, reason), end))
  )

/** Whether a child that was stopped has ended as it was asked to (`shutdown` of OTP's `supervisor`). */
export const isOrderly = (reason: ExitReason, how: Treatment["shutdown"], isPermanent: boolean): boolean => {
  switch (reason._tag) {
    case "Shutdown":
      return true
    case "Killed":
      return how === "brutal"
    case "Normal":
      return !isPermanent
    // It had ended before, and that has been told.
    case "NoProc":
      return true
    default:
      return false
  }
}
