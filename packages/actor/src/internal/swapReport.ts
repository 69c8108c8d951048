/** What becomes of a group of actors that are swapped, and of its canaries. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import type { RolledBack, SwapError } from "../SwapError.ts"
import type { Cell } from "./cell.ts"
import { isQuiet } from "./quiet.ts"
import { refusal, type Resolved, rolledBack, standing, type Swapped } from "./hotSwap.ts"
import { Pauses, type Taken } from "./pauses.ts"
import type { Canary } from "./swap.ts"
import { inTurns } from "./turn.ts"

/** What became of the actors of one isolate. */
export interface Share {
  readonly swapped: number
  readonly rolledBack: ReadonlyArray<RolledBack>
  readonly failed: ReadonlyArray<{ readonly pid: Pid; readonly error: SwapError }>
  readonly pauses: Taken
}

export interface Report {
  /** How many actors run the new behaviour. */
  readonly swapped: number
  /** The actors that were swapped and brought back. */
  readonly rolledBack: ReadonlyArray<RolledBack>
  /** The actors that were not swapped, and why. */
  readonly failed: ReadonlyArray<{ readonly pid: Pid; readonly error: SwapError }>
  /**
   * How long an actor could handle no message: from the end of the last one under the old behaviour, or from when it
   * was found idle, until it was ready for the next. In microseconds; p50 and p99 are exact to one part in 64.
   */
  readonly pause: { readonly p50: number; readonly p99: number; readonly max: number }
  /** Isolates that did not take part, or not to the end, and why. */
  readonly unreached: ReadonlyArray<{ readonly isolate: number; readonly error: SwapError }>
}

export interface Plan {
  /** How many actors the migration was tried for. */
  readonly checked: number
  /** The actors whose migration failed, and why. */
  readonly failures: Report["failed"]
  readonly unreached: Report["unreached"]
}

/** Several shares as one report. */
export const merged = (shares: ReadonlyArray<Share>, unreached: Report["unreached"]): Report => {
  const pauses = new Pauses()
  for (const share of shares) pauses.merge(share.pauses)
  return {
    swapped: shares.reduce((sum, share) => sum + share.swapped, 0),
    rolledBack: shares.flatMap((share) => share.rolledBack),
    failed: shares.flatMap((share) => share.failed),
    pause: pauses.report,
    unreached
  }
}

export class Group {
  readonly rolledBack: Array<RolledBack> = []
  private readonly failed: Array<{ readonly pid: Pid; readonly error: SwapError }> = []
  private readonly canaries: Array<Canary> = []
  private readonly pauses = new Pauses()
  private readonly options: Resolved
  private swapped = 0
  /** How many canaries have not ended. */
  private open = 0
  private changed: (() => void) | undefined = undefined
  /** Called for each crash of a canary. */
  onCrash: (reason: ExitReason) => void = () => {}
  /** The crash in another isolate that stops this group. */
  private stopped: ExitReason | undefined = undefined

  constructor(options: Resolved) {
    this.options = options
  }

  /** `began`, `ended`: of its pause, monotonic ms. */
  took(cell: Cell, exit: Exit.Exit<Swapped, SwapError>, began: number, ended: number): void {
    if (Exit.isFailure(exit)) {
      const [reason] = exit.cause.reasons
      if (reason?._tag === "Fail") this.failed.push({ pid: cell.pid, error: reason.error })
      return
    }
    const { canary, since = began } = exit.value
    this.swapped++
    this.pauses.add(ended - since)
    if (canary === undefined) return
    this.canaries.push(canary)
    this.open++
    canary.onEnd((end) => {
      this.open--
      if (end !== undefined && !end.passed) {
        this.rolledBack.push(rolledBack(cell, end.reason, end.handled))
        this.onCrash(end.reason)
      }
      this.changed?.()
    })
  }

  /** Canaries in other isolates have crashed: no further actor is swapped. */
  stop(reason: ExitReason): void {
    this.stopped ??= reason
    this.changed?.()
  }

  get isSpoilt(): boolean {
    return this.stopped !== undefined || this.rolledBack.length >= (this.options.canary?.maxRollbacks ?? Infinity)
  }

  /** Waits until all canaries have ended, or too many have crashed. After `within` ms they have passed. */
  get settled(): Effect.Effect<void> {
    const ends = Effect.callback<void>((resume) => {
      const look = (): void => {
        if (this.open > 0 && !this.isSpoilt) return
        this.changed = undefined
        resume(Exit.void)
      }
      this.changed = look
      look()
    })
    const within = this.options.canary?.within ?? Infinity
    return within === Infinity ? ends : Effect.timeoutOrElse(ends, { duration: within, orElse: () => Effect.void })
  }

  /** Lets all canaries pass. */
  get passed(): Effect.Effect<void> {
    return inTurns(this.canaries, (canary) => (canary.pass(), canary.cell))
  }

  /** The same at once: nobody waits for it any more, and a canary that went on would have no end. */
  giveUp(): void {
    for (const canary of this.canaries) canary.pass()
  }

  /** Brings back whoever still runs the new version, youngest first. */
  get allBack(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const reason = this.rolledBack[0]?.reason ?? this.stopped ?? ExitReason.shutdown("rolled back with its group")
      const recall = (canary: Canary): void => {
        const handled = canary.recall(reason)
        if (handled !== undefined) this.rolledBack.push(rolledBack(canary.cell, reason, handled))
      }
      const busy: Array<Canary> = []
      const atOnce = inTurns(this.canaries.toReversed(), (canary) => {
        if (canary.isOpen) canary.rollBack(reason)
        else if (canary.hasPassed) {
          if (isQuiet(canary.cell) && refusal(canary.cell, undefined, false) === undefined) recall(canary)
          else busy.push(canary)
        }
        return canary.cell
      })
      return Effect.andThen(
        atOnce,
        Effect.suspend(() =>
          Effect.forEach(busy, (canary) => this.recallLater(canary, () => recall(canary)), {
            concurrency: "unbounded",
            discard: true
          })
        )
      )
    })
  }

  private recallLater({ cell }: Canary, recall: () => void): Effect.Effect<void> {
    const ready = standing(cell, this.options.timeout, () => refusal(cell, undefined, true), () => {}, recall)
    return Effect.catch(ready, (error) =>
      Effect.sync(() => {
        // Whoever has ended did so with the new version; everybody is counted once.
        if (error.reason._tag === "ActorExited") return
        this.swapped--
        this.failed.push({ pid: cell.pid, error })
      }))
  }

  get share(): Share {
    return {
      swapped: this.swapped - this.rolledBack.length,
      rolledBack: this.rolledBack,
      failed: this.failed,
      pauses: this.pauses.taken
    }
  }
}
