/**
 * The workloads whose measuring has a shape of its own, with the frameworks left out: memory per actor, latency of one
 * ask after the other, the open-loop schedule of `fair`, the leaves of `skynet`.
 */
import { now, percentiles, residentBytes, turn, youngBytes } from "./measure.ts"
import { begins, ends } from "./stretch.ts"
import type { Measured } from "./workload.ts"
import { bigActors } from "./workload.ts"

/**
 * `spawn`. The actors of the warm-up stay alive, so that no page they freed hides what the measured ones take.
 * `spawn(n)` resolves when all have started, and gives back how many have; `stop` ends them all.
 */
export const spawnShape = async (
  n: number,
  warm: number,
  spawn: (n: number) => Promise<number>,
  stop: () => Promise<void>
): Promise<Measured> => {
  await spawn(warm)
  const before = await residentBytes()
  begins()
  const start = now()
  const completed = await spawn(n)
  const seconds = (now() - start) / 1000
  ends("spawns", completed)
  const after = await residentBytes()
  const young = youngBytes()
  begins()
  const stopping = now()
  await stop()
  const stopSeconds = (now() - stopping) / 1000
  ends("the end of all", n + warm)
  return {
    completed,
    seconds,
    extra: {
      bytes_per_actor: Math.round((after - before) / n),
      process_mb: after / 1e6,
      young_mb: young / 1e6,
      stop_seconds: stopSeconds
    }
  }
}

/**
 * `ask`. `one(samples)` asks one at a time, and writes how long each took in ms; `many(n)` keeps 64 in flight. Both
 * give back how many right answers came.
 */
export const askShape = async (
  n: number,
  warm: number,
  one: (samples: Float64Array) => Promise<number>,
  many: (n: number) => Promise<number>
): Promise<Measured> => {
  await one(new Float64Array(warm))
  await many(warm)
  const samples = new Float64Array(n)
  begins()
  const start = now()
  const completed = await one(samples)
  const seconds = (now() - start) / 1000
  ends("one at a time", completed)
  begins()
  const again = now()
  const answered = await many(n)
  const second = (now() - again) / 1000
  ends(`${inFlight} in flight`, answered)
  const { p50, p99, p999 } = percentiles(samples)
  return {
    completed: Math.min(completed, answered),
    seconds,
    extra: { p50_us: p50 * 1000, p99_us: p99 * 1000, p999_us: p999 * 1000, per_s_64: answered / second }
  }
}
/** In flight in the second half of `ask`. */
export const inFlight = 64

export const fairShape = { lights: 100, heavies: 2, burnMs: 10, everyMs: 10 } as const

/**
 * `fair`. The heavy actors run already. Light actor `i` is due every 10 ms, the hundred spread evenly over them; a
 * message carries the time at which it was due, whoever is late with it, and its handler calls `arrived`.
 * The producer is a timer of the event loop, as code outside of actors would use.
 */
export class FairSchedule {
  private readonly samples: Float64Array
  private count = 0
  private finish: () => void = () => {}

  constructor(n: number) {
    this.samples = new Float64Array(n)
  }

  arrived(due: number): void {
    this.samples[this.count++] = now() - due
    if (this.count === this.samples.length) this.finish()
  }

  /** Resolves when the last light message was handled. */
  async run(send: (light: number, due: number) => void): Promise<Measured> {
    const n = this.samples.length
    const gap = fairShape.everyMs / fairShape.lights
    const start = now() + 1
    let sent = 0
    const done = new Promise<void>((resolve) => {
      this.finish = resolve
    })
    const produce = (): void => {
      for (let due = start + sent * gap; sent < n && due <= now(); due = start + ++sent * gap) {
        send(sent % fairShape.lights, due)
      }
      if (sent < n) setTimeout(produce, 1)
    }
    produce()
    await done
    const seconds = (now() - start) / 1000
    const { max, p50, p99 } = percentiles(this.samples)
    return { completed: this.count, seconds, extra: { p50_ms: p50, p99_ms: p99, max_ms: max } }
  }
}

/** ns of the machine's own clock, the same in every thread. */
export const monotonicNs = (): number => Number(process.hrtime.bigint())

/** `cross-isolate`, one message at a time: so many, and the ms between two, in which whoever has nothing to do sleeps. */
export const crossShape = { messages: 1_000, everyMs: 2 } as const

export const sendOneByOne = async (send: () => void): Promise<void> => {
  for (let i = 0; i < crossShape.messages; i++) {
    await new Promise((resolve) => setTimeout(resolve, crossShape.everyMs))
    send()
  }
}

/** `skynet`: the sum of the numbers of all leaves. */
export const leafSum = (leaves: number): number => (leaves * (leaves - 1)) / 2

/** `big`: whom actor `index` pings, when its generator stands at `x`: anyone but itself. */
export const bigOther = (index: number, x: number): number => (index + 1 + (x % (bigActors - 1))) % bigActors

/** Runs `work` until all of `n` are done, `width` at a time, for what knows only promises. */
export const keepInFlight = async (n: number, width: number, work: () => Promise<unknown>): Promise<number> => {
  let left = n
  let done = 0
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left--
      await work()
      done++
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  await turn()
  return done
}
