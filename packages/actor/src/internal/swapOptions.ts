/** Options of swaps, checked. Throws `InvalidOption`. */
import type * as Duration from "effect/Duration"
import { Cell } from "./cell.ts"
import type { Resolved } from "./hotSwap.ts"
import { functionOf, invalid } from "./invalid.ts"
import { journalled } from "./journal.ts"
import { checkKnown } from "./known.ts"
import { millisOf } from "./mailbox.ts"
import { holderNow, isNamed } from "./named.ts"
import type { Selection } from "./swapSelect.ts"
import type { UpgradeOptions } from "./upgrade.ts"
import type { Canary, GroupOptions, Selection as Selected, SwapOptions } from "../SwapOptions.ts"

type Options = SwapOptions & Pick<GroupOptions, "concurrency">

/** ms: the default of `timeout`, and of a canary's `within`. */
const patience = 5000

const whole = (option: string, value: number, least: number, most: number): number => {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value
  throw invalid(option, `a whole number from ${least} to ${most}`, value)
}

const objectOf = <A>(option: string, value: A): A => {
  if (typeof value === "object" && value !== null) return value
  throw invalid(option, "an object", value)
}

const functionOr = <A>(option: string, value: A): A => value === undefined ? value : functionOf(option, value)

const canaryOptions: ReadonlySet<string> = new Set(
  ["messages", "within", "maxRollbacks"] satisfies ReadonlyArray<keyof Canary>
)
const selectionOptions = ["where", "tree"]
const one: ReadonlySet<string> = new Set(["canary", "timeout", "keep"])
const group: ReadonlySet<string> = new Set([...one, ...selectionOptions, "together", "concurrency"])
const rehearsal: ReadonlySet<string> = new Set([...selectionOptions, "sample", "timeout"])
const back: ReadonlySet<string> = new Set(["version", "timeout"])
const upgrading: ReadonlySet<string> = new Set(
  ["migrate", "copy", "back"] satisfies ReadonlyArray<keyof UpgradeOptions>
)

/** The options that each operation knows: of one actor, of a group, and of `plan`. */
export const swapOptions = { one, group, rehearsal }

const canaryOf = (
  { maxRollbacks = 1, messages = 1000, within }: Canary
): Resolved["canary"] => ({
  messages: whole("canary.messages", messages, 1, journalled),
  within: within === undefined ? patience : millisOf("canary.within", within, Infinity),
  maxRollbacks: whole("canary.maxRollbacks", maxRollbacks, 1, Number.MAX_SAFE_INTEGER)
})

/** The options that swaps have in common. `known`: all options of the operation, any other is refused. */
export const resolveSwap = (options: Options | undefined, known: ReadonlySet<string>): Resolved => {
  checkKnown(options, known)
  const { canary, concurrency = 1, keep = 2, timeout } = options ?? {}
  checkKnown(canary, canaryOptions, "canary")
  return {
    timeout: timeout === undefined ? patience : millisOf("timeout", timeout, Infinity),
    keep: whole("keep", keep, 0, 16),
    concurrency: whole("concurrency", concurrency, 1, 65_536),
    canary: canary === undefined ? undefined : canaryOf(canary)
  }
}

/** Which actors. A tree by name is that of the actor that has the name now. */
export const resolveSelection = (options: Selected = {}): Selection => {
  const { tree, where } = objectOf("options", options)
  if (tree !== undefined && !(tree instanceof Cell) && !isNamed(tree)) {
    throw invalid("tree", "an ActorRef or a NamedRef", tree)
  }
  const root = tree === undefined ? undefined : holderNow(tree)
  return { where: functionOr("where", where), tree: root === undefined || root instanceof Cell ? root : "nobody" }
}

/** Whether all change at once. */
export const togetherOf = (together: unknown): boolean => {
  if (together === undefined || typeof together === "boolean") return together === true
  throw invalid("together", "a boolean", together)
}

/** Actors that a rehearsal looks at: all of them by default. */
export const sampleOf = (sample: number | undefined): number => {
  if (sample === undefined) return Infinity
  if (Number.isSafeInteger(sample) && sample > 0) return sample
  throw invalid("sample", "a whole number from 1", sample)
}

/** Which version to go back to. */
const versionOf = (version: unknown): string | undefined => {
  if (version === undefined || typeof version === "string") return version
  throw invalid("version", "a string", version)
}

const usual = { timeout: patience, version: undefined }

export const resolveRollback = (
  options: { readonly version?: string | undefined; readonly timeout?: Duration.Input | undefined } | undefined
): { readonly timeout: number; readonly version: string | undefined } =>
  options === undefined
    ? usual
    : { timeout: resolveSwap(options, back).timeout, version: versionOf(options.version) }

/** The options of an upgrade. */
export const checkedUpgrade = (options: unknown = {}): UpgradeOptions => {
  checkKnown(options, upgrading)
  const given = options as UpgradeOptions
  functionOr("migrate", given.migrate)
  const { copy } = given
  if (copy !== undefined && copy !== "share" && typeof copy !== "function") {
    throw invalid("copy", "a function or \"share\"", copy)
  }
  functionOr("back", given.back)
  return given
}
