/**
 * The addon's face, as `src/*.rs` exports it. Written by hand: the addon has no generated loader.
 */

import type { Language, Unreachable } from "./generated/exitReason.ts"

/** An exit reason as data; fields that its tag lacks are absent. */
export interface ReasonData {
  readonly code: number
  readonly detail?: string | undefined
  readonly name?: string | undefined
  readonly message?: string | undefined
  readonly stack?: string | undefined
  readonly language?: Language | undefined
  readonly everExisted?: boolean | undefined
  readonly node?: string | undefined
  readonly because?: Unreachable | undefined
  readonly isolate?: number | undefined
}

export interface InfoData {
  readonly pid: number
  readonly status: "starting" | "idle" | "runnable" | "busy" | "suspended"
  readonly mailbox: number
  readonly reductions: number
  readonly micros: number
  readonly memory: number
  readonly links: ReadonlyArray<number>
  readonly name?: string
}

export interface StatsData {
  readonly actors: number
  readonly queued: number
  readonly bytes: number
  readonly calls: number
}

/** Positions in the block of arguments and results of the hot calls (`src/hot.rs`). */
export const Arg = { NOW: 0, SUBMITTED: 1, MAX: 2, ANSWER: 3, RESULT: 4 } as const

/** What both sides read and write. */
export interface SharedArrays {
  readonly submissions: Uint32Array
  readonly completions: Uint32Array
  readonly control: Int32Array
  readonly congested: Uint32Array
  readonly reserve: Uint32Array
  readonly call: Float64Array
}

/** The calls that take their arguments from `call`. */
export interface HotCalls {
  tick: () => void
  admit: () => void
  account: () => void
}

export interface NativeShard {
  readonly shard: number
  attach(target: object): void
  reserve(n: number): number
  openNamed(at: number, name: string): number | null
  whereis(name: string): number | null
  internReason(reason: ReasonData): number
  reason(word: number): ReasonData | null
  handleSignals(): void
  endBatch(): void
  isAlive(low: number, generation: number): boolean
  everExisted(low: number, generation: number): boolean
  info(low: number, generation: number): InfoData | null
  top(n: number, by: string): ReadonlyArray<InfoData>
  usages(): Float64Array
  live(): Float64Array
  stats(): StatsData
  close(): number
}

export interface Binding {
  readonly NativeShard: new(
    options: {
      readonly maxActors: number
      readonly capacity: number
      readonly inbox: number
      readonly seed?: bigint
    },
    arrays: SharedArrays,
    wake: () => void
  ) => NativeShard
  abiVersion(): number
  /** Tests and benchmarks: a native thread sends the numbers 0 to n - 1. */
  flood(pid: number, op: number, n: number, batch: number): void
  /** Tests: panics. */
  panicForTest(): void
}
