/** Whether anything is to be done in an isolate that others wait for. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Host } from "../host.ts"

const pause = Effect.sleep(Duration.millis(10))

/** Done when nothing runs in it, no timer is armed and no call is pending. */
export const whenQuiet = (host: Host): Effect.Effect<void> =>
  Effect.suspend(() => host.shard.border!.isBusy() ? Effect.andThen(pause, whenQuiet(host)) : Effect.void)
