/**
 * How an actor ends, and what its end does to others.
 *
 * First the actor is withdrawn (G25, G26): its name is free, its timers are gone, its messages are dead letters, its
 * calls have ended. If it has cleanup to do, the host gets `terminate`, and answers with `finished`, unless a kill
 * comes first (G27). Then it is buried: the host gets `dead`, each link and monitor becomes a signal in the control
 * lane, and behind these the slot is freed.
 */
import type { ExitReason } from "../../ExitReason.ts"
import { CallEnd } from "../shard.ts"
import { enter, letIn, releaseHold } from "./admission.ts"
import { accountAlone, asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { takeAll } from "./lanes.ts"
import { Kind } from "./mailbox.ts"
import { removeWatcher, type Watch } from "./monitors.ts"
import type { MemoryShard } from "./shard.ts"
import { type Signal, SignalKind } from "./signals.ts"

/** Ends a living actor in order. */
export const end = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  if ((cell.flags & Is.Open) === 0) return
  // An actor whose `init` still runs has nothing to clean up.
  const cleansUp = (cell.flags & (Is.Cleanup | Is.Starting)) === Is.Cleanup
  withdraw(shard, cell, reason)
  if (cleansUp) {
    asideOf(cell).reason = reason
    shard.notices.terminate(cell, reason)
  } else bury(shard, cell, reason)
  shard.scheduler.wake()
}

/** Ends an actor at once, also in the middle of its cleanup. */
export const kill = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  if ((cell.flags & Is.Open) !== 0) withdraw(shard, cell, reason)
  else if ((cell.flags & Is.Terminating) === 0) return
  bury(shard, cell, reason)
  shard.scheduler.wake()
}

/** The cleanup of an actor is over. */
export const finish = (shard: MemoryShard, cell: MemoryCell): void => {
  if ((cell.flags & Is.Terminating) === 0) return
  bury(shard, cell, cell.aside!.reason!)
  shard.scheduler.wake()
}

/** `init` failed, so there never was an actor: only those that had sent to it hear of this (G36). */
export const vanish = (shard: MemoryShard, cell: MemoryCell): void => {
  if ((cell.flags & Is.Open) === 0) return
  withdraw(shard, cell, { _tag: "NoProc", everExisted: true })
  const aside = cell.aside
  if (aside?.links !== undefined) { for (const peer of aside.links.keys()) peer.aside?.links?.delete(cell) }
  if (aside?.watchers !== undefined) {
    for (const watch of aside.watchers) {
      watch.ended = true
      watch.watcher?.aside?.watching?.delete(watch.ref)
      if (watch.watcher === undefined) shard.outside.take(watch.ref)
    }
  }
  forget(shard, cell)
  shard.slab.free(cell.low)
  shard.scheduler.wake()
}

/** Makes an actor invisible to others. Its links and monitors stay until it is buried. */
const withdraw = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  cell.flags = (cell.flags & (Is.Queued | Is.Lanes)) | Is.Terminating
  shard.scheduler.recheck(cell)
  shard.live--
  shard.opened--
  shard.names.release(cell)
  const aside = cell.aside
  if (aside !== undefined) {
    if (aside.timers !== undefined) { for (const timer of aside.timers.values()) shard.timers.disarm(timer) }
    aside.timers = undefined
    while (aside.heldBy !== undefined && aside.heldBy.length > 0) releaseHold(shard, aside.heldBy[0]!)
    if (aside.watching !== undefined) { for (const watch of aside.watching.values()) removeWatcher(watch) }
    aside.watching = undefined
  }
  letIn(shard, cell)
  const letters = takeAll(cell)
  for (let letter = letters; letter !== undefined; letter = letter.next) if (letter.kind !== Kind.Void) shard.queued--
  if (letters !== undefined) shard.notices.deadMail(cell, letters, "Stopped")
  // The list is newest first; calls end in the order in which they were made.
  let call = aside?.calls
  while (call?.next !== undefined) call = call.next
  while (call !== undefined) {
    const newer = call.previous
    shard.calls.unlist(call)
    shard.notices.callEnded(call, CallEnd.Exited, reason)
    call = newer
  }
}

/** The end itself: `dead`, then a signal for each link and each monitor, then the slot is freed. */
const bury = (shard: MemoryShard, cell: MemoryCell, reason: ExitReason): void => {
  shard.notices.dead(cell, reason)
  const aside = cell.aside
  if (aside?.links !== undefined) {
    for (const peer of aside.links.keys()) {
      const link = peer.aside?.links?.get(cell)
      if (link !== undefined) shard.signals.linkExit(peer, cell, reason, link)
    }
  }
  if (aside?.watchers !== undefined) { for (const watch of aside.watchers) shard.signals.down(watch, reason) }
  forget(shard, cell)
  shard.signals.freed(cell)
}

const forget = (shard: MemoryShard, cell: MemoryCell): void => {
  cell.flags = (cell.flags & Is.Queued) | Is.Dead
  cell.aside = accountAlone(cell.aside)
  shard.slab.end(cell.low)
}

/** Handles one signal. */
export const receive = (shard: MemoryShard, signal: Signal): void => {
  const { from, reason, to } = signal
  switch (signal.kind) {
    case SignalKind.Freed:
      return shard.slab.free(to!.low)
    case SignalKind.Down:
      return receiveDown(shard, signal.watch!, reason!)
    case SignalKind.LinkExit:
      return receiveLinkExit(shard, signal)
    default:
      if (reason!._tag === "Killed") return kill(shard, to!, reason!)
      if ((to!.flags & Is.Open) === 0) return
      if ((to!.flags & Is.TrapExit) !== 0) enter(shard, to!, shard.pool.take(Kind.Exit, 0, reason, from))
      else if (reason!._tag !== "Normal" || from === to) end(shard, to!, reason!)
  }
}

/** An exit signal from a linked actor; it does nothing when the link was removed meanwhile (G31, G33). */
const receiveLinkExit = (shard: MemoryShard, signal: Signal): void => {
  const { from, link, reason } = signal
  const to = signal.to!
  const links = to.aside?.links
  if (links === undefined || link === undefined || links.get(from!) !== link) return
  if ((to.flags & (Is.Open | Is.TrapExit)) === (Is.Open | Is.TrapExit)) {
    // The link is known until its signal was handled: `unlink` takes the letter back.
    const letter = shard.pool.take(Kind.Exit, 0, reason, from)
    letter.extra = link
    link.letter = letter
    return enter(shard, to, letter)
  }
  links.delete(from!)
  if (reason!._tag !== "Normal") end(shard, to, reason!)
}

const receiveDown = (shard: MemoryShard, watch: Watch, reason: ExitReason): void => {
  if (watch.ended) return
  const watcher = watch.watcher
  if (watcher === undefined) return shard.notices.outsideDown(watch, shard.outside, reason)
  if ((watcher.flags & Is.Open) === 0) return
  const letter = shard.pool.take(Kind.Down, 0, reason, watch.target)
  letter.extra = watch
  watch.letter = letter
  enter(shard, watcher, letter)
}
