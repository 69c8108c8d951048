/**
 * How an actor ends, and what its end does to others.
 *
 * Order of a death: its name is free, its timers are gone, its mailbox is dead letters, its calls have failed. From then
 * on nobody finds it alive (G26). An actor with cleanup to do is asked for it now (`terminate`), and `finished` goes on;
 * a kill does not wait for that. Then its links and watches are signals in the control lane, and behind them its slot
 * is free.
 */
import type { ExitReason } from "../../ExitReason.ts"
import { CallEnd } from "../shard.ts"
import { letIn, releaseHoldsOf } from "./admission.ts"
import { asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { pushNormal, takeAll } from "./lanes.ts"
import { Kind } from "./mailbox.ts"
import { removeWatcher, type Watch } from "./monitors.ts"
import type { MemoryShard } from "./shard.ts"
import { type Signal, SignalKind } from "./signals.ts"

/** Ends it in order. The first reason counts. */
export const end = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  if ((cell.flags & (Is.Open | Is.Terminating)) !== Is.Open) return
  // An actor whose `init` still runs has nothing to clean up.
  const cleansUp = (cell.flags & (Is.Cleanup | Is.Starting)) === Is.Cleanup
  leave(shard, cell, reason)
  if (cleansUp) {
    cell.flags = (cell.flags & Is.Queued) | Is.Terminating
    asideOf(cell).reason = reason
    shard.notices.terminate(cell, reason)
    shard.scheduler.wake()
    return
  }
  bury(shard, cell, reason)
}

/** Ends it at once, also while it cleans up. */
export const die = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  if ((cell.flags & Is.Terminating) === 0) leave(shard, cell, reason)
  bury(shard, cell, reason)
}

/** The end itself: its signals, and what is left of it. */
export const bury = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  cell.flags = (cell.flags & Is.Queued) | Is.Dead
  const aside = cell.aside
  if (aside !== undefined) {
    if (aside.links !== undefined) {
      for (const peer of aside.links.keys()) {
        const number = peer.aside?.links?.get(cell)
        if (number !== undefined) shard.signals.linkExit(peer, cell, reason, number)
      }
    }
    if (aside.watchers !== undefined) for (const watch of aside.watchers) shard.signals.down(watch, reason)
  }
  forget(shard, cell)
  shard.notices.dead(cell, reason)
  shard.scheduler.wake()
}

/** `init` failed: it never was, and nobody hears of it but those who wrote to it. */
export const vanish = (shard: MemoryShard, cell: MemoryCell): void => {
  leave(shard, cell, { _tag: "NoProc", everExisted: true })
  const aside = cell.aside
  if (aside !== undefined) {
    if (aside.links !== undefined) for (const peer of aside.links.keys()) peer.aside?.links?.delete(cell)
    if (aside.watchers !== undefined) {
      for (const watch of aside.watchers) {
        watch.ended = true
        watch.watcher?.aside?.watching?.delete(watch.ref)
        if (watch.watcher === undefined) shard.outside.take(watch.ref)
      }
    }
  }
  forget(shard, cell)
  shard.scheduler.wake()
}

/** What it held is released: name, timers, watches of its own, mailbox, calls. */
const leave = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  shard.names.release(cell)
  const aside = cell.aside
  cell.flags = (cell.flags & Is.Queued) | Is.Dead
  if (aside?.timers !== undefined) {
    for (const timer of aside.timers.values()) shard.timers.disarm(timer)
    aside.timers = undefined
  }
  if (aside !== undefined) {
    releaseHoldsOf(shard, cell)
    endWatches(aside.watching)
    aside.watching = aside.exits = undefined
    letIn(shard, cell)
  }
  const letters = takeAll(cell)
  for (let letter = letters; letter !== undefined; letter = letter.next) if (letter.kind !== Kind.Void) shard.queued--
  if (letters !== undefined) shard.notices.deadMail(cell, letters, "Stopped")
  if (aside === undefined) return
  // The list is newest first; calls fail in the order in which they were made.
  let call = aside.calls
  while (call?.next !== undefined) call = call.next
  while (call !== undefined) {
    const newer = call.previous
    shard.calls.unlist(call)
    shard.notices.callEnded(call, CallEnd.Exited, reason)
    call = newer
  }
}

const endWatches = (watching: Map<number, Watch> | undefined): void => {
  if (watching !== undefined) for (const watch of watching.values()) removeWatcher(watch)
}

const forget = (shard: MemoryShard, cell: MemoryCell): void => {
  cell.aside = undefined
  shard.signals.freed(cell)
  shard.live--
}

/** Handles one signal. */
export const receive = (shard: MemoryShard, signal: Signal): void => {
  const to = signal.to
  switch (signal.kind) {
    case SignalKind.Down:
      return receiveDown(shard, signal.watch!, signal.reason)
    case SignalKind.Freed:
      return shard.slab.release(to!.low)
    case SignalKind.LinkExit:
      if (!shard.links.consume(to!, signal.from!, signal.link)) return
      return receiveExit(shard, to!, signal.from, signal.reason, true)
    default:
      if (signal.reason._tag === "Killed") {
        if ((to!.flags & (Is.Open | Is.Terminating)) !== 0) die(shard, to!, signal.reason)
        return
      }
      return receiveExit(shard, to!, signal.from, signal.reason, false)
  }
}

/** An exit signal that can be trapped. */
const receiveExit = (
  shard: MemoryShard,
  to: MemoryCell,
  from: MemoryCell | undefined,
  reason: ExitReason,
  isOfLink: boolean
): void => {
  if ((to.flags & (Is.Open | Is.Terminating)) !== Is.Open) return
  if ((to.flags & Is.TrapExit) !== 0) {
    const letter = shard.pool.take(Kind.Exit, 0, reason, from)
    if (isOfLink) (asideOf(to).exits ??= new Map()).set(from!, letter)
    pushNormal(to, letter)
    shard.queued++
    shard.scheduler.offer(to)
    return
  }
  if (reason._tag !== "Normal" || (from === to && !isOfLink)) end(shard, to, reason)
}

const receiveDown = (shard: MemoryShard, watch: Watch, reason: ExitReason): void => {
  if (watch.ended) return
  const watcher = watch.watcher
  if (watcher === undefined) {
    shard.notices.outsideDown(watch, shard.outside, reason)
    return
  }
  if ((watcher.flags & (Is.Open | Is.Terminating)) !== Is.Open) return
  const letter = shard.pool.take(Kind.Down, watch.ref, reason, watch.target)
  letter.extra = watch
  watch.letter = letter
  pushNormal(watcher, letter)
  shard.queued++
  shard.scheduler.offer(watcher)
}
