/**
 * What the membrane costs by itself: plain handlers on a host without behaviours.
 *
 *   node packages/core-native/test/bench/membrane.ts [workload] [rounds]
 *
 * Every figure is of completed work: the count of handled messages is checked. `MYRMIDON_NATIVE_PATH` picks the addon.
 */
import { Arg } from "../../src/binding.ts"
import { systemClock } from "../../src/clock.ts"
import type { MembraneCall, MembraneCell, MembraneHost } from "../../src/host.ts"
import { load } from "../../src/load.ts"
import { Membrane } from "../../src/Membrane.ts"
import { Ring } from "../../src/ring.ts"

interface State {
  sum: number
}

class BenchCell implements MembraneCell {
  readonly low: number
  readonly generation: number
  readonly bound: Bound
  state: State | undefined
  life: undefined = undefined
  constructor(low: number, generation: number, bound: Bound, state: State) {
    this.low = low
    this.generation = generation
    this.bound = bound
    this.state = state
  }
}

interface Question extends MembraneCall {
  resume: (answer: unknown) => void
}

class Bound {
  meter: unknown = undefined
  readonly handle: (cell: BenchCell, payload: unknown, call: Question | undefined) => void
  constructor(handle: Bound["handle"]) {
    this.handle = handle
  }
}

class BenchHost implements MembraneHost<BenchCell, Question> {
  handled = 0
  ended: () => void = () => {}
  deliver(cell: BenchCell, _op: number, payload: unknown, _from: number, call: Question | undefined): boolean {
    this.handled++
    cell.bound.handle(cell, payload, call)
    return false
  }
  exitSignal(): boolean {
    return false
  }
  down(): boolean {
    return false
  }
  outsideDown(): void {
    this.ended()
  }
  terminate(): void {}
  dead(cell: BenchCell): void {
    cell.state = undefined
  }
  callEnded(): void {}
  deadLetter(): void {}
  longSchedule(): void {}
}

const open = () => {
  const host = new BenchHost()
  const membrane = new Membrane<BenchCell, Question>(load(), {
    maxActors: 2_000_000,
    capacity: 4_000_000,
    longSchedule: 1000,
    clock: systemClock(),
    seed: undefined
  }, host)
  const options = {
    name: undefined,
    capacity: 4_000_000,
    onFull: 0,
    sendTimeout: 5000,
    budget: 0,
    trapExit: false,
    cleanup: false,
    starting: false,
    parent: undefined,
    watcher: undefined,
    watchRef: 0
  }
  const spawn = (bound: Bound): BenchCell => {
    membrane.takePid()
    const cell = new BenchCell(membrane.takenLow, membrane.takenGeneration, bound, { sum: 0 })
    membrane.adopt(cell)
    membrane.open(cell, options)
    return cell
  }
  return { host, membrane, spawn }
}

const report = (name: string, n: number, seconds: number, extra: object = {}): void => {
  console.log(JSON.stringify({ workload: name, n, ns_per_op: Math.round((seconds * 1e9) / n * 10) / 10, ...extra }))
}

const check = (name: string, got: number, expected: number): void => {
  if (got === expected) return
  console.error(`${name}: ${got} of ${expected} handled`)
  process.exit(1)
}

/** Messages bounce between actors that pick the next one at random; `inFlight` of them at a time. */
const bounce = async (name: string, actors: number, inFlight: number, n: number, asObject: boolean): Promise<void> => {
  const { host, membrane, spawn } = open()
  let done = (): void => {}
  let left = 0
  let seed = 1
  const cells: Array<BenchCell> = []
  const message = { add: 1 }
  const bound = new Bound((cell, payload) => {
    cell.state!.sum += asObject ? (payload as typeof message).add : payload as number
    if (--left < 0) {
      if (left === -inFlight) done()
      return
    }
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    // The low word is computed, as a program does that holds PIDs; the reference's own cache miss stays out.
    const low = cells[0]!.low + (seed >>> 0) % actors
    membrane.send(low, 0, 1, asObject ? message : 1, cell.low, cell.generation, 0)
  })
  for (let i = 0; i < actors; i++) cells.push(spawn(bound))
  const run = (messages: number): Promise<void> =>
    new Promise((resolve) => {
      done = resolve
      left = messages - inFlight
      for (let i = 0; i < inFlight; i++) {
        const to = cells[i % actors]!
        membrane.send(to.low, to.generation, 1, asObject ? message : 1, 0, 0, 0)
      }
    })
  await run(Math.max(n / 10, inFlight * 4))
  const before = host.handled
  const start = performance.now()
  await run(n)
  const seconds = (performance.now() - start) / 1000
  check(name, host.handled - before, n)
  report(name, n, seconds)
  await membrane.close()
}

