/**
 * What the programs of all subjects share: the clock, the generator, the producer, percentiles and memory. Nothing in
 * here knows a framework, so that no subject gets a loop of its own.
 */
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { begins, ends } from "./stretch.ts"
import type { Measured } from "./workload.ts"

// Taken once: Node's global is a getter, which costs as much as the clock itself, and two looks stand in every latency.
const { performance } = globalThis

/** Monotonic ms, as a float. */
export const now = (): number => performance.now()

/** Marsaglia's xorshift32: one step. Never 0 when the seed is not. */
export const xorshift32 = (x: number): number => {
  x ^= x << 13
  x ^= x >>> 17
  x ^= x << 5
  return x >>> 0
}

/** One turn of the event loop: what waits in it runs. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** How many messages a producer sends before it lets the event loop turn. About what Effect's own fibers do (2,048 ops). */
export const chunk = 1024

/** Code outside of all actors that sends `n` messages: every subject's producer. */
export const produce = async (n: number, send: (i: number) => void): Promise<void> => {
  for (let i = 0; i < n;) {
    const end = Math.min(n, i + chunk)
    for (; i < end; i++) send(i)
    await turn()
  }
}

/** The same where a message may be refused because the way is full: then the event loop turns, and it is sent again. */
export const produceGently = async (n: number, send: (i: number) => boolean): Promise<void> => {
  for (let i = 0; i < n;) {
    const end = Math.min(n, i + chunk)
    while (i < end && send(i)) i++
    await turn()
  }
}

/** Counts handled messages, and says when there are enough. Handlers call `hit`; it is shared by all actors of a run. */
export class Tally {
  handled = 0
  private target = -1
  private resolve: (() => void) | undefined = undefined

  hit(): void {
    if (++this.handled === this.target) {
      this.resolve?.()
      this.resolve = undefined
    }
  }
  /** Starts from zero. Take the promise before the first send. */
  expect(target: number): Promise<void> {
    this.handled = 0
    this.target = target
    return new Promise((resolve) => {
      this.resolve = resolve
    })
  }
}

/**
 * Warms up with a tenth, then runs it all against the clock. `work` gives back what was completed; `name`: of the
 * stretch, where there are several.
 */
export const warmThenTime = async (
  n: number,
  warm: number,
  work: (n: number) => Promise<number>,
  name = "all"
): Promise<Measured> => {
  await work(warm)
  begins()
  const start = now()
  const completed = await work(n)
  const seconds = (now() - start) / 1000
  ends(name, completed)
  return { completed, seconds }
}

/** By nearest rank; sorts in place. */
export const percentiles = (samples: Float64Array) => {
  samples.sort()
  const rank = (p: number): number => samples[Math.min(samples.length - 1, Math.ceil(samples.length * p) - 1)] ?? NaN
  return { p50: rank(0.5), p99: rank(0.99), p999: rank(0.999), max: rank(1) }
}

let gc: (() => void) | undefined
/** Resident bytes after full collections, and after the event loop has run finalizers and freed what it held. */
export const residentBytes = async (): Promise<number> => {
  if (gc === undefined) {
    setFlagsFromString("--expose-gc")
    gc = runInNewContext("gc") as () => void
  }
  for (let i = 0; i < 4; i++) {
    gc()
    await turn()
  }
  return process.memoryUsage.rss()
}

/** What of them V8 keeps as room for young objects; a process at rest gives it back by itself after some seconds. */
export const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.physical_space_size ?? 0

/** Holds the thread as a computation would. */
export const burn = (ms: number): void => {
  const end = now() + ms
  while (now() < end);
}

export class CountMismatch extends Error {
  readonly completed: number
  constructor(completed: number, expected: number, what: string) {
    super(`${what}: expected ${expected}, got ${completed}`)
    this.completed = completed
  }
}
/** The rule of all programs: the work is counted before it is believed. */
export const mustBe = (got: number, expected: number, what: string): void => {
  if (got !== expected) throw new CountMismatch(got, expected, what)
}
