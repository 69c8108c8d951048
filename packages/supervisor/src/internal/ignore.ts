/**
 * A child that does not want to start now: no failure, and no child.
 */
import { type ExitReason, SpawnError } from "@myrmidonjs/actor"

const ignoreName = "MyrmidonIgnoreStart"

export class IgnoreStart extends Error {
  override readonly name = ignoreName

  constructor() {
    super("this child does not start now")
  }
}

export const saysIgnore = (reason: ExitReason): boolean => reason._tag === "Crashed" && reason.error.name === ignoreName

/** Whether a failed start means `ignore`. */
export const isIgnore = (error: unknown): boolean =>
  error instanceof SpawnError && error.reason._tag === "InitCrashed" && saysIgnore(error.reason.reason)
