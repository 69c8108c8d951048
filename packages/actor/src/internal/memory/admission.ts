/**
 * What happens to a message that the plain path of `send` does not take: it has flags, its receiver is gone, or its
 * mailbox is full. And who waits for room.
 *
 * Promises: G12 to G16. A refusal is the outcome alone, and the payload stays the sender's; what is accepted is
 * delivered or becomes a dead letter, once (G5).
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Call } from "../call.ts"
import { CallEnd, Flag, OnFull, Outcome, type Why } from "../shard.ts"
import { asideOf } from "./aside.ts"
import { letAnswersGo } from "./behind.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { oldestMessage, pushLetter, voidLetter } from "./lanes.ts"
import { Kind, type Letter } from "./mailbox.ts"
import { Hold } from "./room.ts"
import type { MemoryShard } from "./shard.ts"
import { Timer } from "./timers.ts"

/** A message with its flags; `letter` is the sender's until the answer is `Accepted`. */
export const admit = (shard: MemoryShard, to: MemoryCell, letter: Letter, from: MemoryCell | undefined): Outcome => {
  const cell = shard.lifeOf(to)
  if (cell === undefined) {
    bury(shard, to, letter, "NotAlive", CallEnd.Exited, shard.noProc(to))
    return Outcome.Accepted
  }
  if (cell.count < cell.limits.capacity || (letter.flags & Flag.Next) !== 0) {
    enter(shard, cell, letter)
    return Outcome.Accepted
  }
  switch (cell.limits.onFull) {
    case OnFull["drop-newest"]:
      bury(shard, cell, letter, "Dropped", CallEnd.MailboxFull, undefined)
      return Outcome.Accepted
    case OnFull["drop-oldest"]: {
      const oldest = oldestMessage(cell)
      if (oldest === undefined) bury(shard, cell, letter, "Dropped", CallEnd.MailboxFull, undefined)
      else {
        dropQueued(shard, cell, oldest, "Dropped")
        enter(shard, cell, letter)
      }
      return Outcome.Accepted
    }
    case OnFull.suspend:
      if (!mayHold(shard, cell, from)) return Outcome.MailboxFull
      enter(shard, cell, letter)
      hold(shard, cell, letter, from)
      return Outcome.Accepted
    default:
      return Outcome.MailboxFull
  }
}

/** Into its lane; the receiver becomes runnable when it can be served. */
export const enter = (shard: MemoryShard, cell: MemoryCell, letter: Letter): void => {
  pushLetter(cell, letter)
  shard.queued++
  shard.scheduler.offer(cell)
  // What is urgent may stand before a message that could have entered beside a waiting handler.
  if (letter.flags !== 0) shard.scheduler.recheck(cell)
}

/** Voids a queued letter that is not to be handled any more: of a cancelled timer, an ended link or monitor. */
export const takeBack = (shard: MemoryShard, cell: MemoryCell, letter: Letter): void => {
  voidLetter(cell, letter, undefined)
  shard.queued--
  // What stood behind it may now be deliverable beside a waiting handler; or nothing deliverable is left.
  shard.scheduler.offer(cell)
  shard.scheduler.recheck(cell)
}

/** A message that was in no mailbox becomes a dead letter; a call among them fails. */
const bury = (
  shard: MemoryShard,
  to: MemoryCell,
  letter: Letter,
  why: Why,
  end: CallEnd,
  reason: ExitReason | undefined
): void => {
  const call = letter.kind === Kind.Message ? letter.extra as Call | undefined : undefined
  shard.notices.deadMail(to, letter, why)
  if (call !== undefined) {
    shard.calls.unlist(call)
    shard.notices.callEnded(call, end, reason)
  }
  shard.scheduler.wake()
}

/** The same for one that is queued. */
const dropQueued = (shard: MemoryShard, cell: MemoryCell, letter: Letter, why: Why): void => {
  const dropped = shard.pool.take(Kind.Message, 0, undefined, undefined)
  forgetHeld(cell, letter)
  voidLetter(cell, letter, dropped)
  shard.queued--
  bury(shard, cell, dropped, why, CallEnd.MailboxFull, undefined)
  letInAtLowWater(shard, cell)
  shard.scheduler.recheck(cell)
}

