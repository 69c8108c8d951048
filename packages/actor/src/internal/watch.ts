/**
 * Watches from outside of any actor: each ends in one exit reason, or is stopped.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AnyRef } from "../ActorRef.ts"
import type { ExitReason } from "../ExitReason.ts"
import type { Pid } from "../Pid.ts"
import { type Cell, cellOf } from "./cell.ts"
import { invalid, isMarked } from "./invalid.ts"

/** The one end of a watch, and its waiters. */
export class Watch {
  readonly ref: number
  private readonly cell: Cell
  private reason: ExitReason | undefined = undefined
  private waiters: Set<(reason: ExitReason) => void> | undefined = undefined

  constructor(cell: Cell) {
    this.cell = cell
    this.ref = cell.host.nextRef()
    cell.host.watches.set(this.ref, this)
    cell.host.shard.watch(cell, this.ref)
  }

  /** By the host, once. */
  ended(reason: ExitReason): void {
    this.reason = reason
    const waiters = this.waiters
    this.waiters = undefined
    waiters?.forEach((waiter) => waiter(reason))
  }

  onEnd(waiter: (reason: ExitReason) => void): () => void {
    if (this.reason !== undefined) {
      waiter(this.reason)
      return () => {}
    }
    ;(this.waiters ??= new Set()).add(waiter)
    return () => void this.waiters?.delete(waiter)
  }

  /** Nothing of it is reported any more. */
  stop(): void {
    if (!this.cell.host.watches.delete(this.ref)) return
    this.waiters = undefined
    this.cell.host.shard.unwatch(this.ref)
  }

  readonly end: Effect.Effect<ExitReason> = Effect.callback((resume) => {
    const undo = this.onEnd((reason) => resume(Exit.succeed(reason)))
    return Effect.sync(undo)
  })
}

export const watch = (cell: Cell): Watch => new Watch(cell)

/** The end of one actor of several. */
export interface End {
  readonly ref: number
  readonly from: Pid
  readonly name: string | undefined
  readonly reason: ExitReason
}

const iterableOf = <A>(refs: Iterable<A>): Iterable<A> => {
  if (isMarked(refs, Symbol.iterator)) return refs
  throw invalid("refs", "an iterable of ActorRefs", refs)
}

/** The ends of several actors as they come; done when all have ended. */
export const endsOf = (refs: Iterable<AnyRef>): Stream.Stream<End> =>
  Stream.callback<End>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const cells = Array.from(iterableOf(refs), cellOf)
        let left = cells.length
        if (left === 0) Queue.endUnsafe(queue)
        return cells.map((cell) => {
          const watching = watch(cell)
          const name = cell.life?.name
          watching.onEnd((reason) => {
            Queue.offerUnsafe(queue, { ref: watching.ref, from: cell.pid, name, reason })
            if (--left === 0) Queue.endUnsafe(queue)
          })
          return watching
        })
      }),
      (watches) => Effect.sync(() => watches.forEach((watching) => watching.stop()))
    ), { bufferSize: Infinity })
