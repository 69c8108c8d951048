/**
 * Ends of children: asked, waited for, killed.
 *
 * The watch is made before the signal goes out, and stands outside of any actor: a child that unlinked itself, or that
 * ignores the signal, ends all the same.
 */
import { Actor, type AnyRef, ExitReason, Monitor } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { Treatment } from "./spec.ts"

/** One child. */
export const shutdown = (ref: AnyRef, how: Treatment["shutdown"]): Effect.Effect<ExitReason> =>
  Effect.scoped(Effect.flatMap(Monitor.make(ref), (end) => {
    if (how === "brutal") return Effect.andThen(Actor.kill(ref), end)
    const asked = Effect.andThen(Actor.exit(ref, ExitReason.shutdown()), end)
    return how === Infinity
      ? asked
      : Effect.timeoutOrElse(asked, { duration: how, orElse: () => Effect.andThen(Actor.kill(ref), end) })
  }))

/** Many at once, under one timer. */
export const shutdownAll = (refs: ReadonlyArray<AnyRef>, how: Treatment["shutdown"]): Effect.Effect<void> =>
  refs.length === 0 ? Effect.void : Effect.gen(function*() {
    const left = new Map(refs.map((ref) => [ref.pid, ref]))
    const ends = Monitor.downs(refs).pipe(Stream.runForEach((down) => Effect.sync(() => void left.delete(down.from))))
    const all = yield* Effect.forkChild(ends, { startImmediately: true })
    const signal = (f: (ref: AnyRef) => Effect.Effect<void>) =>
      Effect.suspend(() => Effect.forEach(left.values(), f, { discard: true }))
    if (how === "brutal") {
      yield* signal(Actor.kill)
    } else {
      const reason = ExitReason.shutdown()
      yield* signal((ref) => Actor.exit(ref, reason))
      if (how !== Infinity) {
        yield* Effect.timeoutOrElse(Fiber.await(all), { duration: how, orElse: () => signal(Actor.kill) })
      }
    }
    yield* Fiber.join(all)
  })
