/**
 * What the isolates of a system say to each other: each has an agent, an actor like any other that answers for those
 * of its isolate.
 */
import * as Schema from "effect/Schema"
import { Pid } from "../../Pid.ts"
import { SpawnError } from "../../SpawnError.ts"
import { makeProtocol } from "../protocol.ts"
import { makeGroup, makeRpc } from "../rpc.ts"
import { inspectRpcs } from "./inspectProtocol.ts"
import { Info } from "./info.ts"
import { Behavior, Report } from "./report.ts"
import { swapRpcs } from "./swapProtocol.ts"

/** The behaviour's own error, which its caller decodes. */
export class InitFailed extends Schema.TaggedError<InitFailed>("myrmidon/InitFailed")("InitFailed", {
  error: Schema.Uint8Array
}) {}

const About = { pid: Pid.schema }

const OnFull = Schema.Literals(["reject", "drop-newest", "drop-oldest", "suspend"])

const Spawn = {
  url: Schema.String,
  protocol: Schema.String,
  version: Schema.String,
  ordinal: Schema.Int,
  args: Schema.NullOr(Schema.Uint8Array),
  /** Who waits for it: should that isolate end, what was started for it ends too. */
  owner: Schema.Int,
  /** Names it among the spawns of that isolate, for `Cancel`. */
  ticket: Schema.Int,
  name: Schema.NullOr(Schema.String),
  capacity: Schema.NullOr(Schema.Int),
  onFull: Schema.NullOr(OnFull),
  sendTimeout: Schema.NullOr(Schema.Number),
  initTimeout: Schema.NullOr(Schema.Number),
  budget: Schema.NullOr(Schema.Number)
}

const Letter = Schema.Struct({
  to: Pid.schema,
  name: Schema.NullOr(Schema.String),
  from: Schema.NullOr(Pid.schema),
  asked: Schema.Boolean,
  tag: Schema.String,
  payload: Schema.Unknown,
  why: Schema.Literals([
    "NotAlive",
    "MailboxFull",
    "Dropped",
    "NodeUnreachable",
    "SwapRolledBack",
    "Stopped",
    "Interrupted"
  ])
})

export const Agent = makeProtocol(
  "myrmidon/Agent",
  makeGroup([
    makeRpc("myrmidon/Spawn", {
      payload: Spawn,
      success: Pid.schema,
      error: Schema.Union([SpawnError, InitFailed])
    }),
    /** Nobody waits for it any more: it ends, or does not begin. Answered when nothing is left of it. */
    makeRpc("myrmidon/Cancel", { payload: { owner: Schema.Int, ticket: Schema.Int } }),
    /** An isolate has ended; answered when nobody is left of what it had started here. */
    makeRpc("myrmidon/Orphans", { payload: { isolate: Schema.Int } }),
    makeRpc("myrmidon/Info", { payload: About, success: Schema.NullOr(Info) }),
    /** Suspends or resumes an actor there. Answers whether it is alive. */
    makeRpc("myrmidon/SetSuspended", { payload: { ...About, suspended: Schema.Boolean }, success: Schema.Boolean }),
    makeRpc("myrmidon/IsAlive", { payload: About, success: Schema.Boolean }),
    /** Items of a stream for a reader of that isolate; answered when it has taken them. false: it is gone. */
    makeRpc("myrmidon/Items", {
      payload: { stream: Schema.Int, chunks: Schema.Array(Schema.Uint8Array) },
      success: Schema.Boolean
    }),
    /** To itself, behind the items: a stream has ended without a word. */
    makeRpc("myrmidon/EndStream", { payload: { stream: Schema.Int } }),
    /** A reader of that isolate has gone. */
    makeRpc("myrmidon/StopStream", { payload: { isolate: Schema.Int, stream: Schema.Int } }),
    /** Of this isolate, as `ActorSystem.info` has them. */
    makeRpc("myrmidon/Totals", { success: Schema.Struct({ queued: Schema.Int, bytes: Schema.Number }) }),
    makeRpc("myrmidon/Top", {
      payload: { n: Schema.Int, by: Schema.Literals(["reductions", "time", "mailbox", "memory"]) },
      success: Schema.Array(Schema.Struct({ pid: Pid.schema, info: Info }))
    }),
    makeRpc("myrmidon/Behaviors", { success: Schema.Array(Behavior) }),
    ...swapRpcs,
    ...inspectRpcs,
    /** A worker is ready. */
    makeRpc("myrmidon/Ready", { payload: { isolate: Schema.Int, ticket: Schema.Int } }),
    /** What happened in a worker, in order; as much of it as plain data can say. */
    makeRpc("myrmidon/Events", { payload: { events: Schema.Array(Schema.Unknown) } }),
    makeRpc("myrmidon/Letters", { payload: { letters: Schema.Array(Letter) } }),
    /** An isolate imports a module, or has done so: its thread may be held meanwhile. */
    makeRpc("myrmidon/Importing", { payload: { isolate: Schema.Int, begins: Schema.Boolean } }),
    makeRpc("myrmidon/Ping", { payload: { from: Schema.Int } }),
    /** And what the isolate does, for metrics. */
    makeRpc("myrmidon/Pong", { payload: { isolate: Schema.Int, report: Report } }),
    /** Answered when nothing is to be done there, no timer is armed and no call is pending. */
    makeRpc("myrmidon/Quiet", {}),
    /** Ends all its actors, in order, within so many ms; answered when they have ended. */
    makeRpc("myrmidon/Close", { payload: { within: Schema.Number } })
  ])
)

/** The name of an isolate's agent in its system. */
export const agentName = (isolate: number): string => `myrmidon/agent/${isolate}`
