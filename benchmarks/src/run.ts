/**
 * One cell: one workload of one subject, in this process, once. The answer is the row that is printed.
 */
import { CountMismatch } from "./measure.ts"
import { type ErrorRow, type Measured, roundSize, type Row, sizes, type Subject, type Workload } from "./workload.ts"

/** Six significant digits: more would be noise. */
const trim = (value: number): number => Number(value.toPrecision(6))

export const toRow = (subject: Subject, workload: Workload, n: number, measured: Measured): Row => {
  const { completed, extra, seconds } = measured
  return {
    peer: subject.name,
    version: subject.version,
    workload,
    n,
    completed,
    seconds: trim(seconds),
    per_s: trim(completed / seconds),
    ns_per_op: trim((seconds * 1e9) / completed),
    ...Object.fromEntries(Object.entries(extra ?? {}).map(([key, value]) => [key, trim(value)]))
  }
}

export interface RunOptions {
  readonly workload: Workload
  readonly n: number | undefined
  /** A tenth of the subject's own size. */
  readonly quick: boolean
}

export const run = async (subject: Subject, options: RunOptions): Promise<Row | ErrorRow> => {
  const { quick, workload } = options
  const own = subject.sizes?.[workload] ?? sizes[workload]
  const n = roundSize(workload, options.n ?? (quick ? own / 10 : own))
  const failed = (error: string, completed: number, cannot = false): ErrorRow => ({
    peer: subject.name,
    version: subject.version,
    workload,
    n,
    completed,
    error,
    cannot
  })
  const program = subject.programs[workload]
  if (program === undefined) {
    return failed(subject.cannot?.[workload] ?? `${subject.name} has no program for it`, 0, true)
  }
  try {
    const measured = await program(n, roundSize(workload, Math.ceil(n / 10)))
    if (measured.completed !== n) {
      return failed(`expected ${n} completed, got ${measured.completed}`, measured.completed)
    }
    return toRow(subject, workload, n, measured)
  } catch (error) {
    return failed(String(error), error instanceof CountMismatch ? error.completed : 0)
  }
}
