/** From rounds to figures: median, least and greatest of every number in the rows of a cell. */
import type { Cell } from "./cells.ts"
import type { Workload } from "./workload.ts"

export interface Figure {
  readonly median: number
  readonly min: number
  readonly max: number
}

export const figureOf = (values: ReadonlyArray<number>): Figure | undefined => {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  const low = sorted[(sorted.length - 1) >> 1]
  const high = sorted[sorted.length >> 1]
  return { median: (low + high) / 2, min: sorted[0], max: sorted.at(-1)! }
}

/** A figure of a table by who, what and which field. A cell with an error has none: half a cell is no figure. */
export class Figures {
  private readonly cells: ReadonlyArray<Cell>
  constructor(cells: ReadonlyArray<Cell>) {
    this.cells = cells
  }

  cell(subject: string, workload: Workload): Cell | undefined {
    return this.cells.find((cell) => cell.subject === subject && cell.workload === workload)
  }
  get(subject: string, workload: Workload, field: string): Figure | undefined {
    const cell = this.cell(subject, workload)
    if (cell === undefined || cell.error !== undefined) return undefined
    return figureOf(cell.rows.map((row) => row[field]).filter((value) => typeof value === "number"))
  }
  median(subject: string, workload: Workload, field: string): number | undefined {
    return this.get(subject, workload, field)?.median
  }
  /** The least median among these subjects, and whose it is. */
  best(
    subjects: ReadonlyArray<string>,
    workload: Workload,
    field: string
  ): { who: string; median: number } | undefined {
    let best: { who: string; median: number } | undefined
    for (const who of subjects) {
      const median = this.median(who, workload, field)
      if (median !== undefined && (best === undefined || median < best.median)) best = { who, median }
    }
    return best
  }
}
