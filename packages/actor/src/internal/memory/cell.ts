/**
 * The twin's half of an actor: its mailbox, its limits, its accounts. What only few actors have is in `Aside`.
 *
 * Owner: `MemoryShard`, on its thread. Every field is a small integer or a pointer, set in the constructor, so that all
 * cells share one shape and an idle actor costs one object. What a delivery touches stands together: a cache line more
 * is a cache miss more.
 */
import type { Bound } from "../bound.ts"
import { Cell } from "../cell.ts"
import type { Aside } from "./aside.ts"
import type { Limits } from "./limits.ts"
import type { Letter } from "./mailbox.ts"

/** What a cell is doing. `Open` and `Dead` exclude each other; neither: reserved, or given back. */
export const Is = {
  Open: 1,
  /** `init` runs: nothing is delivered. */
  Starting: 2,
  /** It is in the run queue or the debt queue, or its slice runs. */
  Queued: 4,
  /** It sent to a full mailbox with the policy `suspend`, and gets no slice until there is room. */
  Held: 8,
  /** A handler waits: only what may re-enter is delivered. */
  Busy: 16,
  /** The `next` or the priority lane, in `aside`, has letters. */
  Lanes: 32,
  /** Others see it as ended; its cleanup still runs. */
  Terminating: 64,
  Dead: 128,
  TrapExit: 256,
  Cleanup: 512,
  /** Its last slice overdrew its budget. */
  Debt: 1024,
  /** Somebody waits for room in its mailbox. */
  Wanted: 2048,
  /** A letter that may re-enter could be in its lanes; cleared when a search finds none. */
  MayEnter: 4096,
  /** The host has suspended it: no messages are delivered, signals still act. */
  Suspended: 8192
} as const

export class MemoryCell extends Cell {
  declare flags: number
  // What a slice touches stands between fields that the send before it has touched, so that it is in the cache.
  /** Handler time in ns; what exceeds a second is carried into `aside`. */
  declare nanos: number
  /** Messages handled; what exceeds a small integer is carried into `aside`. */
  declare reductions: number
  /** Messages of the normal and priority lanes: what the bound counts. */
  declare count: number
  declare limits: Limits
  /** The normal lane. */
  declare head: Letter | undefined
  declare tail: Letter | undefined
  declare aside: Aside | undefined

  constructor(low: number, generation: number, bound: Bound, limits: Limits) {
    super(low, generation, bound)
    this.flags = 0
    this.nanos = 0
    this.reductions = 0
    this.count = 0
    this.limits = limits
    this.head = undefined
    this.tail = undefined
    this.aside = undefined
  }
}
