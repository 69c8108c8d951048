/**
 * Why an actor ended: one union for Rust, TypeScript and Python.
 *
 * The tags and fields are those of the Rust enum (`crates/myrmidon-core/src/exit_reason.rs`). Timeouts and full
 * mailboxes are errors of an operation and never stand here.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { crashed } from "./internal/crashed.ts"
import { invalid, isMarked } from "./internal/invalid.ts"

const crash = Schema.Struct({
  name: Schema.String,
  message: Schema.String,
  stack: Schema.optional(Schema.String),
  language: Schema.Literals(["typescript", "rust", "python"])
})

/**
 * The schema of an exit reason, for payloads that carry one.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ExitReasonSchema = Schema.TaggedUnion({
  Normal: {},
  Shutdown: { detail: Schema.optional(Schema.String) },
  Killed: {},
  Crashed: { error: crash },
  NoProc: { everExisted: Schema.Boolean },
  NodeUnreachable: { node: Schema.String, because: Schema.Literals(["closed", "silent"]) },
  NodeRestarted: { node: Schema.String },
  IsolateDown: { isolate: Schema.Int }
})

/**
 * Why an actor ended. `_tag` is the only discriminant, so `Effect.catchReason("ActorExited", "Crashed", ...)` reaches
 * it.
 *
 * - `Normal`: it was done. `Shutdown`: it was asked to stop, in order. `Killed`: nobody could trap that.
 * - `Crashed`: a handler threw, rejected or panicked.
 * - `NoProc`: nobody is there; `everExisted` tells a dead actor from a PID that was never given out.
 * - `NodeUnreachable`: the connection broke or fell silent; the actor may live. `NodeRestarted`: it cannot.
 * - `IsolateDown`: the isolate that it lived on is gone.
 *
 * @category models
 * @since 0.1.0
 */
export type ExitReason = typeof ExitReasonSchema.Type

/**
 * @since 0.1.0
 */
export declare namespace ExitReason {
  /**
   * @category models
   * @since 0.1.0
   */
  export type Tag = ExitReason["_tag"]
}

const reasonOf = (reason: ExitReason): ExitReason => {
  if (isMarked(reason, "_tag") && Object.hasOwn(ExitReasonSchema.cases, reason._tag)) return reason
  throw invalid("reason", "an ExitReason", reason)
}

// The same words as `Display` in Rust.
const printReason = (reason: ExitReason): string => {
  switch (reason._tag) {
    case "Normal":
      return "normal"
    case "Shutdown":
      return reason.detail === undefined ? "shutdown" : `shutdown: ${reason.detail}`
    case "Killed":
      return "killed"
    case "Crashed":
      return `crashed: ${reason.error.name}: ${reason.error.message}`
    case "NoProc":
      return reason.everExisted ? "no such actor any more" : "no such actor ever"
    case "NodeUnreachable":
      return reason.because === "closed" ? `connection to ${reason.node} closed` : `node ${reason.node} fell silent`
    case "NodeRestarted":
      return `node ${reason.node} restarted`
    case "IsolateDown":
      return `isolate ${reason.isolate} is gone`
  }
}

/**
 * Exit reasons: constants, constructors and the rule that tells failures from ends.
 *
 * **Example** (Telling a crash from an orderly end)
 *
 * ```ts import.meta.vitest
 * import { ExitReason } from "@myrmidonjs/actor"
 *
 * ExitReason.isFailure(ExitReason.shutdown("deploy")) // => false
 * ExitReason.isFailure(ExitReason.crashed(new Error("boom"))) // => true
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ExitReason: {
  readonly normal: ExitReason
  readonly killed: ExitReason
  readonly noProc: (everExisted: boolean) => ExitReason
  readonly shutdown: (detail?: string) => ExitReason
  /** From anything thrown: its name, message and stack, as data. */
  readonly crashed: (defect: unknown) => ExitReason
  /** As in logs: `crashed: TypeError: boom`. */
  readonly print: (reason: ExitReason) => string
  readonly match: typeof ExitReasonSchema.match
  /** Everything but `Normal` and `Shutdown`: the rule of `transient` children. */
  readonly isFailure: (reason: ExitReason) => boolean
} = {
  normal: Object.freeze({ _tag: "Normal" }),
  killed: Object.freeze({ _tag: "Killed" }),
  noProc: (everExisted) => {
    if (typeof everExisted !== "boolean") throw invalid("everExisted", "a boolean", everExisted)
    return { _tag: "NoProc", everExisted }
  },
  shutdown: (detail) => {
    if (detail === undefined) return { _tag: "Shutdown" }
    if (typeof detail !== "string") throw invalid("detail", "a string", detail)
    return { _tag: "Shutdown", detail }
  },
  crashed,
  print: (reason) => printReason(reasonOf(reason)),
  match: ExitReasonSchema.match,
  isFailure: (reason) => {
    const { _tag } = reasonOf(reason)
    return _tag !== "Normal" && _tag !== "Shutdown"
  }
}
