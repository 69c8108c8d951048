/**
 * System options, checked once.
 */
import type { NativeOptions, SystemOptions } from "../ActorSystem.ts"
import type { DeadLetter } from "../DeadLetter.ts"
import { MAX_INDEX } from "./generated/numbers.ts"
import { functionOf, invalid } from "./invalid.ts"
import { checkKnown } from "./known.ts"
import { defaultMailbox, millisOf, type ResolvedMailbox, resolveMailbox } from "./mailbox.ts"

export interface ResolvedOptions {
  readonly maxActors: number
  readonly mailbox: ResolvedMailbox
  /** ms */
  readonly shutdownTimeout: number
  /** ms, or Infinity. */
  readonly shutdownDeadline: number
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
/** ms: with the cleanups that come behind it, less than the 30 seconds that Kubernetes waits between SIGTERM and SIGKILL. */
const usualDeadline = 20_000

const ofAll = [
  "maxActors",
  "mailbox",
  "shutdownTimeout",
  "shutdownDeadline",
  "longSchedule",
  "validate",
  "keepAlive",
  "maxBufferBytes",
  "onDeadLetter"
] satisfies ReadonlyArray<keyof SystemOptions>

const ofNative = ["isolates", "isolateSilence", "importSilence", "rustShards", "addon"] satisfies ReadonlyArray<
  keyof NativeOptions
>

const ofTest: ReadonlyArray<string> = ["seed", "backend"]

/** The one Layer that takes an option which others do not: a program that changes its Layer takes its options along. */
const ownerOf = (option: string): string | undefined => {
  if ((ofNative as ReadonlyArray<string>).includes(option)) return "ActorSystem.layer"
  return ofTest.includes(option) ? "ActorSystem.layerTest" : undefined
}

/** What each kind of system takes. */
export const systemOptions = {
  memory: new Set<string>(ofAll),
  native: new Set<string>([...ofAll, ...ofNative]),
  test: new Set<string>([...ofAll, ...ofTest])
} satisfies Record<string, ReadonlySet<string>>

const flag = (option: "validate" | "keepAlive", value: unknown): boolean => {
  if (value === undefined) return false
  if (typeof value === "boolean") return value
  throw invalid(option, "a boolean", value)
}

const integer = (option: keyof NativeOptions, value: number, least: number, most: number): number => {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw invalid(option, `an integer from ${least} to ${most}`, value)
}

/** Throws `InvalidOption`, which names the option. */
export const resolveOptions = (options: NativeOptions, known: ReadonlySet<string>): ResolvedOptions => {
  if (options === undefined) throw invalid("options", "an object", options)
  checkKnown(options, known, "options", ownerOf)
  const {
    addon,
    importSilence = 60_000,
    isolateSilence = 5_000,
    isolates = 0,
    longSchedule = 100,
    mailbox = {},
    maxActors = 1_000_000,
    maxBufferBytes = 2 ** 30,
    onDeadLetter,
    rustShards = 0,
    shutdownDeadline,
    shutdownTimeout = 5_000
  } = options
  if (addon !== undefined && (typeof addon !== "string" || addon === "")) {
    throw invalid("addon", "a path or a file: URL, as a string", addon)
  }
  const silence = millisOf("isolateSilence", isolateSilence, maxMillis)
  const patience = millisOf("shutdownTimeout", shutdownTimeout, maxMillis)
  return {
    maxActors: integer("maxActors", maxActors, 1, MAX_INDEX),
    mailbox: resolveMailbox(mailbox, defaultMailbox),
    shutdownTimeout: patience,
    shutdownDeadline: shutdownDeadline === undefined
      ? Math.max(patience, usualDeadline)
      : millisOf("shutdownDeadline", shutdownDeadline, Infinity),
    longSchedule: millisOf("longSchedule", longSchedule, maxMillis),
    maxBufferBytes: integer("maxBufferBytes", maxBufferBytes, 0, mostBufferBytes),
    validate: flag("validate", options.validate),
    keepAlive: flag("keepAlive", options.keepAlive),
    isolates: integer("isolates", isolates, 0, maxIsolates),
    rustShards: integer("rustShards", rustShards, 0, maxRustShards),
    addon,
    isolateSilence: silence,
    importSilence: Math.max(silence, millisOf("importSilence", importSilence, maxMillis)),
    onDeadLetter: onDeadLetter === undefined ? undefined : functionOf("onDeadLetter", onDeadLetter)
  }
}
