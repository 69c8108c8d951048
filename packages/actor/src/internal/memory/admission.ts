/**
 * What happens to a message that the plain path of `send` does not take: it has flags, its receiver is gone, or its
 * mailbox is full.
 *
 * Promises: the bound counts the normal and the priority lane; a refusal is the outcome alone, and the payload stays the
 * sender's; what is accepted is delivered or becomes a dead letter, once. A message that waits in a hold is never
 * overtaken by another of the same sender to the same receiver.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Call } from "../call.ts"
import { CallEnd, Flag, OnFull, Outcome } from "../shard.ts"
import { asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { pushMessage, takeOldest } from "./lanes.ts"
import { Kind, type Letter } from "./mailbox.ts"
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
  if ((letter.flags & Flag.Next) === 0 && isFull(cell, from)) return overflow(shard, cell, letter, from)
  enter(shard, cell, letter)
  return Outcome.Accepted
}

const isFull = (cell: MemoryCell, from: MemoryCell | undefined): boolean =>
  cell.count >= cell.limits.capacity
  || ((cell.flags & Is.Wanted) !== 0 && from !== undefined && holdOf(cell, from) !== undefined)

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
  ;(asideOf(receiver).holds ??= []).push(held)
  ;(asideOf(sender).heldBy ??= []).push(held)
  receiver.flags |= Is.Wanted
  sender.flags |= Is.Held
  shard.queued++
  if (receiver.limits.sendTimeout === Infinity) return
  held.timer = new Timer(receiver, 0, 0, undefined, 0, 0, held)
  shard.arm(held.timer, receiver.limits.sendTimeout)
}

/** The mailbox is at low water: lets held messages in, oldest first, while there is room, and tells who waits. */
export const letIn = (shard: MemoryShard, cell: MemoryCell): void => {
  const aside = cell.aside!
  const { holds, waiters } = aside
  while (holds !== undefined && holds.length > 0 && cell.count < cell.limits.capacity) admitHold(shard, holds[0]!)
  if (waiters !== undefined) {
    for (const waiter of waiters) shard.notices.room(waiter)
    waiters.clear()
  }
  if (holds === undefined || holds.length === 0) cell.flags &= ~Is.Wanted
}

const admitHold = (shard: MemoryShard, held: Hold): void => {
  release(shard, held)
  pushMessage(held.receiver, held.letter)
  shard.scheduler.offer(held.receiver)
}

/** The held message has waited too long: it is a dead letter, and its sender goes on. */
export const expireHold = (shard: MemoryShard, held: Hold): void => {
  release(shard, held)
  shard.queued--
  endCallOf(shard, held.letter, CallEnd.MailboxFull, undefined)
  shard.notices.deadMail(held.receiver, held.letter, "MailboxFull")
}

/** A sender has died: what it had sent enters before its signals do, beyond the bound by one message per hold. */
export const admitHoldsOf = (shard: MemoryShard, sender: MemoryCell): void => {
  const heldBy = sender.aside?.heldBy
  while (heldBy !== undefined && heldBy.length > 0) admitHold(shard, heldBy[0]!)
}

/** A receiver has died: what was held before it is a dead letter, and the senders go on. */
export const dropHoldsOf = (shard: MemoryShard, receiver: MemoryCell): void => {
  const holds = receiver.aside?.holds
  while (holds !== undefined && holds.length > 0) {
    const held = holds[0]!
    release(shard, held)
    shard.queued--
    shard.notices.deadMail(receiver, held.letter, "Stopped")
  }
}

/** Ends a hold; its letter is the caller's. */
const release = (shard: MemoryShard, held: Hold): void => {
  const { receiver, sender, timer } = held
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
