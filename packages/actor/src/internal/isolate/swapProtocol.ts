/**
 * What isolates say to each other about swaps. Whatever takes its time is a stream of one answer or none: a stream ends
 * with whoever reads it, and so does a canary that nobody waits for.
 */
import * as Schema from "effect/Schema"
import { ExitReasonSchema } from "../../ExitReason.ts"
import { Pid } from "../../Pid.ts"
import { SwapError } from "../../SwapError.ts"
import { makeRpc } from "../rpc.ts"
import { Info } from "./info.ts"

export const Upgrade = Schema.Struct({
  url: Schema.String,
  protocol: Schema.String,
  from: Schema.String,
  to: Schema.String,
  ordinal: Schema.Int
})

/** As `Resolved`. */
export const Options = Schema.Struct({
  timeout: Schema.Number,
  keep: Schema.Int,
  concurrency: Schema.Int,
  canary: Schema.NullOr(Schema.Struct({ messages: Schema.Int, within: Schema.Number, maxRollbacks: Schema.Int }))
})

/** Of the actors that run `upgrade.from` these, else those below this one, else all. */
export const Chosen = Schema.Struct({ pids: Schema.NullOr(Schema.Array(Pid.schema)), tree: Schema.NullOr(Pid.schema) })

/** `RolledBack`, with payloads as their protocol has them; null where one does not cross. */
export const WentBack = Schema.Struct({
  pid: Pid.schema,
  reason: ExitReasonSchema,
  handled: Schema.Array(Schema.Struct({
    tag: Schema.String,
    from: Schema.NullOr(Pid.schema),
    payload: Schema.NullOr(Schema.Uint8Array),
    answered: Schema.Boolean
  }))
})

/** That, where one actor was swapped. */
export class SwapWentBack extends Schema.TaggedError<SwapWentBack>("myrmidon/SwapWentBack")("SwapWentBack", {
  back: WentBack
}) {}

const Failures = Schema.Array(Schema.Struct({ pid: Pid.schema, error: SwapError }))

export const Share = Schema.Struct({
  swapped: Schema.Int,
  rolledBack: Schema.Array(WentBack),
  failed: Failures,
  pauses: Schema.Struct({ counts: Schema.Array(Schema.Int), max: Schema.Number })
})

/** How far an isolate is with its share of a group. */
export const Progress = Schema.TaggedUnion({
  /** Of a group that changes together: all stand still; false: one of them cannot be changed. */
  Prepared: { ready: Schema.Boolean },
  Crashed: { reason: ExitReasonSchema },
  Swapped: {},
  /** Its canaries have all ended. */
  Settled: {},
  Done: { share: Share }
})

/** What it is told, and waits for. */
export const Step = Schema.TaggedUnion({
  Commit: { changes: Schema.Boolean },
  /** Nobody else is swapped: a canary elsewhere has crashed. */
  Stop: { reason: ExitReasonSchema },
  Passed: {},
  Back: { reason: ExitReasonSchema }
})

const About = { pid: Pid.schema }

export const swapRpcs = [
  makeRpc("myrmidon/Swap", {
    payload: { ...About, upgrade: Upgrade, options: Options },
    success: Schema.Boolean,
    error: Schema.Union([SwapError, SwapWentBack]),
    stream: true
  }),
  makeRpc("myrmidon/RollBack", {
    payload: { ...About, version: Schema.NullOr(Schema.String), timeout: Schema.Number },
    success: Schema.Boolean,
    error: SwapError,
    stream: true
  }),
  /** Those that run `upgrade.from`; `look`: and what they look like. */
  makeRpc("myrmidon/Runners", {
    payload: { upgrade: Upgrade, tree: Schema.NullOr(Pid.schema), look: Schema.Boolean, timeout: Schema.Number },
    success: Schema.Struct({ pid: Pid.schema, info: Schema.NullOr(Info) }),
    error: SwapError,
    stream: true
  }),
  makeRpc("myrmidon/Plan", {
    payload: { upgrade: Upgrade, chosen: Chosen, timeout: Schema.Number },
    success: Schema.Struct({ checked: Schema.Int, failures: Failures }),
    error: SwapError,
    stream: true
  }),
  makeRpc("myrmidon/SwapGroup", {
    payload: {
      upgrade: Upgrade,
      chosen: Chosen,
      together: Schema.Boolean,
      options: Options,
      /** Names it for `Step`. */
      owner: Schema.Int,
      group: Schema.Int
    },
    success: Progress,
    error: SwapError,
    stream: true
  }),
  makeRpc("myrmidon/SwapStep", { payload: { owner: Schema.Int, group: Schema.Int, step: Step } })
] as const
