/**
 * Looks at a run of a program in this process through V8's profilers: where its thread is, every so many microseconds,
 * and, if asked to, who allocates. What is not in a stretch (`stretch.ts`) is left out.
 *
 * The CPU profiler runs from the start, so that it knows what the warm-up inlines into what.
 */
import { type HeapProfiler, type Profiler, Session } from "node:inspector"
import { type Breakdown, breakDown, type Frame, type Seen } from "./breakdown.ts"
import { type StretchWatcher, watchStretches } from "../stretch.ts"

export interface SamplerOptions {
  /** us between two looks. */
  readonly interval: number
  /** Bytes between two looks at who allocates, on average; undefined: nobody looks, which costs less. */
  readonly allocations: number | undefined
}

/** What was seen of the stretches of one name. */
export interface Observed {
  readonly name: string
  readonly ops: number
  /** s of the machine's monotonic clock: from the begin of the first to the end of the last. */
  readonly from: number
  readonly to: number
  /** By the wall clock. */
  readonly ns: number
  /** What this thread computed meanwhile: on a busy machine it says more. */
  readonly cpuNs: number
  readonly time: Breakdown
  readonly bytes: Breakdown | undefined
}

interface Stretch {
  readonly name: string
  readonly ops: number
  /** us of the profiler's clock. */
  readonly from: number
  readonly to: number
  readonly cpuMicros: number
  readonly allocated: ReadonlyArray<Seen>
}

const micros = (): number => Number(process.hrtime.bigint()) / 1000
const nothing = new Int32Array(new SharedArrayBuffer(4))
const cpuMicros = (): number => {
  // Linux counts what a thread has computed when it leaves the processor, else by ticks of some ms: so it leaves it.
  Atomics.wait(nothing, 0, 0, 0.02)
  const { system, user } = process.threadCpuUsage()
  return system + user
}

/** A session of this thread answers before `post` returns. */
const ask = <A>(run: (callback: (error: Error | null, answer: A) => void) => void): A => {
  let got: A | undefined
  run((error, answer) => {
    if (error !== null) throw error
    got = answer
  })
  return got!
}

const allocatedBy = (node: HeapProfiler.SamplingHeapProfileNode, into: Array<Seen>): Array<Seen> => {
  if (node.selfSize > 0) into.push({ frame: node.callFrame, weight: node.selfSize })
  for (const child of node.children) allocatedBy(child, into)
  return into
}

class Watcher implements StretchWatcher {
  readonly stretches: Array<Stretch> = []
  private readonly session: Session
  private readonly allocations: number | undefined
  private from = 0
  private cpu = 0

  constructor(session: Session, allocations: number | undefined) {
    this.session = session
    this.allocations = allocations
  }

  began(): void {
    if (this.allocations !== undefined) {
      this.session.post("HeapProfiler.startSampling", {
        samplingInterval: this.allocations,
        includeObjectsCollectedByMajorGC: true,
        includeObjectsCollectedByMinorGC: true
      })
    }
    this.cpu = cpuMicros()
    this.from = micros()
  }

  ended(name: string, ops: number): void {
    const to = micros()
    const cpu = cpuMicros() - this.cpu
    const allocated = this.allocations === undefined ? [] : this.allocated()
    this.stretches.push({ name, ops, from: this.from, to, cpuMicros: cpu, allocated })
  }

  private allocated(): ReadonlyArray<Seen> {
    const { profile } = ask<HeapProfiler.StopSamplingReturnType>((answer) =>
      this.session.post("HeapProfiler.stopSampling", answer)
    )
    return allocatedBy(profile.head, [])
  }
}

/** Those of its samples that lie in one of the stretches, in their order, with the stretch of each. */
const samplesIn = (
  profile: Profiler.Profile,
  stretches: ReadonlyArray<Stretch>,
  offset: number
): { readonly kept: Profiler.Profile; readonly seen: ReadonlyMap<string, ReadonlyArray<Seen>> } => {
  const frames = new Map(profile.nodes.map((node): [number, Frame] => [node.id, node.callFrame]))
  const seen = new Map<string, Array<Seen>>(stretches.map(({ name }) => [name, []]))
  const samples: Array<number> = []
  const timeDeltas: Array<number> = []
  let at = profile.startTime
  let last = profile.startTime
  let next = 0
  profile.samples?.forEach((id, index) => {
    at += profile.timeDeltas?.[index] ?? 0
    const time = at - offset
    while (next < stretches.length && stretches[next].to < time) next++
    const stretch = stretches[next]
    if (stretch === undefined || time < stretch.from) return
    samples.push(id)
    timeDeltas.push(at - last)
    last = at
    seen.get(stretch.name)!.push({ frame: frames.get(id)!, weight: 1 })
  })
  return { kept: { ...profile, samples, timeDeltas }, seen }
}

const observed = (
  name: string,
  stretches: ReadonlyArray<Stretch>,
  seen: ReadonlyArray<Seen>,
  withBytes: boolean
): Observed => {
  const own = stretches.filter((stretch) => stretch.name === name)
  const sum = (of: (stretch: Stretch) => number): number => own.reduce((total, stretch) => total + of(stretch), 0)
  return {
    name,
    ops: sum(({ ops }) => ops),
    from: own[0].from / 1e6,
    to: own[own.length - 1].to / 1e6,
    ns: sum(({ from, to }) => to - from) * 1000,
    cpuNs: sum((stretch) => stretch.cpuMicros) * 1000,
    time: breakDown(seen),
    bytes: withBytes ? breakDown(own.flatMap(({ allocated }) => allocated)) : undefined
  }
}

/** Runs it, and gives back what it came to, what was seen of its stretches, and their samples as a `.cpuprofile`. */
export const sample = async <A>(
  options: SamplerOptions,
  run: () => Promise<A>
): Promise<{ readonly result: A; readonly stretches: ReadonlyArray<Observed>; readonly profile: Profiler.Profile }> => {
  const session = new Session()
  session.connect()
  const watcher = new Watcher(session, options.allocations)
  try {
    session.post("Profiler.enable")
    session.post("Profiler.setSamplingInterval", { interval: options.interval })
    const started = micros()
    session.post("Profiler.start")
    watchStretches(watcher)
    const result = await run()
    const { profile } = ask<Profiler.StopReturnType>((answer) => session.post("Profiler.stop", answer))
    // Both clocks are monotonic and count us; only where they begin may differ.
    const offset = Math.abs(profile.startTime - started) < 60e6 ? 0 : profile.startTime - started
    const { kept, seen } = samplesIn(profile, watcher.stretches, offset)
    const names = [...seen.keys()]
    return {
      result,
      stretches: names.map((name) =>
        observed(name, watcher.stretches, seen.get(name)!, options.allocations !== undefined)
      ),
      profile: kept
    }
  } finally {
    watchStretches(undefined)
    session.disconnect()
  }
}
