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

/** A supervisor ends in its own turn, which it does not get while it is suspended. */
export const awake = (ref: AnyRef): Effect.Effect<void> => Effect.ignore(Actor.resume(ref))

const resolved = Promise.resolve()

/** The stop of one child. Its time runs by itself, whoever waits. */
export class Stopping {
  readonly how: Treatment["shutdown"]
  private readonly ref: AnyRef
  private readonly context: Context.Context<never>
  private timer: Fiber.Fiber<void> | undefined = undefined
  private waiters: Array<() => void> | undefined = []

  constructor(ref: AnyRef, how: Treatment["shutdown"], context: Context.Context<never>) {
    this.ref = ref
    this.how = how
    this.context = context
  }

  get signal(): Effect.Effect<void> {
    const { context, how, ref } = this
    if (how === "brutal") return Actor.kill(ref)
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
    this.timer = Effect.runForkWith(this.context)(Effect.andThen(left, Actor.kill(this.ref)))
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
