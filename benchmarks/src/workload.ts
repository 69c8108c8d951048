/**
 * The workloads: their names, sizes and result rows. The words are those of the README beside this package.
 *
 * A benchmark program gets a size and a tenth of it to warm up with, and gives back what it completed. It stops its
 * own clock, and only after the last handler has run.
 */

/** What every subject is asked to do; a peer may lack some. The order is that of the table. */
export const common = ["spawn", "pingpong", "ask", "count", "random", "big", "skynet", "fair"] as const

/** What only Myrmidon is asked to do: it measures our own paths against each other; `buffer` has peers of its own. */
export const own = [
  "spawn-million",
  "spawn-effect",
  "random-effect",
  "random-number",
  "effect-handler",
  "effect-handler-fn",
  "timer-lag",
  "flood",
  "swap",
  "restart",
  "buffer",
  "cross-thread",
  "scale",
  "cross-isolate",
  "fair-worker"
] as const

export const workloads = [...common, ...own] as const
export type Workload = typeof workloads[number]

/**
 * The size of a full run: actors, round trips, messages or leaves; light messages in `fair` (10 s of them), timer
 * ticks in `timer-lag`. A peer that would need more than ten seconds has smaller sizes of its own.
 */
export const sizes: Readonly<Record<Workload, number>> = {
  "spawn": 100_000,
  "pingpong": 1_000_000,
  "ask": 200_000,
  "count": 2_000_000,
  "random": 4_000_000,
  "big": 600_000,
  "skynet": 100_000,
  "fair": 100_000,
  "spawn-million": 1_000_000,
  "spawn-effect": 100_000,
  "random-effect": 4_000_000,
  "random-number": 4_000_000,
  "effect-handler": 2_000_000,
  "effect-handler-fn": 2_000_000,
  "timer-lag": 5_000,
  "flood": 1_000_000,
  "swap": 10_000,
  "restart": 50_000,
  "buffer": 20_000,
  "cross-thread": 2_000_000,
  "scale": 1_000_000,
  "cross-isolate": 4_000_000,
  "fair-worker": 100_000
}

/** How many live actors `random` chooses from. */
export const randomActors = 100_000
/** `big`: the size of a run is the sum of all pings. */
export const bigActors = 120

/** The nearest size that a workload can have: a tree has a power of ten leaves, each of 120 actors the same pings. */
export const roundSize = (workload: Workload, n: number): number => {
  if (workload === "skynet") return 10 ** Math.max(1, Math.floor(Math.log10(n) + 1e-9))
  if (workload === "big") return Math.max(1, Math.floor(n / bigActors)) * bigActors
  return n
}

/** What a program measured. `completed` is counted where the work is done, never where it is asked for. */
export interface Measured {
  readonly completed: number
  readonly seconds: number
  readonly extra?: Readonly<Record<string, number>> | undefined
}
export type Program = (n: number, warm: number) => Promise<Measured>

/** One framework, or one backend of ours: loaded alone in its process. */
export interface Subject {
  readonly name: string
  readonly version: string
  readonly programs: Partial<Record<Workload, Program>>
  /** Where the full size would take more than ten seconds. */
  readonly sizes?: Partial<Record<Workload, number>> | undefined
  /** Why a common workload has no program. */
  readonly cannot?: Partial<Record<Workload, string>> | undefined
}

/** The JSON line of a run that completed. */
export interface Row {
  readonly peer: string
  readonly version: string
  readonly workload: Workload
  readonly n: number
  readonly completed: number
  readonly seconds: number
  readonly per_s: number
  readonly ns_per_op: number
  readonly [extra: string]: string | number
}

/** The JSON line of a run that did not. The process exits with 1. */
export interface ErrorRow {
  readonly peer: string
  readonly version: string
  readonly workload: Workload
  readonly n: number
  readonly completed: number
  readonly error: string
  /** It was not tried: the subject has no program for it. */
  readonly cannot: boolean
}

export const isErrorRow = (row: Row | ErrorRow): row is ErrorRow => "error" in row
