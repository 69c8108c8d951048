/**
 * What a child's actor is started with, checked before anything starts: a spawn would refuse the same, but too late.
 */
import { InvalidOption, type Movable, SpawnError, type SpawnOptions } from "@myrmidonjs/actor"
import type * as Duration from "effect/Duration"
import type * as Rpc from "effect/rpc/Rpc"
import { toMillis } from "./duration.ts"
import { invalid, printId } from "./invalid.ts"
import type { ActorSpec } from "./spec.ts"

const ofStart: ReadonlyArray<string> = ["name", "mailbox", "initTimeout", "budget"] satisfies Array<keyof SpawnOptions>
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

/**
 * What a dynamic child is started with. The spawn itself looks at the values, but is told by the supervisor how the child
 * is tied to it (`link`, `onEnd`), and would not see what the program says of that. Throws `SpawnError`.
 */
export const checkStart = (options: SpawnOptions | undefined): void => {
  if (options === undefined) return
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw refused("options", `must be an object, is ${Array.isArray(options) ? "an array" : printId(options)}`)
  }
  const unread = Object.keys(options).find((option) => !ofStart.includes(option))
  if (unread !== undefined) throw refused(unread, `unknown; known are ${ofStart.join(", ")}`)
}

const refused = (option: string, issue: string): SpawnError =>
  new SpawnError({ reason: new InvalidOption({ option, issue }) })

/** What is provided has to be found again after a restart, and so has a name: its path, unless it has one. */
export const nameOf = ({ provides, spawn }: ActorSpec, path: ReadonlyArray<string>): string | undefined =>
  spawn.name ?? (provides === undefined ? undefined : path.join("/"))
