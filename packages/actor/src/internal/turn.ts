/**
 * Turns of the event loop, for work on many actors: a little of it, then whatever else waits.
 *
 * By the clock of their system: in virtual time it stands still meanwhile, and all is done in one go (G261).
 */
import * as Effect from "effect/Effect"
import type { Cell } from "./cell.ts"

/** ms. With what else runs in a turn, and with a small collection of young objects in between, still below a millisecond. */
const most = 0.2
/** Actors between two looks at the clock. */
const look = 8

export class Turn {
  private began: number | undefined = undefined
  private steps = 0

  /** One actor is done. true: it is the others' turn, by `next`. */
  step({ host: { clock } }: Cell): boolean {
    this.began ??= clock.now()
    return ++this.steps % look === 0 && clock.now() - this.began > most
  }

  readonly next: Effect.Effect<void> = Effect.map(Effect.yieldNow, () => {
    this.began = undefined
  })
}

/** Does `f` for each of `items`, in turns; it says which actor is done. */
export const inTurns = <A>(items: Iterable<A>, f: (item: A) => Cell): Effect.Effect<void> =>
  Effect.gen(function*() {
    const turn = new Turn()
    for (const item of items) if (turn.step(f(item))) yield* turn.next
  })
