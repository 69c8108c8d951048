/** What an actor did between two readings. */
import * as Effect from "effect/Effect"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorExited } from "../AskError.ts"
import { cellOf } from "./cell.ts"
import { infoOf } from "./about.ts"

export interface Statistics {
  /** ms since the first reading. */
  readonly elapsed: number
  /** Messages handled since then. */
  readonly handled: number
  /** ms of handler time since then. */
  readonly millis: number
  /** Messages that wait now. */
  readonly mailbox: number
}

export const statisticsOf = (ref: AnyRef): Effect.Effect<Effect.Effect<Statistics, ActorExited>, ActorExited> =>
  Effect.suspend(() => {
    const cell = cellOf(ref)
    const { clock } = cell.host
    return Effect.map(infoOf(cell), (first) => {
      const began = clock.now()
      return Effect.map(Effect.suspend(() => infoOf(cell)), (now) => ({
        elapsed: clock.now() - began,
        handled: now.reductions - first.reductions,
        millis: now.millis - first.millis,
        mailbox: now.mailbox
      }))
    })
  })
