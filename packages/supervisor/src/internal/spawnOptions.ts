/**
 * What a child's actor is started with, checked before anything starts: a spawn would refuse the same, but too late.
 */
import type { Movable, SpawnOptions } from "@myrmidonjs/actor"
import type * as Duration from "effect/Duration"
import type * as Rpc from "effect/rpc/Rpc"
import { toMillis } from "./duration.ts"
import { invalid } from "./invalid.ts"
import type { ActorSpec } from "./spec.ts"

const policies = ["reject", "drop-newest", "drop-oldest", "suspend"]
const maxCapacity = 2 ** 24
const maxBudget = 64

export const checkBehavior = (id: string, behavior: unknown): void => {
  const isBehavior = typeof behavior === "object" && behavior !== null && "spawnDetached" in behavior
  if (!isBehavior) invalid(id, "behavior", "must be made by Protocol.behavior")
}

/** Whether other isolates can import it. */
export const isMovable = (behavior: object): behavior is Movable<Rpc.Any, unknown, unknown, unknown> =>
  "spawnOn" in behavior

const isMillis = (input: Duration.Input, most: number): boolean => {
  const millis = toMillis(input)
  return millis > 0 && millis <= most
}

export const checkSpawn = (id: string, { budget, initTimeout, mailbox, name }: SpawnOptions): void => {
  // A name with a lone surrogate is nobody's.
  if (name !== undefined && (typeof name !== "string" || name === "" || /\p{Surrogate}/u.test(name))) {
    invalid(id, "name", "must be a well-formed string that is not empty")
  }
  if (initTimeout !== undefined && !isMillis(initTimeout, Number.MAX_SAFE_INTEGER)) {
    invalid(id, "initTimeout", "must be a duration of more than 0 ms")
  }
  if (budget !== undefined && !(Number.isInteger(budget) && budget >= 1 && budget <= maxBudget)) {
    invalid(id, "budget", `must be a whole number of messages from 1 to ${maxBudget}`)
  }
  if (mailbox === undefined) return
  if (typeof mailbox !== "object" || mailbox === null || Array.isArray(mailbox)) {
    return invalid(id, "mailbox", "must be an object")
  }
  const { capacity, onFull, sendTimeout, ...unread } = mailbox
  for (const option of Object.keys(unread)) {
    invalid(id, `mailbox.${option}`, "is unknown; known are capacity, onFull, sendTimeout")
  }
  if (capacity !== undefined && !(Number.isInteger(capacity) && capacity >= 1 && capacity <= maxCapacity)) {
    invalid(id, "mailbox.capacity", `must be a whole number from 1 to ${maxCapacity}`)
  }
  if (onFull !== undefined && !policies.includes(onFull)) {
    invalid(id, "mailbox.onFull", `must be one of ${policies.join(", ")}`)
  }
  if (sendTimeout !== undefined && !isMillis(sendTimeout, 2 ** 24 - 1)) {
    invalid(id, "mailbox.sendTimeout", "must be a duration of more than 0 ms, and below 4.6 hours")
  }
}

/** What is provided has to be found again after a restart, and so has a name: its path, unless it has one. */
export const nameOf = ({ provides, spawn }: ActorSpec, path: ReadonlyArray<string>): string | undefined =>
  spawn.name ?? (provides === undefined ? undefined : path.join("/"))
