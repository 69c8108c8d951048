/**
 * How an actor ends, and what its end does to others.
 *
 * Order of a death: its name is free, its timers are gone, its mailbox is dead letters, its calls have failed, its links
 * and watches are signals in the control lane; then its slot is free, and the host is told. An actor with cleanup to do
 * is asked first (`terminate`), and is alive until that is `finished`; a kill does not wait for it.
 */
import type { ExitReason } from "../../ExitReason.ts"
import { CallEnd } from "../shard.ts"
import { admitHoldsOf, dropHoldsOf } from "./admission.ts"
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
  if ((cell.flags & (Is.Cleanup | Is.Starting)) === Is.Cleanup) {
    cell.flags |= Is.Terminating
    asideOf(cell).reason = reason
    shard.notices.terminate(cell, reason)
    shard.scheduler.wake()
    return
  }
  die(shard, cell, reason)
}

export const die = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  leave(shard, cell, reason)
  admitHoldsOf(shard, cell)
  const aside = cell.aside
  if (aside !== undefined) {
    endWatches(aside.watching)
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
  admitHoldsOf(shard, cell)
  const aside = cell.aside
  if (aside !== undefined) {
    endWatches(aside.watching)
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

/** What it held is released: name, timers, mailbox, calls. */
const leave = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  shard.names.release(cell)
  const aside = cell.aside
  cell.flags = (cell.flags & Is.Queued) | Is.Dead
  if (aside?.timers !== undefined) {
    for (const timer of aside.timers.values()) shard.timers.disarm(timer)
    aside.timers = undefined
  }
  const letters = takeAll(cell)
  for (let letter = letters; letter !== undefined; letter = letter.next) if (letter.kind !== Kind.Void) shard.queued--
  if (letters !== undefined) shard.notices.deadMail(cell, letters, "Stopped")
  if (aside === undefined) return
  dropHoldsOf(shard, cell)
  if (aside.waiters !== undefined) {
    for (const waiter of aside.waiters) shard.notices.room(waiter)
    aside.waiters = undefined
  }
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
  shard.slab.release(cell.low)
  shard.live--
}

/** Handles one signal. */
export const receive = (shard: MemoryShard, signal: Signal): void => {
  const to = signal.to
  switch (signal.kind) {
    case SignalKind.Down:
      return receiveDown(shard, signal.watch!, signal.reason)
    case SignalKind.LinkExit:
      if (!shard.links.consume(to!, signal.from!, signal.link)) return
      return receiveExit(shard, to!, signal.from, signal.reason, true)
    default:
      if (signal.reason._tag === "Killed") {
        if ((to!.flags & Is.Open) !== 0) die(shard, to!, signal.reason)
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
  if (reason._tag !== "Normal") end(shard, to, reason)
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
