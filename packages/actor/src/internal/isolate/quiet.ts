/** Whether anything is to be done in an isolate that others wait for. */
import * as Effect from "effect/Effect"
import type { Host } from "../host.ts"

/** ms */
const pause = 10

// What is left when nothing is to be done: the timer by which a worker keeps itself (`keepAlive`).
const own = 1

// What its loop waits for besides: handlers in the middle of an Effect, fibers and listeners of its modules.
const isHeld = (): boolean => process.getActiveResourcesInfo().length > own

/** Done when nothing runs in it, no timer is armed, no call is pending, and nothing but its `keepAlive` holds its loop. */
export const whenQuiet = (host: Host): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const look = (): void => {
      if (!host.shard.border!.isBusy() && !isHeld()) resume(Effect.void)
      // One that holds the loop itself would never find it free.
      else setTimeout(look, pause).unref()
    }
    look()
  })
