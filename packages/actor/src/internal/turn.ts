/** Turns of the event loop, for work on many actors: a little of it, then whatever else waits. */
import * as Effect from "effect/Effect"

/** ms. With what else runs in a turn, and with a small collection of young objects in between, still below a millisecond. */
const most = 0.2
/** Actors between two looks at the clock. */
const look = 8

export class Turn {
  private began = performance.now()
  private steps = 0

  /** One actor is done. true: it is the others' turn, by `next`. */
  step(): boolean {
    return ++this.steps % look === 0 && performance.now() - this.began > most
  }

  readonly next: Effect.Effect<void> = Effect.map(Effect.yieldNow, () => {
    this.began = performance.now()
  })
}

/** Does `f` for each of `items`, in turns. */
export const inTurns = <A>(items: Iterable<A>, f: (item: A) => void): Effect.Effect<void> =>
  Effect.gen(function*() {
    const turn = new Turn()
    for (const item of items) {
      f(item)
      if (turn.step()) yield* turn.next
    }
  })
