/**
 * From samples to a breakdown: whose code ran, in shares that add up to one. Pure; `sampler.ts` takes the samples.
 */

/** A call frame as V8's profiles have it. */
export interface Frame {
  readonly functionName: string
  readonly url: string
  /** From 0. */
  readonly lineNumber: number
}

/** What was seen of one function: samples, or bytes. */
export interface Seen {
  readonly frame: Frame
  readonly weight: number
}

/** A line of the breakdown: a group of functions, or one of them. */
export interface Part {
  readonly group: string
  /** Of a function: its name and where it stands. */
  readonly what: string
  readonly weight: number
  /** Of everything that was seen, 0 to 1. */
  readonly share: number
}

export interface Breakdown {
  readonly total: number
  readonly groups: ReadonlyArray<Part>
  readonly functions: ReadonlyArray<Part>
}

/** The first that fits names the group. */
const places: ReadonlyArray<readonly [part: string, group: string]> = [
  ["/packages/core-native/", "membrane (core-native, TypeScript)"],
  ["/packages/actor/src/internal/memory/", "twin: its shard"],
  ["/packages/actor/src/internal/native/", "membrane (core-native, TypeScript)"],
  ["/packages/actor/", "host (actor)"],
  ["/packages/supervisor/", "supervisor"],
  ["/node_modules/effect/", "Effect"],
  ["/benchmarks/", "the benchmark's own code, handlers included"],
  ["node:", "Node.js"]
]

/**
 * Who calls the addon, by file. Its calls have no frame of their own: V8 knows one function for all of Node-API, and
 * their time is that of the caller, who does next to nothing else.
 */
const callers: Readonly<Record<string, ReadonlySet<string>>> = {
  "/packages/core-native/src/ring.ts": new Set(["run", "ask", "reductionsOf", "hasArrivals"]),
  "/packages/core-native/src/reserve.ts": new Set(["take"]),
  "/packages/core-native/src/Membrane.ts": new Set(["isAlive", "pidNamed"])
}

const idle = "(idle)"

export const groupOf = ({ functionName, url }: Frame): string => {
  if (functionName === "(garbage collector)") return "garbage collector"
  if (functionName === "(program)" || functionName === "(root)") return "no JavaScript on the stack"
  if (url === "") return "V8's own functions"
  for (const [file, names] of Object.entries(callers)) {
    if (url.endsWith(file) && names.has(functionName)) return "addon (Rust), and the calls into it"
  }
  const place = places.find(([part]) => part.endsWith(":") ? url.startsWith(part) : url.includes(part))
  return place === undefined ? "other packages" : place[1]
}

const nameOf = ({ functionName, lineNumber, url }: Frame): string => {
  const name = functionName === "" ? "(anonymous)" : functionName
  return url === "" ? name : `${name} ${url.slice(url.lastIndexOf("/") + 1)}:${lineNumber + 1}`
}

const sorted = (
  parts: ReadonlyMap<string, { readonly group: string; weight: number }>,
  total: number
): ReadonlyArray<Part> =>
  [...parts]
    .map(([what, { group, weight }]) => ({ group, what, weight, share: total === 0 ? 0 : weight / total }))
    .sort((a, b) => b.weight - a.weight)

/** By group and by function, greatest first. The thread at rest is not a part of anything. */
export const breakDown = (seen: Iterable<Seen>): Breakdown => {
  const groups = new Map<string, { group: string; weight: number }>()
  const functions = new Map<string, { group: string; weight: number }>()
  let total = 0
  const add = (to: typeof groups, what: string, group: string, weight: number): void => {
    const part = to.get(what)
    if (part === undefined) to.set(what, { group, weight })
    else part.weight += weight
  }
  for (const { frame, weight } of seen) {
    if (weight === 0 || frame.functionName === idle) continue
    const group = groupOf(frame)
    total += weight
    add(groups, group, group, weight)
    add(functions, nameOf(frame), group, weight)
  }
  return { total, groups: sorted(groups, total), functions: sorted(functions, total) }
}
