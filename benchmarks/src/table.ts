/** `bench all`: runs the cells, prints the tables of the README, keeps a full run in `results/latest.{json,md}`. */
import { mkdirSync, writeFileSync } from "node:fs"
import { runCells } from "./cells.ts"
import { type Machine, machine, type Noise, watchNoise } from "./machine.ts"
import type { TableOptions } from "./options.ts"
import { columns } from "./subjects.ts"
import { type Figure, Figures } from "./summary.ts"
import { type Target, targets } from "./targets.ts"
import { common, own, type Workload, workloads } from "./workload.ts"

interface Line {
  readonly workload: Workload
  readonly label: string
  readonly field: string
}
/** Lower is better in all of them, but where the label says per second. */
const lines: ReadonlyArray<Line> = [
  { workload: "spawn", label: "`spawn` ns an actor", field: "ns_per_op" },
  { workload: "spawn", label: "- bytes an idle actor", field: "bytes_per_actor" },
  { workload: "spawn", label: "- stop all, s", field: "stop_seconds" },
  { workload: "pingpong", label: "`pingpong` ns a round trip", field: "ns_per_op" },
  { workload: "ask", label: "`ask` p50 us", field: "p50_us" },
  { workload: "ask", label: "- p99 us", field: "p99_us" },
  { workload: "ask", label: "- p99.9 us", field: "p999_us" },
  { workload: "ask", label: "- 64 in flight, per second", field: "per_s_64" },
  { workload: "count", label: "`count` ns a message", field: "ns_per_op" },
  { workload: "random", label: "`random` ns a message", field: "ns_per_op" },
  { workload: "random", label: "- its floor, no queue", field: "floor_ns" },
  { workload: "big", label: "`big` ns a ping-pong", field: "ns_per_op" },
  { workload: "skynet", label: "`skynet` s", field: "seconds" },
  { workload: "fair", label: "`fair` p50 ms", field: "p50_ms" },
  { workload: "fair", label: "- p99 ms", field: "p99_ms" },
  { workload: "fair", label: "- max ms", field: "max_ms" }
]
const ownLines: ReadonlyArray<Line> = [
  { workload: "spawn-million", label: "`spawn` of a million, ns an actor", field: "ns_per_op" },
  { workload: "spawn-million", label: "- bytes an idle actor", field: "bytes_per_actor" },
  { workload: "spawn-million", label: "- the whole process, of 1.1 million, MB", field: "process_mb" },
  { workload: "spawn-million", label: "- of that, room that V8 gives back at rest, MB", field: "young_mb" },
  { workload: "spawn-effect", label: "`spawn-effect` ns an actor", field: "ns_per_op" },
  { workload: "spawn-effect", label: "- bytes an idle actor", field: "bytes_per_actor" },
  { workload: "random-effect", label: "`random-effect` ns a message", field: "ns_per_op" },
  { workload: "random-number", label: "`random-number` ns a message", field: "ns_per_op" },
  { workload: "effect-handler", label: "`effect-handler`, `Effect.sync`, ns", field: "ns_per_op" },
  { workload: "effect-handler", label: "- `runForkWith` alone, ns", field: "run_fork_ns" },
  { workload: "effect-handler", label: "- ratio", field: "ratio" },
  { workload: "effect-handler-fn", label: "`effect-handler-fn`, `fnUntraced`, ns", field: "ns_per_op" },
  { workload: "effect-handler-fn", label: "- `runForkWith` alone, ns", field: "run_fork_ns" },
  { workload: "effect-handler-fn", label: "- ratio", field: "ratio" },
  { workload: "timer-lag", label: "`timer-lag` p99 ms, event loop", field: "p99_ms" },
  { workload: "timer-lag", label: "- the same, idle", field: "idle_p99_ms" },
  { workload: "timer-lag", label: "- an actor's timer", field: "actor_p99_ms" },
  { workload: "flood", label: "`flood` kill to DOWN, ms", field: "down_ms" },
  { workload: "buffer", label: "`buffer` us a hop, 4 KiB", field: "us_per_hop_4kib" },
  { workload: "buffer", label: "- 1 MiB", field: "us_per_hop_1mib" },
  { workload: "buffer", label: "- 64 MiB", field: "us_per_hop_64mib" },
  { workload: "buffer", label: "- 1 MiB, eight under way", field: "many_us_per_hop_1mib" },
  { workload: "buffer", label: "- 64 MiB, eight under way", field: "many_us_per_hop_64mib" },
  { workload: "cross-thread", label: "`cross-thread` ns a message, 256 at a time", field: "ns_per_op" },
  { workload: "cross-thread", label: "- one at a time", field: "batch_1_ns" }
]

/** Three digits, and thousands apart: a table is read, not computed with. */
const number = (value: number): string =>
  Math.abs(value) >= 1000
    ? Math.round(Number(value.toPrecision(3))).toLocaleString("en-US")
    : String(Number(value.toPrecision(3)))

const cell = (figure: Figure | undefined, missing: string): string =>
  figure === undefined
    ? missing
    : figure.min === figure.max
    ? number(figure.median)
    : `${number(figure.median)} (${number(figure.min)}-${number(figure.max)})`

