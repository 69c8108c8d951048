/**
 * What a supervisor says to the keeper of one that lives elsewhere. All of it crosses isolates: plain data and PIDs.
 *
 * `path` leads from the tree that the keeper keeps down to the supervisor that is meant; empty: the tree itself.
 */
import { Actor, Module, Pid, SpawnError } from "@myrmidonjs/actor"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"
import { ChildNotRunning, ChildPresent, InvalidSpec } from "../SupervisorError.ts"

/** What `init` failed with, as bytes of the schema that the behaviour at `by` has for its errors. */
const OwnError = Schema.Struct({ by: Module.Key, bytes: Schema.Uint8Array })

export type OwnError = typeof OwnError.Type

/** `ChildStartError` on its way: its cause is no data, and its text is. */
export class StartFailed extends Schema.TaggedError<StartFailed>("myrmidon/StartFailed")("StartFailed", {
  id: Schema.String,
  path: Schema.Array(Schema.String),
  issue: Schema.String,
  /** What a spawn failed with, where it did. */
  error: Schema.NullOr(SpawnError),
  own: Schema.NullOr(OwnError)
}) {}

/** A child's own error, of one that was started at run time. */
export class BeginFailed extends Schema.TaggedError<BeginFailed>("myrmidon/BeginFailed")("BeginFailed", {
  own: OwnError
}) {}

/** The spec of a child, as `packed.ts` makes it: what it is stands in a module. */
const PackedSpec = Schema.Struct({
  id: Schema.String,
  kind: Schema.Literals(["actor", "dynamic", "placed"]),
  module: Module.Key,
  args: Schema.NullOr(Schema.Uint8Array),
  /** Those of the spec that bear these names, as plain data. */
  options: Schema.Unknown,
  spawn: Schema.Unknown,
  supervisor: Schema.Unknown,
  partitions: Schema.NullOr(Schema.Int)
})

export type PackedSpec = typeof PackedSpec.Type

const Below = { path: Schema.Array(Schema.String) }
const OfChild = { ...Below, id: Schema.String }

const ChildRow = Schema.Struct({
  id: Schema.String,
  type: Schema.Literals(["worker", "supervisor"]),
  status: Schema.Literals(["running", "restarting", "stopped"]),
  pid: Schema.NullOr(Pid.schema),
  restarts: Schema.Int
})

export type ChildRow = typeof ChildRow.Type

export const Keeper = Actor.make("myrmidon/Keeper", [
  /** Starts the tree; answered with the PID of its supervisor when all its children have started. */
  Rpc.make("Start", { success: Pid.schema, error: StartFailed }),
  Rpc.make("Which", { payload: Below, success: Schema.Array(ChildRow), error: ChildNotRunning }),
  /** Of an actor its PID; null: what the child gives is no actor. */
  Rpc.make("Get", { payload: OfChild, success: Schema.NullOr(Pid.schema), error: ChildNotRunning }),
  Rpc.make("Restart", { payload: OfChild, error: Schema.Union([ChildNotRunning, ChildPresent, StartFailed]) }),
  /** Another child, behind all others; answered as `Get` is. */
  Rpc.make("Adopt", {
    payload: { ...Below, spec: PackedSpec },
    success: Schema.NullOr(Pid.schema),
    error: Schema.Union([ChildNotRunning, ChildPresent, StartFailed, InvalidSpec])
  }),
  /** Other specs: those of the tree of a module. */
  Rpc.make("Change", {
    payload: { ...Below, module: Module.Key },
    error: Schema.Union([ChildNotRunning, InvalidSpec])
  }),
  Rpc.make("Terminate", { payload: OfChild, error: ChildNotRunning }),
  Rpc.make("Delete", { payload: OfChild, error: Schema.Union([ChildNotRunning, ChildPresent]) }),
  /** The `TreeNode` as plain data: what is undefined is null there. */
  Rpc.make("Tree", { success: Schema.Unknown }),
  /** The PID of the present life of the supervisor at `path`. */
  Rpc.make("Ref", { payload: Below, success: Pid.schema, error: ChildNotRunning }),
  /** Of the dynamic supervisor at `path`. */
  Rpc.make("Begin", {
    payload: { ...Below, args: Schema.Unknown, name: Schema.NullOr(Schema.String) },
    success: Pid.schema,
    error: Schema.Union([ChildNotRunning, SpawnError, BeginFailed])
  }),
  Rpc.make("Finish", { payload: { ...Below, child: Pid.schema }, error: ChildNotRunning }),
  Rpc.make("Members", { payload: Below, success: Schema.Array(Pid.schema), error: ChildNotRunning })
])

export type KeeperRef = Actor.Ref<typeof Keeper>

/** Whose tree it keeps. */
export interface KeeperArgs {
  /** From the root to the tree that it keeps. */
  readonly path: ReadonlyArray<string>
  /** The PID of the supervisor above: its end is the end of the tree. */
  readonly above: Pid
  /** Names the whole tree, in all isolates. */
  readonly root: string
}
