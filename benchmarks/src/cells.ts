/**
 * The cells of a table: fresh processes, interleaved. For each workload, round after round, every subject once; a
 * round starts with another subject than the one before, so that nobody is always the first.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { common, type ErrorRow, isErrorRow, type Row, type Workload } from "./workload.ts"

export interface Cell {
  readonly subject: string
  readonly workload: Workload
  readonly rows: ReadonlyArray<Row>
  /** The first one ends the cell: what failed once is not measured again. */
  readonly error: string | undefined
  /** The error is that there is no program for it. */
  readonly cannot: boolean
}

/** No cell of a sane size takes this long. */
const patienceMs = 300_000

const isRow = (value: unknown): value is Row | ErrorRow =>
  typeof value === "object" && value !== null && "peer" in value && "workload" in value

const runOnce = (subject: string, workload: Workload, quick: boolean): Promise<Row | ErrorRow> =>
  new Promise((resolve) => {
    const who = subject === "myrmidon" ? [] : subject === "myrmidon-memory" ? ["--memory"] : ["--peer", subject]
    const main = fileURLToPath(new URL("./main.ts", import.meta.url))
    const child = spawn(process.execPath, [main, workload, ...who, ...(quick ? ["--quick"] : []), "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
      timeout: patienceMs
    })
    let out = ""
    let err = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => out += text)
    child.stderr.setEncoding("utf8").on("data", (text: string) => err += text)
    const failed = (error: string): void =>
      resolve({ peer: subject, version: "", workload, n: 0, completed: 0, error, cannot: false })
    child.on("error", (error) => failed(String(error)))
    child.on("close", (code, signal) => {
      try {
        const row: unknown = JSON.parse(out.trim().split("\n").at(-1) ?? "")
        if (isRow(row)) resolve(row)
        else failed("the last line is no row")
      } catch {
        failed(signal === null ? `exit ${code}: ${err.trim().split("\n").at(-1) ?? ""}` : `ended by ${signal}`)
      }
    })
  })

export const runCells = async (
  workloads: ReadonlyArray<Workload>,
  subjects: ReadonlyArray<string>,
  rounds: number,
  quick: boolean,
  progress: (text: string) => void
): Promise<ReadonlyArray<Cell>> => {
  const cells: Array<Cell> = []
  for (const workload of workloads) {
    const isCommon = common.some((name) => name === workload)
    const here = subjects.filter((subject) => isCommon || subject.startsWith("myrmidon"))
    const rows = new Map(here.map((subject): [string, Array<Row>] => [subject, []]))
    const errors = new Map<string, ErrorRow>()
    for (let round = 0; round < rounds; round++) {
      for (let i = 0; i < here.length; i++) {
        const subject = here[(i + round) % here.length]
        if (errors.has(subject)) continue
        const row = await runOnce(subject, workload, quick)
        if (isErrorRow(row)) errors.set(subject, row)
        else rows.get(subject)!.push(row)
        const figure = isErrorRow(row) ? row.error : `${row.ns_per_op} ns`
        progress(`${workload} ${round + 1}/${rounds} ${subject}: ${figure}`)
      }
    }
    for (const subject of here) {
      const failed = errors.get(subject)
      cells.push({
        subject,
        workload,
        rows: rows.get(subject)!,
        error: failed?.error,
        cannot: failed?.cannot ?? false
      })
    }
  }
  return cells
}
