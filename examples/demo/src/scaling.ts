/** `npm run demo -- --scaling`: what isolates make of the run. Each cell is a process of its own, in interleaved rounds. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Options } from "./options.ts"
import type { Figures } from "./run.ts"
import { count } from "./table.ts"

const rounds = 3
const main = fileURLToPath(new URL("./main.ts", import.meta.url))

/** 0, 1, 2, 4... up to, and with, `most`. */
const steps = (most: number): ReadonlyArray<number> => {
  const all = [0]
  for (let isolates = 1; isolates < most; isolates *= 2) all.push(isolates)
  return most === 0 ? all : [...all, most]
}

export const scaling = async ({ actors, days, isolates: most, seed }: Options): Promise<number> => {
  const cells = steps(most).map((isolates) => ({ isolates, runs: [] as Array<Figures> }))
  const plan = ["--actors", String(actors), "--days", String(days), "--seed", String(seed)]
  for (let round = 1; round <= rounds; round++) {
    for (const { isolates, runs } of cells) {
      const figures = await runOnce([...plan, "--isolates", String(isolates)])
      if (figures === undefined) return 1
      runs.push(figures)
      process.stderr.write(`round ${round}, ${isolates} isolates: ${count(figures.per_s)} messages/s\n`)
    }
  }
  const all = cells.flatMap(({ runs }) => runs.map(({ totals }) => JSON.stringify(totals)))
  if (new Set(all).size > 1) {
    process.stderr.write(`The runs came to different totals: ${[...new Set(all)].join(", ")}\n`)
    return 1
  }
  process.stdout.write(`${scalingTable(cells)}\n`)
  return 0
}

/** The figures of a run; undefined: it failed, and has said why. */
const runOnce = async (options: ReadonlyArray<string>): Promise<Figures | undefined> => {
  const child = spawn(process.execPath, [main, ...options, "--json"], { stdio: ["ignore", "pipe", "pipe"] })
  let out = ""
  let errors = ""
  child.stdout.on("data", (chunk: Buffer) => out += chunk.toString())
  child.stderr.on("data", (chunk: Buffer) => errors += chunk.toString())
  const [code] = await once(child, "close") as [number | null]
  if (code === 0) return JSON.parse(out.trimEnd().split("\n").at(-1) ?? "")
  process.stderr.write(errors)
  return undefined
}

interface Cell {
  readonly isolates: number
  readonly runs: ReadonlyArray<Figures>
}

/** As Markdown: medians, and the least and the most of the rate. */
export const scalingTable = (cells: ReadonlyArray<Cell>): string => {
  const base = median(cells[0].runs.map(({ per_s }) => per_s))
  const rows = cells.map(({ isolates, runs }) => {
    const rates = runs.map(({ per_s }) => per_s)
    const rate = median(rates)
    return [
      isolates === 0 ? "main alone" : `${isolates} beside main`,
      median(runs.map(({ seconds }) => seconds)).toFixed(1),
      `${count(rate)} (${count(Math.min(...rates))} to ${count(Math.max(...rates))})`,
      `${(rate / base).toFixed(2)}x`,
      `${(100 * runs[0].crossing_share).toFixed(2)} %`,
      median(runs.map(({ bytes_per_actor }) => bytes_per_actor)).toFixed(0)
    ]
  })
  const head = ["isolates", "s", "messages/s", "of main alone", "travellers that cross", "bytes an actor"]
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n")
}

const median = (values: ReadonlyArray<number>): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