/** One producer outside, `actors` receivers: the workload `random` of the benchmarks, at the level of the membrane. */
const produce = async (name: string, actors: number, n: number): Promise<void> => {
  const { host, membrane, spawn } = open()
  const bound = new Bound((cell, payload) => {
    cell.state!.sum += (payload as { readonly by: number }).by
  })
  const cells: Array<BenchCell> = []
  for (let i = 0; i < actors; i++) cells.push(spawn(bound))
  const run = async (messages: number): Promise<void> => {
    const goal = host.handled + messages
    let seed = 1
    for (let i = 0; i < messages; i++) {
      seed ^= seed << 13
      seed ^= seed >>> 17
      seed ^= seed << 5
      const to = cells[(seed >>> 0) % actors]!
      membrane.send(to.low, to.generation, 1, { by: 1 }, 0, 0, 0)
      if ((i & 1023) === 1023) await Promise.resolve()
    }
    while (host.handled < goal) await new Promise((resolve) => setImmediate(resolve))
  }
  await run(n / 10)
  const before = host.handled
  const start = performance.now()
  await run(n)
  const seconds = (performance.now() - start) / 1000
  check(name, host.handled - before, n)
  report(name, n, seconds)
  await membrane.close()
}

const ask = async (name: string, n: number): Promise<void> => {
  const { membrane, spawn } = open()
  const bound = new Bound((_cell, payload, call) => {
    if (call === undefined) return
    membrane.answered(call)
    call.resume(payload)
  })
  const cell = spawn(bound)
  const times = new Float64Array(n)
  const run = (count: number): Promise<void> =>
    new Promise((resolve) => {
      let i = 0
      const next = (): void => {
        if (i === count) return resolve()
        const start = performance.now()
        const question: Question = {
          token: 0,
          resume: () => {
            times[i++] = performance.now() - start
            next()
          }
        }
        membrane.call(cell.low, cell.generation, 1, i, 0, 0, 0, question, 5000)
      }
      next()
    })
  await run(n / 10)
  await run(n)
  times.sort()
  const at = (p: number): number => Math.round(times[Math.floor(n * p)]! * 1e6)
  console.log(JSON.stringify({ workload: name, n, p50_ns: at(0.5), p99_ns: at(0.99) }))
  await membrane.close()
}

const spawning = async (name: string, n: number): Promise<void> => {
  const { membrane, spawn } = open()
  const bound = new Bound(() => {})
  const cells: Array<BenchCell> = []
  cells.length = n
  globalThis.gc?.()
  const before = process.memoryUsage.rss()
  const start = performance.now()
  for (let i = 0; i < n; i++) cells[i] = spawn(bound)
  const actors = membrane.census.stats().actors
  const seconds = (performance.now() - start) / 1000
  check(name, actors, n)
  globalThis.gc?.()
  const bytes = (process.memoryUsage.rss() - before) / n
  report(name, n, seconds, {
    bytes_per_actor: Math.round(bytes),
    native_bytes: Math.round(membrane.census.stats().bytes / n)
  })
  await membrane.close()
}

/** A tick that has nothing to do: the call itself. */
const tick = (name: string, n: number): void => {
  const ring = new Ring(load(), { maxActors: 100, capacity: 10, seed: undefined }, () => {})
  ring.args[Arg.NOW] = 1
  for (let i = 0; i < n / 10; i++) ring.tick()
  const start = performance.now()
  for (let i = 0; i < n; i++) ring.tick()
  report(name, n, (performance.now() - start) / 1000)
  ring.native.close()
}

const flood = async (name: string, actors: number, n: number, batch: number): Promise<void> => {
  const { host, membrane, spawn } = open()
  const bound = new Bound((cell, payload) => {
    cell.state!.sum += payload as number
  })
  const cells = Array.from({ length: actors }, () => spawn(bound))
  membrane.keepAlive(true)
  const run = async (messages: number): Promise<void> => {
    const goal = host.handled + messages
    const cell = cells[0]!
    load().flood(cell.generation * 4294967296 + cell.low, 1, messages, batch)
    while (host.handled < goal) await new Promise((resolve) => setImmediate(resolve))
  }
  await run(n / 10)
  const start = performance.now()
  await run(n)
  report(`${name}-${batch}`, n, (performance.now() - start) / 1000)
  await membrane.close()
}

const workloads: Record<string, () => Promise<void> | void> = {
  tick: () => tick("tick", 2_000_000),
  two: () => bounce("two", 2, 256, 4_000_000, true),
  "two-number": () => bounce("two-number", 2, 256, 4_000_000, false),
  pingpong: () => bounce("pingpong", 2, 1, 2_000_000, false),
  thousand: () => bounce("thousand", 1000, 4096, 4_000_000, true),
  random: () => bounce("random", 100_000, 4096, 4_000_000, true),
  "random-number": () => bounce("random-number", 100_000, 4096, 4_000_000, false),
  produce: () => produce("produce", 100_000, 4_000_000),
  ask: () => ask("ask", 200_000),
  spawn: () => spawning("spawn", 100_000),
  "spawn-million": () => spawning("spawn-million", 1_000_000),
  flood: async () => {
    for (const batch of [1, 16, 256]) await flood("flood", 1, 1_000_000, batch)
  }
}

const [which, rounds = "1"] = process.argv.slice(2)
const names = which === undefined || which === "all" ? Object.keys(workloads) : [which]
for (const name of names) {
  const run = workloads[name]
  if (run === undefined) {
    console.error(`no such workload: ${name} (${Object.keys(workloads).join(", ")})`)
    process.exit(2)
  }
  for (let round = 0; round < Number(rounds); round++) await run()
}
