/** The breakdown as a person reads it, and as one JSON object. */
import type { Breakdown, Part } from "./breakdown.ts"
import type { Observed } from "./sampler.ts"

/** Functions that are listed. */
const most = 25

const column = (value: number): string => value.toFixed(1).padStart(9)

const lines = (parts: ReadonlyArray<Part>, perOp: number, line: (part: Part) => string): ReadonlyArray<string> =>
  parts.map((part) => `${column(part.share * perOp)} ${column(part.share * 100)}  ${line(part)}`)

const table = (unit: string, { functions, groups }: Breakdown, perOp: number): ReadonlyArray<string> => [
  `${unit.padStart(9)} ${"%".padStart(9)}`,
  ...lines(groups, perOp, ({ what }) => what),
  "",
  ...lines(functions.slice(0, most), perOp, ({ group, what }) => `${what}  [${group}]`)
]

/** ns of CPU an operation are shared out by samples; bytes are those that the sampled allocations stand for. */
export const describe = ({ bytes, cpuNs, name, ns, ops, time }: Observed): string =>
  [
    "",
    `${name}: ${ops} operations, ${(ns / ops).toFixed(1)} ns each by the clock, ${
      (cpuNs / ops).toFixed(1)
    } of CPU of this thread;`
    + ` ${time.total} samples`,
    ...table("ns", time, cpuNs / ops),
    ...(bytes === undefined ?
      [] :
      [
        "",
        `${(bytes.total / ops).toFixed(0)} bytes allocated an operation`,
        ...table("bytes", bytes, bytes.total / ops)
      ])
  ].join("\n")

const trim = (value: number): number => Number(value.toPrecision(4))

const shares = (parts: ReadonlyArray<Part>, perOp: number): Readonly<Record<string, number>> =>
  Object.fromEntries(parts.map(({ share, what }) => [what, trim(share * perOp)]))

export const toJson = ({ bytes, cpuNs, from, name, ns, ops, time, to }: Observed) => ({
  stretch: name,
  ops,
  from_s: from,
  to_s: to,
  ns_per_op: trim(ns / ops),
  cpu_ns_per_op: trim(cpuNs / ops),
  samples: time.total,
  ns: shares(time.groups, cpuNs / ops),
  functions: shares(time.functions.slice(0, most), cpuNs / ops),
  ...(bytes === undefined ? {} : {
    bytes_per_op: trim(bytes.total / ops),
    bytes: shares(bytes.groups, bytes.total / ops),
    bytes_by_function: shares(bytes.functions.slice(0, most), bytes.total / ops)
  })
})
