/**
 * System options, checked once.
 */
import type { NativeOptions, SystemOptions } from "../ActorSystem.ts"
import type { DeadLetter } from "../DeadLetter.ts"
import { InvalidOption } from "../SpawnError.ts"
import { MAX_INDEX } from "./generated/numbers.ts"
import { checkKnown } from "./known.ts"
import { defaultMailbox, millisOf, type ResolvedMailbox, resolveMailbox } from "./mailbox.ts"

export interface ResolvedOptions {
  readonly maxActors: number
  readonly mailbox: ResolvedMailbox
  /** ms */
  readonly shutdownTimeout: number
  /** ms */
  readonly longSchedule: number
  /** Bytes. */
  readonly maxBufferBytes: number
  readonly validate: boolean
  readonly keepAlive: boolean
  /** Worker isolates. */
  readonly isolates: number
  /** Worker shards for actors in Rust. */
  readonly rustShards: number
  /** The program's own addon, by path or `file:` URL. */
  readonly addon: string | undefined
  /** ms */
  readonly isolateSilence: number
  readonly importSilence: number
  readonly onDeadLetter: ((letter: DeadLetter) => void) | undefined
}

const maxIsolates = 128
const maxRustShards = 64
const mostBufferBytes = 2 ** 40
const maxMillis = 2 ** 31 - 1

const knownHere: ReadonlySet<string> = new Set(
  [
    "maxActors",
    "mailbox",
    "shutdownTimeout",
    "longSchedule",
    "validate",
    "keepAlive",
    "maxBufferBytes",
    "onDeadLetter"
  ] satisfies ReadonlyArray<keyof SystemOptions>
)
const knownTest: ReadonlySet<string> = new Set([...knownHere, "seed", "backend"])
const knownNative: ReadonlySet<string> = new Set(
  [
    ...knownHere,
    ...["isolates", "isolateSilence", "importSilence", "rustShards", "addon"] satisfies ReadonlyArray<
      keyof NativeOptions
    >
  ]
)

const flag = (option: "validate" | "keepAlive", value: unknown): boolean => {
  if (value === undefined) return false
  if (typeof value === "boolean") return value
  throw new InvalidOption({ option, issue: `must be a boolean, is ${JSON.stringify(value)}` })
}

/** The options of which Layer they are: each knows its own (G307). */
export type OptionsOf = "memory" | "native" | "test"

const knownOf: Record<OptionsOf, ReadonlySet<string>> = { memory: knownHere, native: knownNative, test: knownTest }

/** Throws `InvalidOption`, which names the option. */
export const resolveOptions = (options: NativeOptions, of: OptionsOf = "memory"): ResolvedOptions => {
  checkKnown(options, knownOf[of])
  const actors = options.maxActors ?? 1_000_000
  if (!Number.isInteger(actors) || actors < 1 || actors > MAX_INDEX) {
    throw new InvalidOption({
      option: "maxActors",
      issue: `must be an integer from 1 to ${MAX_INDEX}, is ${String(actors)}`
    })
  }
  const { isolates = 0 } = options
  if (!Number.isInteger(isolates) || isolates < 0 || isolates > maxIsolates) {
    throw new InvalidOption({
      option: "isolates",
      issue: `must be an integer from 0 to ${maxIsolates}, is ${String(isolates)}`
    })
  }
  const { addon, rustShards = 0 } = options
  if (!Number.isInteger(rustShards) || rustShards < 0 || rustShards > maxRustShards) {
    throw new InvalidOption({
      option: "rustShards",
      issue: `must be an integer from 0 to ${maxRustShards}, is ${String(rustShards)}`
    })
  }
  if (addon !== undefined && (typeof addon !== "string" || addon === "")) {
    throw new InvalidOption({ option: "addon", issue: "must be a path or a file: URL, as a string" })
  }
  if (options.onDeadLetter !== undefined && typeof options.onDeadLetter !== "function") {
    throw new InvalidOption({ option: "onDeadLetter", issue: "must be a function" })
  }
  const bufferBytes = options.maxBufferBytes ?? 2 ** 30
  if (!Number.isInteger(bufferBytes) || bufferBytes < 0 || bufferBytes > mostBufferBytes) {
    throw new InvalidOption({
      option: "maxBufferBytes",
      issue: `must be an integer from 0 to ${mostBufferBytes}, is ${String(bufferBytes)}`
    })
  }
  const isolateSilence = millisOf("isolateSilence", options.isolateSilence ?? 5_000, maxMillis)
  return {
    maxActors: actors,
    mailbox: resolveMailbox(options.mailbox ?? {}, defaultMailbox),
    shutdownTimeout: millisOf("shutdownTimeout", options.shutdownTimeout ?? 5_000, maxMillis),
    longSchedule: millisOf("longSchedule", options.longSchedule ?? 100, maxMillis),
    maxBufferBytes: bufferBytes,
    validate: flag("validate", options.validate),
    keepAlive: flag("keepAlive", options.keepAlive),
    isolates,
    rustShards,
    addon,
    isolateSilence,
    importSilence: Math.max(isolateSilence, millisOf("importSilence", options.importSilence ?? 60_000, maxMillis)),
    onDeadLetter: options.onDeadLetter
  }
}
