/**
 * What happens in an actor system that an operator wants to know: the stream `ActorSystem.events`.
 *
 * @since 0.1.0
 */
import type { ExitReason } from "./ExitReason.ts"
import type { Pid } from "./Pid.ts"

/**
 * - `LongSchedule`: a handler held the thread for longer than the system's `longSchedule`. Where that is the thread of the
 *   program, `advice` says how its behaviour can be moved off it; docs/guides/many-cores.md shows it done.
 * - `Crashed`: an actor ended by a defect.
 * - `CleanupFailed`: the `terminate` of an actor failed, or a finalizer of its Scope did; `reason` says how. It has ended
 *   all the same, with the exit reason that it had.
 * - `ShutdownOverdue`: a scope or the system has closed, and the `killed` that had not stopped within `shutdownDeadline`
 *   (ms) were killed; `actors` are the first hundred of them.
 * - `Swapped`: an actor runs another version.
 * - `SwapRolledBack`: the version `version` crashed as a canary, or was called back; the one before is running again.
 * - `TellFailed`: the handler of a `tell` failed with an error of the protocol, which no asker gets.
 * - `Misunderstood`: another isolate sent the actor a message that it does not have, or that does not fit its schema; it
 *   was dropped.
 * - `IsolateUp`: a worker isolate runs. `IsolateDown`: it has ended, and its actors with it. `IsolateSilent`: it has not
 *   answered for so long; it may be blocked, and is not ended.
 *
 * @category models
 * @since 0.1.0
 */
export type SystemEvent =
  | {
    readonly _tag: "LongSchedule"
    readonly pid: Pid
    readonly name: string | undefined
    readonly protocol: string
    readonly millis: number
    readonly advice: string | undefined
  }
  | { readonly _tag: "Crashed"; readonly pid: Pid; readonly name: string | undefined; readonly reason: ExitReason }
  | {
    readonly _tag: "CleanupFailed"
    readonly pid: Pid
    readonly name: string | undefined
    readonly reason: ExitReason
  }
  | {
    readonly _tag: "ShutdownOverdue"
    readonly killed: number
    readonly actors: ReadonlyArray<Pid>
    readonly millis: number
  }
  | {
    readonly _tag: "Swapped"
    readonly pid: Pid
    readonly name: string | undefined
    readonly from: string
    readonly to: string
  }
  | {
    readonly _tag: "SwapRolledBack"
    readonly pid: Pid
    readonly name: string | undefined
    readonly version: string
    readonly reason: ExitReason
  }
  | {
    readonly _tag: "Misunderstood"
    readonly pid: Pid
    readonly name: string | undefined
    readonly tag: string
    readonly issue: string
  }
  | { readonly _tag: "IsolateUp"; readonly isolate: number }
  | { readonly _tag: "IsolateDown"; readonly isolate: number; readonly error: string | undefined }
  | { readonly _tag: "IsolateSilent"; readonly isolate: number; readonly millis: number }
  | { readonly _tag: "TellFailed"; readonly pid: Pid; readonly tag: string; readonly error: unknown }
