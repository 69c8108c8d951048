/**
 * What an isolate tells of itself with each sign of life, so that the metrics of the isolate that opened the system are
 * those of all (G226): nobody is asked when they are read.
 *
 * The accounts of behaviours are a walk over all actors. It is made again when a thousand times as long has passed as it
 * took: a thousandth of an isolate's time goes into it at most.
 */
import * as Schema from "effect/Schema"
import type { BehaviorInfo } from "../../ActorSystem.ts"
import type { Host } from "../host.ts"
import { type Figures, figuresOf } from "../figures.ts"

export const Behavior = Schema.Struct({
  protocol: Schema.String,
  version: Schema.String,
  actors: Schema.Int,
  reductions: Schema.Number,
  millis: Schema.Number,
  mailbox: Schema.Int,
  memory: Schema.Number
})

export const Report = Schema.Struct({
  figures: Schema.Struct({
    queued: Schema.Int,
    bytes: Schema.Number,
    calls: Schema.Int,
    crashes: Schema.Int,
    tellsFailed: Schema.Int,
    swaps: Schema.Int,
    rollbacks: Schema.Int,
    longSchedules: Schema.Int
  }),
  /** null: they were told not long ago. */
  behaviors: Schema.NullOr(Schema.Array(Behavior))
})

export interface Report {
  readonly figures: Figures
  readonly behaviors: ReadonlyArray<BehaviorInfo> | null
}

/** How much longer an isolate does other things than it takes to read its accounts. */
const rest = 1_000

export class Reporter {
  private readonly host: Host
  /** When the accounts may be read again. */
  private due = 0

  constructor(host: Host) {
    this.host = host
  }

  report(): Report {
    const { accounts, clock } = this.host
    const began = clock.now()
    if (began < this.due) return { figures: figuresOf(this.host), behaviors: null }
    const behaviors = [...accounts.read().values()]
    const ended = clock.now()
    this.due = ended + rest * (ended - began)
    return { figures: figuresOf(this.host), behaviors }
  }
}
