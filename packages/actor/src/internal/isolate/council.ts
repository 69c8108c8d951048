/**
 * Decides for a group of actors whose shares are in several isolates, as one isolate decides for its own: all change
 * together or nobody does, so many crashes bring all back, and probation ends for all at the same time.
 *
 * A seat stands for one isolate. Whatever it has to say it says once; one that is lost says it all.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ExitReason } from "../../ExitReason.ts"
import type { Resolved } from "../hotSwap.ts"
import type { Conductor } from "../swapGroup.ts"
import type { Group } from "../swapReport.ts"

export interface Seat {
  prepared: boolean
  swapped: boolean
  settled: boolean
  /** Nobody else of it is swapped. */
  stop: (reason: ExitReason) => void
}

/** Done when somebody has said no; else never. */
export const refusalOf = (commit: Deferred.Deferred<boolean>): Effect.Effect<void> =>
  Effect.flatMap(Deferred.await(commit), (changes) => changes ? Effect.never : Effect.void)

export class Council {
  /** Whether a group that changes together is changed. */
  readonly commit = Deferred.makeUnsafe<boolean>()
  /** Whether all go back. */
  readonly back = Deferred.makeUnsafe<boolean>()
  private readonly allSwapped = Deferred.makeUnsafe<void>()
  private readonly seats: Array<Seat> = []
  private readonly canary: Resolved["canary"]
  private crashes = 0
  /** The crash that was one too many. */
  stopped: ExitReason | undefined = undefined

  constructor(canary: Resolved["canary"]) {
    this.canary = canary
  }

  /** All are taken before anybody speaks. */
  seat(): Seat {
    const seat: Seat = { prepared: false, swapped: false, settled: false, stop: () => {} }
    this.seats.push(seat)
    return seat
  }

  prepared(seat: Seat, ready: boolean): void {
    seat.prepared = true
    if (!ready) Deferred.doneUnsafe(this.commit, Exit.succeed(false))
    else if (this.seats.every(({ prepared }) => prepared)) Deferred.doneUnsafe(this.commit, Exit.succeed(true))
  }

  crashed(reason: ExitReason): void {
    if (++this.crashes < (this.canary?.maxRollbacks ?? Infinity) || this.stopped !== undefined) return
    this.stopped = reason
    for (const seat of this.seats) seat.stop(reason)
    Deferred.doneUnsafe(this.back, Exit.succeed(true))
  }

  swapped(seat: Seat): void {
    seat.swapped = true
    if (this.seats.every(({ swapped }) => swapped)) Deferred.doneUnsafe(this.allSwapped, Exit.void)
  }

  settled(seat: Seat): void {
    seat.settled = true
    // A group that is spoilt goes back; its canaries have ended too.
    if (this.stopped === undefined && this.seats.every(({ settled }) => settled)) {
      Deferred.doneUnsafe(this.back, Exit.succeed(false))
    }
  }

  /** Its isolate is not there any more, or does not answer. `ended`: and its actors with it, who hold up nobody. */
  lost(seat: Seat, ended: boolean): void {
    this.prepared(seat, ended)
    this.swapped(seat)
    this.settled(seat)
  }

  /** Ends probation when its time is over, counted since the last actor was swapped. */
  get clock(): Effect.Effect<void> {
    const { canary } = this
    if (canary === undefined || canary.within === Infinity) return Effect.never
    return Deferred.await(this.allSwapped).pipe(
      Effect.andThen(Effect.sleep(canary.within)),
      Effect.andThen(Effect.sync(() => void Deferred.doneUnsafe(this.back, Exit.succeed(false))))
    )
  }

  /** For the share of this isolate. */
  conductor(seat: Seat): Conductor {
    return {
      refused: refusalOf(this.commit),
      prepared: (ready) => {
        this.prepared(seat, ready)
        return Deferred.await(this.commit)
      },
      joined: (group: Group) => {
        group.onCrash = (reason) => this.crashed(reason)
        seat.stop = (reason) => group.stop(reason)
        if (this.stopped !== undefined) group.stop(this.stopped)
      },
      verdict: (settled) => {
        this.swapped(seat)
        return Effect.raceFirst(
          Deferred.await(this.back),
          Effect.flatMap(settled, () => {
            this.settled(seat)
            return Effect.never
          })
        )
      }
    }
  }
}
