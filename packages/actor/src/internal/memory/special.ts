/**
 * Delivers what stands in a mailbox and is no plain message: a timer's, a DOWN, an exit signal, an answer's turn.
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { Pid } from "../../Pid.ts"
import { rethrow } from "../rethrow.ts"
import type { ShardHost } from "../shard.ts"
import { reach } from "./behind.ts"
import type { MemoryCell } from "./cell.ts"
import { Kind, type Letter } from "./mailbox.ts"
import type { Watch } from "./monitors.ts"
import type { MemoryShard } from "./shard.ts"
import type { Timer } from "./timers.ts"
import { delivered } from "./timing.ts"

/** The sender of an exit signal that no actor sent. */
const NOBODY = 0 as Pid

/** Whether the handler waits. */
export const deliverSpecial = (shard: MemoryShard, host: ShardHost, cell: MemoryCell, letter: Letter): boolean => {
  const { extra, from, kind, op, payload } = letter
  if (kind === Kind.Answer) reach(cell, letter)
  shard.pool.giveSpecial(letter)
  switch (kind) {
    case Kind.Answer:
      try {
        ;(payload as () => void)()
      } catch (error) {
        rethrow(error)
      }
      return false
    case Kind.Timer:
      delivered(extra as Timer)
      return host.deliver(cell, op, payload, cell.pid, undefined)
    case Kind.Down: {
      const watch = extra as Watch
      watch.ended = true
      cell.aside?.watching?.delete(watch.ref)
      return host.down(cell, watch.ref, watch.target.pid, payload as ExitReason)
    }
    default: {
      if (extra !== undefined && cell.aside?.links?.get(from!) === extra) cell.aside.links.delete(from!)
      return host.exitSignal(cell, from === undefined ? NOBODY : from.pid, payload as ExitReason, from?.life?.name)
    }
  }
}
