/**
 * The figures that the project set itself: a ratio to a peer or to a floor of the same run. A row says what was
 * reached, whether it is enough or not.
 */
import type { Figures } from "./summary.ts"
import type { Workload } from "./workload.ts"

export interface Target {
  readonly what: string
  readonly goal: string
  /** undefined: the run had not what it takes. */
  readonly reached: string | undefined
  readonly met: boolean | undefined
}

const peers = ["xstate", "nact", "effect-queue", "effect-rpc", "effect-entity"]
/** XState runs the receiver on the caller's stack. */
const withMailbox = peers.filter((peer) => peer !== "xstate")

const format = (value: number): string => value.toPrecision(3).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "")

const atLeast = (
  what: string,
  goal: number,
  ours: number | undefined,
  theirs: number | undefined,
  who: string
): Target => {
  const ratio = ours === undefined || theirs === undefined ? undefined : theirs / ours
  return {
    what,
    goal: `>= ${goal}x ${who}`,
    reached: ratio === undefined ? undefined : `${format(ratio)}x`,
    met: ratio === undefined ? undefined : ratio >= goal
  }
}
const atMost = (what: string, goal: number, unit: string, value: number | undefined): Target => ({
  what,
  goal: `<= ${goal}${unit}`,
  reached: value === undefined ? undefined : `${format(value)}${unit}`,
  met: value === undefined ? undefined : value <= goal
})
const over = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a / b

export const targets = (figures: Figures): ReadonlyArray<Target> => {
  const ns = (subject: string, workload: Workload) => figures.median(subject, workload, "ns_per_op")
  const native = (workload: Workload) => ns("myrmidon", workload)
  const twin = (workload: Workload) => ns("myrmidon-memory", workload)
  const floor = figures.median("js-limit", "random", "floor_ns")
  const ahead = (["count", "pingpong", "big"] as const).flatMap((workload) => {
    const best = figures.best(peers, workload, "ns_per_op")
    return [
      atLeast(
        `\`${workload}\`, native, ahead of every peer`,
        1,
        native(workload),
        best?.median,
        best?.who ?? "the best"
      ),
      atMost(`\`${workload}\`, native over the twin`, 1.5, "x", over(native(workload), twin(workload)))
    ]
  })
  const bestSpawn = figures.best(peers, "spawn", "ns_per_op")
  const bestAsk = figures.best(withMailbox, "ask", "p50_us")
  const p50 = figures.median("myrmidon", "ask", "p50_us")
  return [
    atLeast("`random`, native", 10, native("random"), ns("nact", "random"), "nact"),
    atLeast("`random`, native", 7, native("random"), ns("xstate", "random"), "xstate"),
    atLeast("`random`, native", 40, native("random"), ns("effect-queue", "random"), "effect-queue"),
    atMost("`random`, native over the floor", 4, "x", over(native("random"), floor)),
    atMost("`random`, twin over the floor", 3, "x", over(twin("random"), floor)),
    ...ahead,
    atLeast("`spawn`, native", 15, native("spawn"), bestSpawn?.median, bestSpawn?.who ?? "the best"),
    atLeast("`spawn-effect`, native", 5, native("spawn-effect"), bestSpawn?.median, bestSpawn?.who ?? "the best"),
    atMost(
      "an idle actor of a million, native",
      250,
      " B",
      figures.median("myrmidon", "spawn-million", "bytes_per_actor")
    ),
    atMost(
      "a million idle actors, the whole process (with the 100,000 of its warm-up), native",
      350,
      " MB",
      figures.median("myrmidon", "spawn-million", "process_mb")
    ),
    atLeast("`ask` p50, native", 2, p50, bestAsk?.median, bestAsk?.who ?? "the best with a mailbox"),
    atMost("`ask` p99 over p50, native", 2, "x", over(figures.median("myrmidon", "ask", "p99_us"), p50)),
    atMost(
      "a handler that returns an Effect, over `runForkWith`",
      2.5,
      "x",
      figures.median("myrmidon", "effect-handler", "ratio")
    ),
    atMost(
      "the same of `fnUntraced`",
      2.5,
      "x",
      figures.median("myrmidon", "effect-handler-fn", "ratio")
    ),
    atMost("`fair` p99, native", 13, " ms", figures.median("myrmidon", "fair", "p99_ms")),
    atMost("a 1 ms timer beside a flood, p99 lag", 1, " ms", figures.median("myrmidon", "timer-lag", "p99_ms"))
  ]
}
