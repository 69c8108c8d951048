/**
 * Answers that wait for their turn: behind what stands in their asker's mailbox (G266).
 *
 * An asker that waits in a handler goes on past its mailbox. Where something may enter beside that handler (G7), the
 * answer is a letter of the normal lane that may enter too: so everything that may be delivered, and was sent before, is
 * begun first. It comes in its turn, or as soon as nothing is delivered to the actor (it is suspended, held or ended),
 * because then nobody would ever reach it. An ordered stop that waits for the handler is passed by: the handler waits for
 * the answer.
 */
import { Flag } from "../shard.ts"
import { asideOf } from "./aside.ts"
import { Is, type MemoryCell } from "./cell.ts"
import { mayEnter, pushLetter, voidLetter } from "./lanes.ts"
import { Kind, type Letter } from "./mailbox.ts"
import type { MemoryShard } from "./shard.ts"

/** Nothing is delivered to it. */
const DEAF = Is.Starting | Is.Held | Is.Suspended

/** See `Shard.behind`. */
export const waitBehind = (shard: MemoryShard, cell: MemoryCell, resume: () => void): void => {
  const hears = (cell.flags & (Is.Open | DEAF)) === Is.Open
  if (!shard.seeded && (!hears || !mayEnter(cell))) return resume()
  // In lockstep whoever cannot wait hears of it as of any end, so that the order is that of the native system.
  if (!hears) return tell(shard, resume)
  const letter = shard.pool.take(Kind.Answer, 0, resume, undefined)
  letter.flags = Flag.Reentrant
  asideOf(cell).behind++
  pushLetter(cell, letter)
  shard.queued++
  shard.scheduler.offer(cell)
}

/** Nothing is delivered to an actor any more, until somebody lets it go on: its answers do not wait for that. */
export const letAnswersGo = (shard: MemoryShard, cell: MemoryCell): void => {
  const { aside } = cell
  if (aside === undefined) return
  for (let letter = cell.head; letter !== undefined && aside.behind > 0; letter = letter.next) {
    if (letter.kind !== Kind.Answer) continue
    const resume = reach(cell, letter)
    voidLetter(cell, letter, undefined)
    shard.queued--
    tell(shard, resume)
  }
}

/** An answer leaves its lane: who waits for it. */
export const reach = (cell: MemoryCell, letter: Letter): () => void => {
  cell.aside!.behind--
  return letter.payload as () => void
}

const tell = (shard: MemoryShard, resume: () => void): void => {
  shard.notices.reached(resume)
  shard.scheduler.wake()
}
