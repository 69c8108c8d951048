/**
 * What only some actors have: links, watches, timers, a name, calls to answer, lanes beside the normal one. Made on
 * first need, gone with the actor.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Call } from "../call.ts"
import type { MemoryCell } from "./cell.ts"
import type { LinkHalf } from "./links.ts"
import { Lane } from "./mailbox.ts"
import type { Watch } from "./monitors.ts"
import type { Hold, Waiter } from "./room.ts"
import type { Timer } from "./timers.ts"

export class Aside {
  // -- mailbox --------------------------------------------------------------------------------------------------------
  readonly next = new Lane()
  readonly priority = new Lane()
  /** Handlers that wait. */
  busy = 0
  /** Answers in the normal lane. */
  behind = 0

  // -- room -----------------------------------------------------------------------------------------------------------
  /** Senders held for this mailbox, oldest first. */
  holds: Array<Hold> | undefined = undefined
  /** Mailboxes that this actor is held for. */
  heldBy: Array<Hold> | undefined = undefined
  waiters: Set<Waiter> | undefined = undefined

  // -- signals --------------------------------------------------------------------------------------------------------
  name: string | undefined = undefined
  links: Map<MemoryCell, LinkHalf> | undefined = undefined
  watching: Map<number, Watch> | undefined = undefined
  watchers: Set<Watch> | undefined = undefined
  /** Why it is ending, while its cleanup runs. */
  reason: ExitReason | undefined = undefined

  timers: Map<number, Timer> | undefined = undefined
  /** Calls that it has not answered. */
  calls: Call | undefined = undefined

  // -- accounts carried from the cell ---------------------------------------------------------------------------------
  reductions = 0
  millis = 0
}

export const asideOf = (cell: MemoryCell): Aside => cell.aside ??= new Aside()

// An actor's account is its cell's and what was carried from there.
export const reductionsOf = (cell: MemoryCell): number => cell.reductions + (cell.aside?.reductions ?? 0)
export const millisOf = (cell: MemoryCell): number => cell.nanos / 1e6 + (cell.aside?.millis ?? 0)

/** What is left of a side record when its actor has ended: what was carried, until `dead` is told. */
export const accountAlone = (aside: Aside | undefined): Aside | undefined => {
  if (aside === undefined || (aside.reductions === 0 && aside.millis === 0)) return undefined
  const carried = new Aside()
  carried.reductions = aside.reductions
  carried.millis = aside.millis
  return carried
}
