/**
 * Time for shards: the machine's, or (in tests) that of Effect's `Clock` service, which `TestClock` moves.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type { ShardClock } from "./shard.ts"

/** Runs `f` in `millis` of the machine's time. Returns the undo. Where nothing can wait (a bare engine), never runs it. */
export const setTimer = (millis: number, f: () => void): () => void => {
  if (typeof globalThis.setTimeout !== "function") return () => {}
  // 2^31 - 1 is the most that a timer takes; what is further away is never by then.
  const timer = globalThis.setTimeout(f, Math.min(millis, 2_147_483_647))
  return () => globalThis.clearTimeout(timer)
}

// Taken once: Node's global is a getter, which costs as much as the clock itself.
const performance: { readonly now: () => number } | undefined = globalThis.performance
const monotonic: () => number = typeof performance === "object" ? () => performance.now() : Date.now

/** The machine's. */
export const liveClock = (): ShardClock => {
  let disarm: (() => void) | undefined
  return {
    now: monotonic,
    wakeIn: (delay, wake) => {
      disarm?.()
      disarm = delay === undefined ? undefined : setTimer(delay, wake)
    }
  }
}

/** That of a `Clock` service: as virtual as the service is. */
export const clockOf = (clock: Clock.Clock): ShardClock => {
  let sleeping: Fiber.Fiber<void> | undefined
  return {
    now: () => clock.currentTimeMillisUnsafe(),
    wakeIn: (delay, wake) => {
      const before = sleeping
      sleeping = undefined
      before?.interruptUnsafe()
      if (delay === undefined) return
      const fiber = Effect.runFork(clock.sleep(Duration.millis(delay)))
      sleeping = fiber
      fiber.addObserver((exit) => {
        if (sleeping !== fiber) return
        sleeping = undefined
        if (exit._tag === "Success") wake()
      })
    }
  }
}
