/**
 * What a caller without types may have put into a behaviour: refused where it is made, by name, not at the first message or
 * at the end of an actor.
 */
import * as Schema from "effect/Schema"
import type { BehaviorOptions } from "./bound.ts"

/** Throws a `TypeError` that names what is none. That each tag has a handler is looked at where they are compiled. */
export const checkShape = (protocol: string, options: BehaviorOptions): void => {
  const refuse = (what: string, issue: string): never => {
    throw new TypeError(`behaviour of ${protocol}: ${what} must be ${issue}`)
  }
  const isObject = (value: unknown): boolean => typeof value === "object" && value !== null
  if (!isObject(options)) refuse("its options", "an object")
  const { handlers, init, signals, state, terminate, version } = options
  if (!isObject(handlers)) refuse("handlers", "an object")
  if (signals !== undefined && !isObject(signals)) refuse("signals", "an object")
  const functions = { init, terminate, "signals.exit": signals?.exit, "signals.down": signals?.down }
  for (const [what, value] of Object.entries(functions)) {
    if (typeof value !== "function" && (value !== undefined || what === "init")) refuse(what, "a function")
  }
  if (state !== undefined && !Schema.isSchema(state)) refuse("state", "a Schema")
  if (version !== undefined && typeof version !== "string") refuse("version", "a string")
}
