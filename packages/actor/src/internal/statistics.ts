/**
 * What an actor did between two readings. Its messages and its time are its shard's accounts; what it sends is counted
 * beside it, as long as somebody wants to know.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorExited } from "../AskError.ts"
import { infoOf, notHere } from "./about.ts"
import { type Cell, cellOf } from "./cell.ts"
import { lifeOf } from "./life.ts"
import { add, remove, type Wrapper } from "./wrapper.ts"

export interface Statistics {
  /** ms since the first reading. */
  readonly elapsed: number
  /** Messages handled since then. */
  readonly handled: number
  /** Messages, answers and items of streams sent since then; undefined: it lives in another isolate. */
  readonly sent: number | undefined
  /** ms of handler time since then. */
  readonly millis: number
  /** Messages that wait now. */
  readonly mailbox: number
  /** Senders that wait for room now. */
  readonly held: number
}

class Counter implements Wrapper {
  count = 0

  readonly sent = (): void => {
    this.count++
  }

  ended(): void {}
}

const counterOf = (cell: Cell): Effect.Effect<Counter | undefined, never, Scope.Scope> =>
  notHere(cell) !== undefined ? Effect.succeed(undefined) : Effect.acquireRelease(
    Effect.sync(() => {
      const counter = new Counter()
      add(lifeOf(cell), counter)
      return counter
    }),
    (counter) => Effect.sync(() => remove(lifeOf(cell), counter))
  )

export const statisticsOf = (
  ref: AnyRef
): Effect.Effect<Effect.Effect<Statistics, ActorExited>, ActorExited, Scope.Scope> =>
  Effect.gen(function*() {
    const cell = cellOf(ref)
    const { clock } = cell.host
    const first = yield* infoOf(cell)
    const counter = yield* counterOf(cell)
    const began = clock.now()
    return Effect.map(Effect.suspend(() => infoOf(cell)), (now) => ({
      elapsed: clock.now() - began,
      handled: now.reductions - first.reductions,
      sent: counter?.count,
      millis: now.millis - first.millis,
      mailbox: now.mailbox,
      held: now.held
    }))
  })
