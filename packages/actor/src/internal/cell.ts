/**
 * An actor of this isolate as one object: the `ActorRef` that users hold is its cell, so that a send touches no
 * second object. Each shard adds its own half (`memory/cell.ts`, `native/cell.ts`).
 *
 * Owner: the host writes `bound`, `state` and `life`; the shard writes `low` and `generation`, and its half.
 */
import type { Pid } from "../Pid.ts"
import type { Bound } from "./bound.ts"
import type { Life } from "./life.ts"
import type { Host } from "./host.ts"

export abstract class Cell {
  readonly "~myrmidon/ActorRef" = true as const
  abstract readonly host: Host
  /** Shard and index. */
  readonly low: number
  readonly generation: number
  /** The behaviour with what it captured; the one object shared by all actors that were spawned alike. */
  bound: Bound
  state: unknown = undefined
  /** What only some actors have: self, scope, fibers, name. Made on first need. */
  life: Life | undefined = undefined

  constructor(low: number, generation: number, bound: Bound) {
    this.low = low
    this.generation = generation
    this.bound = bound
  }

  get pid(): Pid {
    return (this.generation * 4294967296 + this.low) as Pid
  }
}
