/**
 * Why an actor ended: one union for Rust, TypeScript and Python.
 *
 * The tags and fields are those of the Rust enum (`crates/myrmidon-core/src/exit_reason.rs`).
 *
 * @since 0.1.0
 */

import {
  type CrashError as Crash,
  type ExitReason as Reason,
  type Language,
  languages,
  type Unreachable,
  unreachables
} from "./generated/exitReason.ts"

/**
 * Why an actor ended.
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
export type ExitReason = Reason

/**
 * What was thrown, rejected or panicked with, as data.
 *
 * @category models
 * @since 0.1.0
 */
export type CrashError = Crash

/**
 * The reason of an actor whose handler threw or rejected with `defect`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const crashed = (defect: unknown): ExitReason => {
  // What was thrown is anybody's: a getter or a `toString` of it may throw in turn.
  if (typeof defect === "object" && defect !== null) {
    try {
      const name = textOf(defect, "name") ?? textOf(defect, "_tag") ?? "Error"
      const message = textOf(defect, "message")
      // One of another realm, or a tagged object, is an error, too.
      if (defect instanceof Error || message !== undefined) {
        const error = { name, message: message ?? "", language: "typescript" as const }
        const stack = textOf(defect, "stack")
        return { _tag: "Crashed", error: stack === undefined ? error : { ...error, stack } }
      }
    } catch {
      // Told below, without its fields.
    }
  }
  return { _tag: "Crashed", error: { name: "Error", message: print(defect), language: "typescript" } }
}

const textOf = (value: object, key: string): string | undefined => {
  const found = (value as Readonly<Record<string, unknown>>)[key]
  return typeof found === "string" && found !== "" ? found : undefined
}

const print = (defect: unknown): string => {
  try {
    return typeof defect === "object" && defect !== null ? JSON.stringify(defect) ?? "[object]" : String(defect)
  } catch {
    return "[unprintable]"
  }
}

const isTextOrNone = (value: unknown): boolean => value === undefined || typeof value === "string"

const isCrash = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  const { language, message, name, stack } = value as { readonly [K in keyof Crash]?: unknown }
  return typeof name === "string" && typeof message === "string" && isTextOrNone(stack)
    && languages.includes(language as Language)
}

/** Whether a value is a reason: a caller without types may give anything, and the shard takes it as it is. */
export const isExitReason = (value: unknown): value is ExitReason => {
  try {
    return isReason(value)
  } catch {
    // A revoked proxy, or a field that throws when it is read.
    return false
  }
}

const isReason = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  const reason = value as Readonly<Record<string, unknown>>
  switch (reason["_tag"]) {
    case "Normal":
    case "Killed":
      return true
    case "Shutdown":
      return isTextOrNone(reason["detail"])
    case "Crashed":
      return isCrash(reason["error"])
    case "NoProc":
      return typeof reason["everExisted"] === "boolean"
    case "NodeUnreachable":
      return typeof reason["node"] === "string" && unreachables.includes(reason["because"] as Unreachable)
    case "NodeRestarted":
      return typeof reason["node"] === "string"
    case "IsolateDown":
      return Number.isSafeInteger(reason["isolate"])
    default:
      return false
  }
}
