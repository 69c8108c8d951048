/**
 * `bench <workload>-rust`: one cell of the Rust table, in a process of its own: ours and the peers are one program
 * (`benchmarks/rust`, built when it is first asked for), the BEAM another one (`benchmarks/beam`).
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { UsageError } from "./options.ts"

const here = join(import.meta.dirname, "..")

const sizes: Readonly<Record<string, number>> = {
  "spawn": 100_000,
  "spawn-million": 1_000_000,
  "pingpong": 1_000_000,
  "count": 2_000_000,
  "random": 4_000_000,
  "big": 600_000,
  "skynet": 1_000_000,
  "fair": 100_000
}
const rustWorkloads = Object.keys(sizes).map((name) => `${name}-rust`)
export const rustPeers = ["tokio-mpsc", "actix", "ractor", "kameo", "beam"] as const

export interface RustOptions {
  readonly workload: string
  readonly peer: string
  readonly n: number
  readonly json: boolean
}

export const parseRust = (args: ReadonlyArray<string>): RustOptions => {
  const workload = (args[0] ?? "").replace(/-rust$/, "")
  const size = sizes[workload]
  if (size === undefined) {
    throw new UsageError(`there is no workload "${args[0] ?? ""}"; there are ${rustWorkloads.join(", ")}`)
  }
  let peer = "myrmidon"
  let n = size
  let json = false
  for (let i = 1; i < args.length; i++) {
    const flag = args[i]
    if (flag === "--json") json = true
    else if (flag === "--quick") n = Math.max(1, Math.floor(size / 10))
    else if (flag === "--peer" || flag === "--n") {
      const value = args[++i]
      if (value === undefined) throw new UsageError(`${flag} needs a value`)
      if (flag === "--peer") peer = value
      else n = Number(value.replaceAll("_", ""))
    } else throw new UsageError(`"${args[0] ?? ""}" does not take ${flag ?? ""}; it takes --peer, --n, --quick, --json`)
  }
  if (peer !== "myrmidon" && !rustPeers.some((name) => name === peer)) {
    throw new UsageError(`--peer: there is no "${peer}"; there are ${rustPeers.join(", ")}`)
  }
  if (!Number.isSafeInteger(n) || n < 1) throw new UsageError("--n takes a whole number from 1")
  // Each of 120 actors the same number of pings, and a tree a power of ten of leaves.
  if (workload === "big") n = Math.max(1, Math.floor(n / 120)) * 120
  if (workload === "skynet") n = 10 ** Math.max(1, Math.floor(Math.log10(n) + 1e-9))
  return { workload, peer, n, json }
}

const cannot = (options: RustOptions, why: string): string =>
  JSON.stringify({
    peer: options.peer,
    version: "",
    workload: `${options.workload}-rust`,
    n: options.n,
    completed: 0,
    error: why,
    cannot: true
  })

const has = (program: string, args: ReadonlyArray<string>): boolean =>
  spawnSync(program, args, { stdio: "ignore" }).status === 0

/** The row, and whether it has figures. */
export const runRust = (options: RustOptions): { readonly line: string; readonly ok: boolean } => {
  const { n, peer, workload } = options
  const beam = peer === "beam"
  if (beam && !has("erlc", ["-help"]) && !has("erl", ["-noshell", "-eval", "halt()."])) {
    return { line: cannot(options, "Erlang is not installed (erl)"), ok: false }
  }
  const folder = mkdtempSync(join(tmpdir(), "myrmidon-bench-"))
  try {
    if (beam) {
      const compiled = spawnSync("erlc", ["-o", folder, join(here, "beam", "bench.erl")], { encoding: "utf8" })
      if (compiled.status !== 0) {
        return { line: cannot(options, `erlc: ${compiled.stdout}${compiled.stderr}`), ok: false }
      }
      return cell(options, "erl", [
        "+S",
        "2:2",
        "+P",
        "4194304",
        "-noshell",
        "-pa",
        folder,
        "-run",
        "bench",
        "main",
        workload,
        String(n)
      ])
    }
    const manifest = join(here, "rust", "Cargo.toml")
    const target = join(here, "rust", "target")
    const built = spawnSync("cargo", [
      "build",
      "--release",
      "--locked",
      "--quiet",
      "--manifest-path",
      manifest,
      "--target-dir",
      target
    ], {
      encoding: "utf8",
      stdio: ["ignore", "ignore", "pipe"]
    })
    if (built.status !== 0) return { line: cannot(options, `cargo: ${built.stderr ?? "not found"}`), ok: false }
    return cell(options, join(target, "release", "myrmidon-bench"), [workload, "--peer", peer, "--n", String(n)])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const cell = (options: RustOptions, program: string, args: ReadonlyArray<string>) => {
  const ran = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26 })
  const line = ran.stdout.trim().split("\n").findLast((text) => text.startsWith("{"))
  return line === undefined
    ? {
      line: cannot(options, `it ended with ${ran.status ?? ran.signal ?? "nothing"}: ${ran.stderr.slice(-500)}`),
      ok: false
    }
    : { line, ok: ran.status === 0 }
}
