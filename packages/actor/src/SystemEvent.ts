/**
 * What an operator wants to hear of.
 *
 * @since 0.1.0
 */
import type { ExitReason } from "./ExitReason.ts"
import type { Pid } from "./Pid.ts"

/**
 * - `LongSchedule`: a handler held the thread for longer than the system's `longSchedule`.
 * - `Crashed`: an actor ended by a defect.
 * - `Swapped`: it runs another version.
 * - `SwapRolledBack`: the version `version` crashed as a canary, or was called back; the one before is running again.
 * - `TellFailed`: a `tell` was refused by the actor's own domain error, and nobody was asking.
 *
 * @category models
 * @since 0.1.0
 */
export type SystemEvent =
  | { readonly _tag: "LongSchedule"; readonly pid: Pid; readonly name: string | undefined; readonly millis: number }
  | { readonly _tag: "Crashed"; readonly pid: Pid; readonly name: string | undefined; readonly reason: ExitReason }
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
  | { readonly _tag: "TellFailed"; readonly pid: Pid; readonly tag: string; readonly error: unknown }
