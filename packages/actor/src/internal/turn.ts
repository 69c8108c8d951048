/**
 * Turns of the event loop, for work on many actors: a little of it, then whatever else waits.
 *
 * Messages that pile up meanwhile are handled for a shorter time than at rest, so that both stay below a millisecond
 * (G263). By the clock of their system: in virtual time it stands still meanwhile, and all is done in one go (G261).
 */
import * as Effect from "effect/Effect"
import type { Cell } from "./cell.ts"
import type { Host } from "./host.ts"
import type { Shard } from "./shard.ts"

/** ms. With what else runs in a turn, and with a small collection of young objects in between, still below a millisecond. */
const most = 0.2
/** Actors between two looks at the clock. */
const look = 8

export class Turn {
  private began: number | undefined = undefined
  private steps = 0
  private shard: Shard | undefined = undefined

  /** What comes first is one step, however many actors it is about: the listing of them. Its time counts as well. */
  begin({ clock }: Host): void {
    this.began ??= clock.now()
  }

  /**
   * That step is done, or something else will go on in this turn. true: it is the others' turn, by `next`. A few actors
   * are done in one go, however long that takes: that the clock is slow must not change what happens.
   */
  isHalfOver({ clock, shard }: Host, actors: number): boolean {
    if (actors < look || this.began === undefined || clock.now() - this.began <= most / 2) return false
    this.shard = shard
    return true
  }

  /** One actor is done. true: it is the others' turn, by `next`. */
  step({ host: { clock, shard } }: Cell): boolean {
    this.began ??= clock.now()
    if (++this.steps % look !== 0 || clock.now() - this.began <= most) return false
    this.shard = shard
    return true
  }

  /** After a step that has said so. */
  readonly next: Effect.Effect<void> = Effect.suspend(() => {
    const { shard } = this
    // Told inside of what takes it back: a fiber may be interrupted between any two of its steps.
    let isTold = false
    const yielded = Effect.suspend(() => {
      isTold = true
      shard?.hasten(true)
      return Effect.yieldNow
    })
    return Effect.ensuring(
      yielded,
      Effect.sync(() => {
        if (isTold) shard?.hasten(false)
        this.began = undefined
      })
    )
  })
}

/** Does `f` for each of `items`, in turns; it says which actor is done. */
export const inTurns = <A>(items: Iterable<A>, f: (item: A) => Cell): Effect.Effect<void> =>
  Effect.gen(function*() {
    const turn = new Turn()
    for (const item of items) if (turn.step(f(item))) yield* turn.next
  })
