/**
 * What a caller without types may have put into a behaviour: refused where it is made, by name, not at the first message or
 * at the end of an actor.
 */
import * as Schema from "effect/Schema"
import type { BehaviorOptions } from "./bound.ts"
import { invalid } from "./invalid.ts"
import { checkKnown } from "./known.ts"
import { defaultMailbox, resolveMailbox } from "./mailbox.ts"

const known: ReadonlySet<string> = new Set(
  ["init", "handlers", "signals", "terminate", "state", "version", "mailbox"] satisfies ReadonlyArray<
    keyof BehaviorOptions
  >
)
const knownSignals: ReadonlySet<string> = new Set(
  ["exit", "down"] satisfies ReadonlyArray<keyof NonNullable<BehaviorOptions["signals"]>>
)

/** Throws `InvalidOption`, which names what is none. `tags`: of the protocol. */
export const checkShape = (protocol: string, tags: ReadonlyArray<string>, options: BehaviorOptions): void => {
  const refuse = (what: string, must: string, value: unknown): never => {
    throw invalid(what, `${must} in a behaviour of ${protocol}`, value)
  }
  if (typeof options !== "object" || options === null) refuse("options", "an object", options)
  checkKnown(options, known)
  const { handlers, init, mailbox, signals, state, terminate, version } = options
  if (typeof handlers !== "object" || handlers === null) refuse("handlers", "an object", handlers)
  checkKnown(handlers, new Set(tags), "handlers")
  for (const tag of tags) {
    if (typeof handlers[tag] !== "function") refuse(`handlers.${tag}`, "a function", handlers[tag])
  }
  checkKnown(signals, knownSignals, "signals")
  const functions = { init, terminate, "signals.exit": signals?.exit, "signals.down": signals?.down }
  for (const [what, value] of Object.entries(functions)) {
    if (typeof value !== "function" && (value !== undefined || what === "init")) refuse(what, "a function", value)
  }
  if (state !== undefined && !Schema.isSchema(state)) refuse("state", "a Schema", state)
  if (version !== undefined && typeof version !== "string") refuse("version", "a string", version)
  if (mailbox !== undefined) resolveMailbox(mailbox, defaultMailbox)
}
