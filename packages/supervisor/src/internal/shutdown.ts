/**
 * Ends of children: asked, waited for, killed. That a child has ended its supervisor is told by the system, so that one
 * that unlinked itself, or that ignores the signal, ends all the same.
 */
import { Actor, type AnyRef, ExitReason } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { monotonic } from "./monotonic.ts"
import type { Treatment } from "./spec.ts"

/** Signals, waits for `end`, and kills when that takes too long; `unheard` begins then, and may bring the end, too. */
export const within = <A>(
  how: Treatment["shutdown"],
  signal: (reason: ExitReason) => Effect.Effect<void>,
  end: Effect.Effect<A>,
  unheard: Effect.Effect<void>
): Effect.Effect<A> => {
  const killed = Effect.andThen(signal(ExitReason.killed), Effect.raceFirst(end, Effect.andThen(unheard, Effect.never)))
  if (how === "brutal") return killed
  const asked = Effect.andThen(signal(ExitReason.shutdown()), end)
  return how === Infinity ? asked : Effect.timeoutOrElse(asked, { duration: how, orElse: () => killed })
}

/**
 * Of one that was killed: that its isolate is silent, so that nobody here will hear of its end (G291). Else it goes on
 * until whoever waits for that end gives it up.
 */
export const unheard = (ref: AnyRef): Effect.Effect<ExitReason> =>
  Effect.matchEffect(Actor.info(ref), {
    onFailure: ({ reason }) => reason._tag === "NodeUnreachable" ? Effect.succeed(reason) : Effect.never,
    onSuccess: () => Effect.never
  })

/** A supervisor ends in its own turn, which it does not get while it is suspended. */
export const awake = (ref: AnyRef): Effect.Effect<void> => Effect.ignore(Actor.resume(ref))

const resolved = Promise.resolve()

/** The stop of one child. Its time runs by itself, whoever waits. */
export class Stopping {
  readonly how: Treatment["shutdown"]
  private readonly ref: AnyRef
  private readonly context: Context.Context<never>
  private readonly lost: (reason: ExitReason) => void
  private timer: Fiber.Fiber<void> | undefined = undefined
  private waiters: Array<() => void> | undefined = []

  /** `lost`: nobody will hear of its end. */
  constructor(
    ref: AnyRef,
    how: Treatment["shutdown"],
    context: Context.Context<never>,
    lost: (reason: ExitReason) => void
  ) {
    this.ref = ref
    this.how = how
    this.context = context
    this.lost = lost
  }

  get signal(): Effect.Effect<void> {
    const { context, how, ref } = this
    if (how === "brutal") {
      void resolved.then(() => {
        if (this.waiters !== undefined) this.timer = Effect.runForkWith(context)(this.killed)
      })
      return Actor.kill(ref)
    }
    if (how !== Infinity) {
      const since = monotonic(context)
      // Most have ended by then, and a timer is the dearest part of a stop.
      void resolved.then(() => {
        if (this.waiters !== undefined) this.arm(how, monotonic(context) - since)
      })
    }
    return Actor.exit(ref, ExitReason.shutdown())
  }

  private arm(how: number, spent: number): void {
    const left = Effect.sleep(Math.max(0, how - spent))
    this.timer = Effect.runForkWith(this.context)(left.pipe(
      Effect.andThen(Actor.kill(this.ref)),
      Effect.andThen(this.killed)
    ))
  }

  private get killed(): Effect.Effect<void> {
    return Effect.map(unheard(this.ref), this.lost)
  }

  readonly ended: Effect.Effect<void> = Effect.callback((resume) => {
    if (this.waiters === undefined) resume(Effect.void)
    else this.waiters.push(() => resume(Effect.void))
  })

  /** It has ended. */
  settle(): void {
    this.timer?.interruptUnsafe()
    const { waiters } = this
    this.waiters = undefined
    waiters?.forEach((waiter) => waiter())
  }
}

/** Whether a child that was stopped has ended as it was asked to (`shutdown` of OTP's `supervisor`). */
export const isOrderly = (reason: ExitReason, how: Treatment["shutdown"], isPermanent: boolean): boolean => {
  switch (reason._tag) {
    case "Shutdown":
      return true
    case "Killed":
      return how === "brutal"
    case "Normal":
      return !isPermanent
    default:
      return false
  }
}