// -- holds: senders that overflowed a mailbox that suspends them (G16) ------------------------------------------------

/** An actor of this system that is not itself the receiver, and not held for it already. */
const mayHold = (
  shard: MemoryShard,
  receiver: MemoryCell,
  sender: MemoryCell | undefined
): sender is MemoryCell =>
  sender !== undefined && sender !== receiver && (sender.flags & Is.Open) !== 0 && shard.isOwn(sender)
  && sender.aside?.heldBy?.some((held) => held.receiver === receiver) !== true

const hold = (shard: MemoryShard, receiver: MemoryCell, letter: Letter, sender: MemoryCell): void => {
  const held = new Hold(sender, receiver, letter)
  letter.flags |= HELD
  ;(asideOf(receiver).holds ??= []).push(held)
  ;(asideOf(sender).heldBy ??= []).push(held)
  receiver.flags |= Is.Wanted
  sender.flags |= Is.Held
  letAnswersGo(shard, sender)
  shard.scheduler.recheck(sender)
  if (receiver.limits.sendTimeout === Infinity) return
  held.timer = new Timer(receiver, 0, 0, undefined, 0, 0, held)
  shard.arm(held.timer, receiver.limits.sendTimeout)
}

/** Marks a letter for whose handling a sender is held. Beside the `Flag`s, which are below it. */
export const HELD = 256

/** A held letter leaves its lane: its hold goes on without it, until low water. */
export const forgetHeld = (receiver: MemoryCell, letter: Letter): void => {
  if ((letter.flags & HELD) === 0) return
  letter.flags &= ~HELD
  const held = receiver.aside?.holds?.find((held) => held.letter === letter)
  if (held !== undefined) held.letter = undefined
}

/** Ends a hold: its sender goes on, its message stays where it is. */
export const releaseHold = (shard: MemoryShard, held: Hold): void => {
  const { letter, receiver, sender, timer } = held
  if (letter !== undefined) letter.flags &= ~HELD
  if (timer !== undefined) shard.timers.disarm(timer)
  remove(receiver.aside?.holds, held)
  const heldBy = sender.aside?.heldBy
  remove(heldBy, held)
  if (heldBy === undefined || heldBy.length > 0) return
  sender.flags &= ~Is.Held
  shard.scheduler.offer(sender)
}

const remove = (holds: Array<Hold> | undefined, held: Hold): void => {
  const at = holds === undefined ? -1 : holds.indexOf(held)
  if (at >= 0) holds!.splice(at, 1)
}

/** A hold's time is over: its message is a dead letter, its sender goes on. */
export const expireHold = (shard: MemoryShard, held: Hold): void => {
  if (held.letter !== undefined) dropQueued(shard, held.receiver, held.letter, "MailboxFull")
  // Room may have brought the mailbox to low water, and ended this hold with all others.
  if (held.sender.aside?.heldBy?.includes(held) === true) releaseHold(shard, held)
}

// -- room -------------------------------------------------------------------------------------------------------------

export const letInAtLowWater = (shard: MemoryShard, cell: MemoryCell): void => {
  if ((cell.flags & Is.Wanted) !== 0 && cell.count <= cell.limits.lowWater) letIn(shard, cell)
}

/** Everybody who waits for room here goes on. */
export const letIn = (shard: MemoryShard, cell: MemoryCell): void => {
  cell.flags &= ~Is.Wanted
  const aside = cell.aside
  if (aside === undefined) return
  while (aside.holds !== undefined && aside.holds.length > 0) releaseHold(shard, aside.holds[0]!)
  if (aside.waiters === undefined) return
  for (const waiter of aside.waiters) shard.notices.room(waiter)
  aside.waiters = undefined
  shard.scheduler.wake()
}
