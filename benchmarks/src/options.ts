/**
 * The command line. What it cannot read is a sentence for the user, not a stack.
 */
import { subjectNames } from "./subjects.ts"
import { type Workload, workloads } from "./workload.ts"

export class UsageError extends Error {}

export interface CellOptions {
  readonly kind: "cell"
  readonly workload: Workload
  readonly subject: string
  readonly n: number | undefined
  /** A tenth of the size. */
  readonly quick: boolean
  readonly json: boolean
}
export interface ProfileOptions extends Omit<CellOptions, "kind"> {
  readonly kind: "profile"
  /** Also who allocates. */
  readonly allocations: boolean
  /** Where the `.cpuprofile` goes. */
  readonly out: string
}
export interface TableOptions {
  readonly kind: "table"
  readonly rounds: number
  readonly quick: boolean
  /** Without the native system. */
  readonly memory: boolean
  readonly only: ReadonlyArray<Workload> | undefined
  readonly subjects: ReadonlyArray<string> | undefined
  readonly json: boolean
}
export interface HelpOptions {
  readonly kind: "help"
}

export const usage = `Usage:
  bench <workload> [--peer NAME | --memory] [--n N | --quick] [--json]
  bench profile <workload> [--peer NAME | --memory] [--n N | --quick] [--allocations] [--out FILE] [--json]
  bench all [--rounds N] [--quick] [--memory] [--only a,b] [--peers a,b] [--json]

Workloads: ${workloads.join(", ")}
In Rust:   spawn-rust, spawn-million-rust, pingpong-rust, count-rust, random-rust, big-rust, skynet-rust, fair-rust
           (--peer tokio-mpsc, actix, ractor, kameo, beam)
Peers:     ${subjectNames.filter((name) => !name.startsWith("myrmidon")).join(", ")}

Without --peer it measures Myrmidon: the native system, or its TypeScript twin with --memory.
  --n N       the size; what it counts is in the README
  --quick     a tenth of the size
  --json      nothing but the JSON line
With profile: where the time of its measured part goes, by package and by function
  --allocations  also who allocates how many bytes; the times are then too large
  --out FILE  the .cpuprofile (<workload>.cpuprofile in this folder)
With all:
  --rounds N  fresh processes per cell (5, with --quick 1)
  --memory    without the native system
  --only      only these workloads
  --peers     only these subjects (myrmidon and myrmidon-memory are names too)
A full run is kept in benchmarks/results.`

const switches = ["--json", "--memory", "--quick", "--help", "--allocations"]
const valued = ["--peer", "--n", "--rounds", "--only", "--peers", "--out"]

const positive = (flag: string, text: string): number => {
  const value = Number(text.replaceAll("_", ""))
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new UsageError(`${flag} takes a whole number from 1, not "${text}"`)
  }
  return value
}

const listOf = <A extends string>(flag: string, text: string, known: ReadonlyArray<A>): ReadonlyArray<A> =>
  text.split(",").map((name) => {
    const found = known.find((one) => one === name)
    if (found === undefined) throw new UsageError(`${flag}: there is no "${name}"; there are ${known.join(", ")}`)
    return found
  })

export const parse = (args: ReadonlyArray<string>): CellOptions | ProfileOptions | TableOptions | HelpOptions => {
  const words: Array<string> = []
  const flags = new Map<string, string>()
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (arg === "--") continue
    if (!arg.startsWith("--")) {
      words.push(arg)
      continue
    }
    const at = arg.indexOf("=")
    const flag = at < 0 ? arg : arg.slice(0, at)
    if (flags.has(flag)) throw new UsageError(`${flag} is given twice`)
    if (switches.includes(flag)) {
      if (at >= 0) throw new UsageError(`${flag} takes no value`)
      flags.set(flag, "")
    } else if (!valued.includes(flag)) {
      flags.set(flag, "") // refused below, by what was asked for
    } else {
      const value = at < 0 ? args[++i] : arg.slice(at + 1)
      if (value === undefined || value === "") throw new UsageError(`${flag} needs a value`)
      flags.set(flag, value)
    }
  }
  if (flags.has("--help")) return { kind: "help" }
  const isProfile = words[0] === "profile"
  if (isProfile) words.shift()
  if (words.length === 0) throw new UsageError("which workload?")
  const word = words[0]
  const ofCell = ["--peer", "--memory", "--n", "--quick", "--json"]
  const allowed = isProfile
    ? [...ofCell, "--allocations", "--out"]
    : word === "all"
    ? ["--rounds", "--quick", "--memory", "--only", "--peers", "--json"]
    : ofCell
  for (const flag of flags.keys()) {
    if (!allowed.includes(flag)) {
      throw new UsageError(`"${isProfile ? "profile" : word}" does not take ${flag}; it takes ${allowed.join(", ")}`)
    }
  }
  if (words.length > 1) throw new UsageError(`one workload, not ${words.length}: ${words.join(", ")}`)
  const json = flags.has("--json")
  const quick = flags.has("--quick")
  if (word === "all" && !isProfile) {
    const rounds = flags.get("--rounds")
    const only = flags.get("--only")
    const peers = flags.get("--peers")
    return {
      kind: "table",
      rounds: rounds === undefined ? quick ? 1 : 5 : positive("--rounds", rounds),
      quick,
      memory: flags.has("--memory"),
      only: only === undefined ? undefined : listOf("--only", only, workloads),
      subjects: peers === undefined ? undefined : listOf("--peers", peers, subjectNames),
      json
    }
  }
  const workload = workloads.find((name) => name === word)
  if (workload === undefined) {
    throw new UsageError(`there is no workload "${word}"; there are ${workloads.join(", ")}, and "all"`)
  }
  const peer = flags.get("--peer")
  if (peer !== undefined && flags.has("--memory")) throw new UsageError("--memory is about Myrmidon: not beside --peer")
  const subject = peer === undefined ? flags.has("--memory") ? "myrmidon-memory" : "myrmidon" : peer
  const n = flags.get("--n")
  if (n !== undefined && quick) throw new UsageError("--n and --quick both say the size")
  const cell = {
    workload,
    subject: listOf("--peer", subject, subjectNames)[0],
    n: n === undefined ? undefined : positive("--n", n),
    quick,
    json
  }
  if (!isProfile) return { kind: "cell", ...cell }
  const allocations = flags.has("--allocations")
  return { kind: "profile", ...cell, allocations, out: flags.get("--out") ?? `${workload}.cpuprofile` }
}
