// @ts-nocheck: plain JavaScript, run by hand against the sources.
// The twin's shard alone: `node packages/actor/test/memory/bench.mjs [workload]`. No host but a plain handler call.
// random: 100k cells; floor: the same handlers on the same states in the same order, through the same cells, no queue.
import { MemoryShard } from "../../src/internal/memory/shard.ts"

const ACTORS = 100_000
const clock = {
  now: () => performance.now(),
  wakeIn: () => {}
}

class Host {
  handled = 0
  shard
  deliver(cell, op, payload, from, call) {
    this.handled++
    return cell.bound.table[op](cell.state, payload, cell, from, call)
  }
  exitSignal() {
    return false
  }
  down() {
    return false
  }
  outsideDown() {}
  terminate() {}
  dead() {}
  callEnded() {}
  deadLetter() {
    throw new Error("a dead letter")
  }
  longSchedule() {}
}

const open = {
  name: undefined,
  capacity: 65536,
  onFull: 0,
  sendTimeout: 5000,
  budget: 64,
  trapExit: false,
  cleanup: false,
  starting: false,
  parent: undefined,
  watcher: undefined,
  watchRef: 0
}
const make = (table) => {
  const host = new Host()
  const shard = new MemoryShard({ maxActors: 2 ** 24, longSchedule: 50, clock, seed: undefined }, host)
  host.shard = shard
  const bound = { table, meter: undefined, shard }
  const spawn = (state, b = bound) => {
    const cell = shard.reserve(b)
    cell.state = state
    shard.open(cell, open)
    return cell
  }
  return { host, shard, spawn }
}
const settled = async (host, n) => {
  for (let turns = 0; host.handled < n; turns++) {
    if (turns > 1e6) throw new Error(`${host.handled} handled of ${n}`)
    await new Promise((done) => setImmediate(done))
  }
  if (host.handled !== n) throw new Error(`${host.handled} handled, ${n} sent`)
}
const add = (state, payload) => {
  state.n += payload.by
  return false
}
const xorshift = (x) => {
  x ^= x << 13
  x ^= x >>> 17
  x ^= x << 5
  return x
}
const report = (name, ns, extra = "") => console.log(`${name.padEnd(28)} ${ns.toFixed(1).padStart(8)} ns ${extra}`)

const random = async (batch = 1024) => {
  const { host, shard, spawn } = make([add])
  const cells = Array.from({ length: ACTORS }, (_, i) => spawn({ n: i & 7 }))
  let x = 1
  const floor = (n) => {
    const start = performance.now()
    for (let i = 0; i < n; i++) {
      x = xorshift(x)
      host.deliver(cells[(x >>> 0) % ACTORS], 0, { by: 1 }, 0, undefined)
    }
    return (performance.now() - start) * 1e6 / n
  }
  floor(400_000)
  // From outside, a chunk and then a turn of the event loop, as in benchmarks/: each message is an object of its own.
  const run = async (n) => {
    host.handled = 0
    const start = performance.now()
    for (let i = 0; i < n;) {
      const end = Math.min(n, i + batch)
      for (; i < end; i++) {
        x = xorshift(x)
        shard.send(cells[(x >>> 0) % ACTORS], 0, { by: 1 }, undefined, 0)
      }
      await new Promise((done) => setImmediate(done))
    }
    await settled(host, n)
    return (performance.now() - start) * 1e6 / n
  }
  await run(400_000)
  for (let i = 0; i < 3; i++) {
    const ns = await run(4_000_000)
    const direct = floor(2_000_000)
    report("random", ns, `floor ${direct.toFixed(1)} ns, ${(ns / direct).toFixed(2)}x of it`)
  }
}

const pair = async (inFlight) => {
  let left = 0
  let shard
  const bounce = (state, payload, cell) => {
    state.n++
    if (--left >= 0) shard.send(state.peer, 0, payload, cell, 0)
    return false
  }
  const made = make([bounce])
  shard = made.shard
  const a = made.spawn({ n: 0, peer: undefined })
  const b = made.spawn({ n: 0, peer: a })
  a.state.peer = b
  const run = async (n) => {
    made.host.handled = 0
    left = n
    const start = performance.now()
    for (let i = 0; i < inFlight; i++) shard.send(i & 1 ? a : b, 0, undefined, undefined, 0)
    await settled(made.host, n + inFlight)
    return (performance.now() - start) * 1e6 / n
  }
  await run(500_000)
  for (let i = 0; i < 3; i++) report(`2 cells, ${inFlight} in flight`, await run(4_000_000))
}

const count = async () => {
  const { host, shard, spawn } = make([add])
  const counter = spawn({ n: 0 })
  const message = { by: 1 }
  // From outside, half a mailbox at a time: a producer that outruns its counter measures MailboxFull.
  const run = async (n) => {
    host.handled = 0
    const start = performance.now()
    for (let sent = 0; sent < n;) {
      const chunk = Math.min(32768, n - sent)
      for (let i = 0; i < chunk; i++) shard.send(counter, 0, message, undefined, 0)
      sent += chunk
      await settled(host, sent)
    }
    return (performance.now() - start) * 1e6 / n
  }
  await run(400_000)
  for (let i = 0; i < 3; i++) report("count", await run(2_000_000))
}

const spawn = async () => {
  for (const n of [100_000, 100_000, 1_000_000]) {
    const made = make([add])
    globalThis.gc?.()
    const before = process.memoryUsage()
    const kept = new Array(n)
    const start = performance.now()
    for (let i = 0; i < n; i++) kept[i] = made.spawn({ n: i & 7 })
    const ns = (performance.now() - start) * 1e6 / n
    globalThis.gc?.()
    const after = process.memoryUsage()
    report(
      `spawn ${n}`,
      ns,
      `heap ${((after.heapUsed - before.heapUsed) / n - 8).toFixed(0)} B, rss ${
        ((after.rss - before.rss) / n).toFixed(0)
      } B an actor`
    )
    const end = performance.now()
    for (const cell of kept) made.shard.exit(cell, undefined, { _tag: "Killed" })
    while (made.shard.stats().actors > 0) await new Promise((done) => setImmediate(done))
    report("  kill all", (performance.now() - end) * 1e6 / n)
  }
}

const { Call } = await import("../../src/internal/call.ts")
const ask = async () => {
  const { host, shard, spawn } = make([(state, payload, _cell, _from, call) => {
    call.pending = false
    shard.answered(call)
    state.n++
    call.resume(payload)
    return false
  }])
  const cell = spawn({ n: 0 })
  const once = () =>
    new Promise((done) => {
      shard.call(cell, 0, 1, undefined, 0, new Call(0, cell, done), 5000)
    })
  const run = async (n) => {
    const start = performance.now()
    for (let i = 0; i < n; i++) await once()
    return (performance.now() - start) * 1e6 / n
  }
  host.handled = 0
  await run(50_000)
  for (let i = 0; i < 3; i++) report("ask, one at a time", await run(200_000))
}

const workloads = {
  random: () => random(),
  random64: () => random(64),
  random8192: () => random(8192),
  pair1: () => pair(1),
  pair256: () => pair(256),
  count,
  spawn,
  ask
}
for (const name of process.argv.length > 2 ? process.argv.slice(2) : Object.keys(workloads)) await workloads[name]()
