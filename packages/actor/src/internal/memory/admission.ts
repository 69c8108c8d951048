/**
 * What happens to a message that the plain path of `send` does not take: it has flags, its receiver is gone, or its
 * mailbox is full.
 *
 * Promises: the bound counts the normal and the priority lane; a refusal is the outcome alone, and the payload stays the
 * sender's; what is accepted is delivered or becomes a dead letter, once. A message that somebody is held for stands in
 * the mailbox, beyond the bound, so that nothing that is sent later overtakes it.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Call } from "../call.ts"
import { CallEnd, Flag, OnFull, Outcome } from "../shard.ts"
import { asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { pushMessage, takeOldest, voidLetter } from "./lanes.ts"
import { HELD, Kind, type Letter } from "./mailbox.ts"
import { Hold } from "./room.ts"
import type { MemoryShard } from "./shard.ts"
import { Timer } from "./timers.ts"

/** A message with its flags; `letter` is the sender's until the answer is `Accepted`. */
export const admit = (shard: MemoryShard, to: MemoryCell, letter: Letter, from: MemoryCell | undefined): Outcome => {
  const cell = shard.lifeOf(to)
  if (cell === undefined) {
    shard.deadLetter(to, letter, "NotAlive")
    return Outcome.Accepted
  }
  if ((letter.flags & Flag.Next) === 0 && cell.count >= cell.limits.capacity) return overflow(shard, cell, letter, from)
  enter(shard, cell, letter)
  return Outcome.Accepted
}

const holdOf = (receiver: MemoryCell, sender: MemoryCell): Hold | undefined =>
  sender.aside?.heldBy?.find((hold) => hold.receiver === receiver)

/** Into its lane; the receiver becomes runnable when it can be served. */
const enter = (shard: MemoryShard, cell: MemoryCell, letter: Letter): void => {
  pushMessage(cell, letter)
  shard.queued++
  shard.scheduler.offer(cell)
}

const overflow = (shard: MemoryShard, cell: MemoryCell, letter: Letter, from: MemoryCell | undefined): Outcome => {
  switch (cell.limits.onFull) {
    case OnFull["drop-newest"]: {
      shard.drop(cell, letter)
      return Outcome.Accepted
    }
    case OnFull["drop-oldest"]: {
      const oldest = takeOldest(cell)
      if (oldest === undefined) {
        shard.drop(cell, letter)
        return Outcome.Accepted
      }
      shard.queued--
      shard.drop(cell, oldest)
      enter(shard, cell, letter)
      return Outcome.Accepted
    }
    case OnFull.suspend: {
      if (from === undefined || from === cell || (from.flags & Is.Open) === 0) return Outcome.MailboxFull
      if (holdOf(cell, from) !== undefined) return Outcome.MailboxFull
      hold(shard, cell, letter, from)
      return Outcome.Accepted
    }
    default:
      return Outcome.MailboxFull
  }
}

const hold = (shard: MemoryShard, receiver: MemoryCell, letter: Letter, sender: MemoryCell): void => {
  const held = new Hold(sender, receiver, letter)
  letter.flags |= HELD
  enter(shard, receiver, letter)
  ;(asideOf(receiver).holds ??= []).push(held)
  ;(asideOf(sender).heldBy ??= []).push(held)
  receiver.flags |= Is.Wanted
  sender.flags |= Is.Held
  if (receiver.limits.sendTimeout === Infinity) return
  held.timer = new Timer(receiver, 0, 0, undefined, 0, 0, held)
  shard.arm(held.timer, receiver.limits.sendTimeout)
}

/** The mailbox is at low water, or its owner has ended: whoever waits for room goes on. */
export const letIn = (shard: MemoryShard, cell: MemoryCell): void => {
  const { holds, waiters } = cell.aside!
  cell.flags &= ~Is.Wanted
  while (holds !== undefined && holds.length > 0) release(shard, holds[0]!)
  if (waiters === undefined) return
  for (const waiter of waiters) shard.notices.room(waiter)
  waiters.clear()
}

/** The message that somebody is held for was handled. */
export const heldIsGone = (cell: MemoryCell, letter: Letter): void => {
  const held = cell.aside?.holds?.find((each) => each.letter === letter)
  if (held !== undefined) held.letter = undefined
}

/** A hold's time is over: its message, if it is still there, is a dead letter, and its sender goes on. */
export const expireHold = (shard: MemoryShard, held: Hold): void => {
  const { letter, receiver } = held
  release(shard, held)
  if (letter === undefined) return
  const { extra, flags, from, op, payload } = letter
  const dead = shard.pool.take(Kind.Message, op, payload, from)
  dead.flags = flags
  dead.extra = extra
  voidLetter(receiver, letter)
  shard.queued--
  shard.notices.deadMail(receiver, dead, "MailboxFull")
  endCallOf(shard, dead, CallEnd.MailboxFull, undefined)
  if (receiver.count <= receiver.limits.lowWater && (receiver.flags & Is.Wanted) !== 0) letIn(shard, receiver)
}

/** A held sender has ended: its messages stay where they are. */
export const releaseHoldsOf = (shard: MemoryShard, sender: MemoryCell): void => {
  const heldBy = sender.aside?.heldBy
  while (heldBy !== undefined && heldBy.length > 0) release(shard, heldBy[0]!)
}

/** Ends a hold. */
const release = (shard: MemoryShard, held: Hold): void => {
  const { letter, receiver, sender, timer } = held
  if (letter !== undefined) letter.flags &= ~HELD
  if (timer !== undefined) shard.timers.disarm(timer)
  remove(receiver.aside!.holds!, held)
  const heldBy = sender.aside?.heldBy
  if (heldBy === undefined) return
  remove(heldBy, held)
  if (heldBy.length > 0) return
  sender.flags &= ~Is.Held
  shard.scheduler.offer(sender)
}

const remove = (holds: Array<Hold>, held: Hold): void => {
  const at = holds.indexOf(held)
  if (at >= 0) holds.splice(at, 1)
}

/** Fails the call that a letter carries. */
export const endCallOf = (
  shard: MemoryShard,
  letter: Letter,
  end: CallEnd,
  reason: ExitReason | undefined
): void => {
  if (letter.kind !== Kind.Message || letter.extra === undefined) return
  const call = letter.extra as Call
  shard.calls.unlist(call)
  shard.notices.callEnded(call, end, reason)
}
