/** What an agent does for others ends in an error that crosses, never in the end of the agent. */
import * as Cause from "effect/Cause"
import * as Stream from "effect/Stream"

/** The error of a cause; of a defect, or of an interruption that nobody meant, what `otherwise` makes of it. */
export const typed = <E, D>(cause: Cause.Cause<E>, otherwise: (defect: unknown) => D): E | D => {
  const failure = Cause.hasDies(cause) ? undefined : cause.reasons.find(Cause.isFailReason)
  return failure === undefined ? otherwise(Cause.squash(cause)) : failure.error
}

/** Without defects. */
export const guarded = <A, E, D>(
  stream: Stream.Stream<A, E>,
  otherwise: (defect: unknown) => D
): Stream.Stream<A, E | D> =>
  Stream.catchCause(
    stream,
    (cause): Stream.Stream<A, E | D> =>
      Cause.hasInterruptsOnly(cause) ? Stream.failCause(cause) : Stream.fail(typed(cause, otherwise))
  )