const grid = (head: ReadonlyArray<string>, body: ReadonlyArray<ReadonlyArray<string>>): string => {
  const line = (cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`
  return [line(head), line(head.map(() => "---")), ...body.map(line)].join("\n")
}

/** Where the sizes differ from subject to subject, they are said. */
const sizeNote = (figures: Figures, workload: Workload, subjects: ReadonlyArray<string>): string | undefined => {
  const sizes = new Map<number, Array<string>>()
  for (const subject of subjects) {
    const n = figures.cell(subject, workload)?.rows[0]?.n
    if (n !== undefined) sizes.set(n, [...(sizes.get(n) ?? []), subject])
  }
  if (sizes.size === 0) return undefined
  if (sizes.size === 1) return `\`${workload}\` ${[...sizes.keys()][0].toLocaleString("en-US")}`
  const each = [...sizes].map(([n, who]) => `${n.toLocaleString("en-US")} (${who.join(", ")})`)
  return `\`${workload}\` ${each.join(", ")}`
}

const section = (figures: Figures, lines: ReadonlyArray<Line>, subjects: ReadonlyArray<string>): string => {
  const present = subjects.filter((subject) => lines.some((line) => figures.cell(subject, line.workload) !== undefined))
  const shown = lines.filter((line) => present.some((subject) => figures.get(subject, line.workload, line.field)))
  const rows = shown.map((line) => [
    line.label,
    ...present.map((subject) => cell(figures.get(subject, line.workload, line.field), "-"))
  ])
  const used = [...new Set(lines.map((line) => line.workload))]
  const notes = used.map((workload) => sizeNote(figures, workload, present)).filter((note) => note !== undefined)
  const errors = used.flatMap((workload) =>
    present.flatMap((subject) => {
      const error = figures.cell(subject, workload)?.error
      return error === undefined ? [] : [`- \`${workload}\`, ${subject}: ${error}`]
    })
  )
  return [
    grid(["", ...present], rows),
    notes.length === 0 ? "" : `Sizes: ${notes.join("; ")}.`,
    errors.length === 0 ? "" : `Not measured:\n\n${errors.join("\n")}`
  ].filter((part) => part !== "").join("\n\n")
}

const targetTable = (rows: ReadonlyArray<Target>): string =>
  grid(
    ["What", "Goal", "Reached", ""],
    rows.filter((row) => row.reached !== undefined).map((row) => [
      row.what,
      row.goal,
      row.reached ?? "",
      row.met === true ? "yes" : "no"
    ])
  )

const report = (
  figures: Figures,
  subjects: ReadonlyArray<string>,
  options: TableOptions,
  on: Machine,
  noise: Noise
): string => {
  const steal = noise.steal_percent === undefined ? "" : `, ${number(noise.steal_percent)} % steal`
  const versions = Object.entries(on.versions).map(([name, version]) => `${name} ${version}`).join(", ")
  const reached = targets(figures)
  return [
    "# Benchmarks",
    `Median (least-greatest) of ${options.rounds} fresh processes a cell, interleaved${
      options.quick ? "; **quick: a tenth of the size, these are no figures to quote**" : ""
    }. Lower is better, but for what is per second. Made by \`npm run bench -- all --rounds ${options.rounds}\`.`,
    `${on.cpu}, ${on.cores} cores, ${on.memory_gib} GiB, ${on.os}; Node ${on.node}; ${versions}. ${
      on.date.slice(0, 10)
    }. Load average ${number(noise.load_start)} at the start and ${number(noise.load_end)} at the end${steal}.`,
    section(figures, lines, subjects),
    ...(ownLines.some(({ workload }) => subjects.some((subject) => figures.cell(subject, workload)))
      ? ["## Our own paths", section(figures, ownLines, subjects)]
      : []),
    ...(reached.some((row) => row.reached !== undefined) ? ["## Goals", targetTable(reached)] : [])
  ].join("\n\n") + "\n"
}

export const table = async (options: TableOptions, print: (text: string) => void): Promise<number> => {
  const subjects = (options.subjects ?? columns).filter((name) => !options.memory || name !== "myrmidon")
  const wanted: ReadonlyArray<Workload> = options.only ?? [...common, ...own]
  const chosen = workloads.filter((name) => wanted.includes(name))
  const on = machine()
  const noise = watchNoise()
  const progress = (text: string): void => void process.stderr.write(`${text}\n`)
  const cells = await runCells(chosen, subjects, options.rounds, options.quick, progress)
  const figures = new Figures(cells)
  const quiet = noise()
  const text = report(figures, subjects, options, on, quiet)
  const summary = cells.map(({ error, rows, subject, workload }) => ({
    subject,
    workload,
    n: rows[0]?.n,
    version: rows[0]?.version,
    error,
    figures: Object.fromEntries(
      Object.keys(rows[0] ?? {})
        .filter((field) => typeof rows[0]?.[field] === "number" && field !== "n")
        .map((field) => [field, figures.get(subject, workload, field)])
    )
  }))
  const json = { machine: on, noise: quiet, rounds: options.rounds, quick: options.quick, cells: summary, rows: cells }
  const full = !options.quick && options.only === undefined && options.subjects === undefined && !options.memory
  if (full) {
    const folder = new URL("../results/", import.meta.url)
    mkdirSync(folder, { recursive: true })
    writeFileSync(new URL("latest.json", folder), `${JSON.stringify(json, undefined, 2)}\n`)
    writeFileSync(new URL("latest.md", folder), text)
    progress("written to benchmarks/results/latest.md and latest.json")
  }
  if (!options.json) print(text)
  else print(JSON.stringify(json))
  return cells.some((cell) => cell.error !== undefined && !cell.cannot) ? 1 : 0
}
