/**
 * `restart`: a supervised child crashes; the clock stops in the first message that the new child handles. One at a time.
 * Beside it: what supervision costs a spawn, a group that starts again, and how long many children take to stop.
 */
import { Actor } from "@myrmidonjs/actor"
import { Supervisor } from "@myrmidonjs/supervisor"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Rpc from "effect/rpc/Rpc"
import { mustBe, now, percentiles, turn } from "../measure.ts"
import { begins, ends } from "../stretch.ts"
import type { Program } from "../workload.ts"
import { Processor } from "./processor.ts"
import type { Open } from "./system.ts"

const Worker = Actor.make("Worker", [Rpc.make("Crash"), Rpc.make("Serve")])
const { Crash, Serve } = Worker.messages

/** Spawns between two looks at the clock. */
const perPart = 2_048
/**
 * Spawns of one kind before it is the other's turn: as many as a large page of the shard has slots (64 bytes of 2 MiB), so
 * that each stretch of either kind has one of these pages to be cleared. That takes as long as all other work of
 * 10,000 spawns, and with short rounds it is a matter of chance whose it is.
 */
const perPage = 32_768
/** Spawns of each kind, and before them those that are not measured. */
const many = 3 * perPage
const warmUp = 5 * perPart
/** Children of the group. */
const group = 1_000

export const restart = (open: Open): Program => async (n, warm) => {
  const { run, system } = await open()
  let serving: (() => void) | undefined
  let started = 0
  let failure = (): Error => crash
  const WorkerLive = Worker.behavior({
    init: (_: undefined, self) => {
      started++
      self.next(Serve())
      return {}
    },
    handlers: {
      Crash: () => {
        throw failure()
      },
      Serve: () => serving?.()
    }
  })
  const Plain = Worker.behavior({ init: (n: number) => ({ n }), handlers: { Crash: () => {}, Serve: () => {} } })
  const samples = new Float64Array(n)
  // As many again, each for an error of its own that its handler makes.
  const distinct = new Float64Array(n)
  const unlimited = { intensity: Number.MAX_SAFE_INTEGER, period: "1 second" } as const
  const seconds = await run(Effect.scoped(Effect.gen(function*() {
    const app = yield* Supervisor.start(
      Supervisor.make("app", unlimited, [Supervisor.child("worker", WorkerLive, undefined)])
    )
    const crashed = Effect.callback<void>((resume) => {
      serving = () => resume(Effect.void)
    })
    const once = Effect.gen(function*() {
      const worker = yield* app.get("worker")
      const began = now()
      worker.tellUnsafe(Crash())
      yield* crashed
      return now() - began
    })
    // The first child serves before it is crashed.
    yield* Effect.promise(turn)
    for (let i = 0; i < warm; i++) yield* once
    begins()
    const began = now()
    for (let i = 0; i < n; i++) samples[i] = yield* once
    const seconds = (now() - began) / 1000
    ends("restarts", n)
    let crashes = 0
    failure = () => new Error(`crash ${crashes++}`)
    for (let i = 0; i < warm; i++) yield* once
    begins()
    for (let i = 0; i < n; i++) distinct[i] = yield* once
    ends("restarts, each for another error", n)
    failure = () => crash
    return seconds
  })))
  mustBe(started, 2 * (n + warm) + 1, "starts")
  const groupMillis = await run(Effect.scoped(Effect.gen(function*() {
    started = 0
    const children = Array.from({ length: group }, (_, at) => Supervisor.child(String(at), WorkerLive, undefined))
    const tree = Supervisor.make("group", { ...unlimited, strategy: "one_for_all" }, children)
    /** Until each child of the group has served once. */
    const allServe = (begin: () => void) =>
      Effect.callback<void>((resume) => {
        let served = 0
        serving = () => {
          if (++served === group) resume(Effect.void)
        }
        begin()
      })
    const serves = yield* Effect.forkChild(allServe(() => {}), { startImmediately: true })
    const app = yield* Supervisor.start(tree)
    yield* Fiber.join(serves)
    const times = new Float64Array(5)
    for (let round = 0; round < times.length; round++) {
      const crashing = yield* app.get("0")
      const began = now()
      yield* allServe(() => crashing.tellUnsafe(Crash()))
      times[round] = now() - began
      mustBe(started, group * (round + 2), "starts of the group")
    }
    return Math.min(...times)
  })))
  serving = undefined
  const spawns = await run(Effect.scoped(Effect.gen(function*() {
    const app = yield* Supervisor.start(
      Supervisor.make("app", unlimited, [Supervisor.dynamic("many", Plain, { shutdown: "brutal" })])
    )
    const dynamic = yield* app.get("many")
    const refs: Array<unknown> = new Array<undefined>(2 * (warmUp + many)).fill(undefined)
    let spawned = 0
    const processor = new Processor()
    const stretch = function*(kind: Kind, spawn: () => unknown, parts: number, spent: Spent | undefined) {
      for (let i = 0; i < parts; i++) {
        begins()
        processor.read()
        const computed = processor.computed
        const began = now()
        for (let i = 0; i < perPart; i++) refs[spawned++] = spawn()
        const millis = now() - began
        processor.read()
        ends(spent === undefined ? "warm-up" : `${kind} spawns`, perPart)
        spent?.[kind].push({ wall: millis * 1e6 / perPart, cpu: (processor.computed - computed) * 1e6 / perPart })
        // What the spawns have put off belongs to no part.
        yield* Effect.promise(turn)
      }
    }
    const kinds: ReadonlyArray<readonly [Kind, () => unknown]> = [
      ["plain", () => system.spawnUnsafe(Plain, 1)],
      ["supervised", () => dynamic.startUnsafe(1)]
    ]
    // Alternately, so that both meet the same heap, and each goes first in every other round.
    const inTurn = (round: number) => round % 2 === 0 ? kinds : kinds.toReversed()
    for (let round = 0; round < warmUp / perPart; round++) {
      for (const [kind, spawn] of inTurn(round)) yield* stretch(kind, spawn, 1, undefined)
    }
    const spent: Spent = { plain: [], supervised: [] }
    for (let round = 0; round < many / perPage; round++) {
      for (const [kind, spawn] of inTurn(round)) yield* stretch(kind, spawn, perPage / perPart, spent)
    }
    processor.close()
    mustBe(yield* dynamic.count, warmUp + many, "children")
    const began = now()
    yield* app.terminate("many")
    const stop = (now() - began) / 1000
    return { plain: ofParts(spent.plain), supervised: ofParts(spent.supervised), stop }
  })))
  const { p50, p99 } = percentiles(samples)
  const others = percentiles(distinct)
  return {
    completed: n,
    seconds,
    extra: {
      p50_us: p50 * 1000,
      p99_us: p99 * 1000,
      restart_distinct_p50_us: others.p50 * 1000,
      restart_distinct_p99_us: others.p99 * 1000,
      supervised_spawn_ns: spawns.supervised.wall.mean,
      supervised_spawn_p50_ns: spawns.supervised.wall.p50,
      supervised_spawn_cpu_ns: spawns.supervised.cpu.mean,
      supervised_spawn_cpu_p50_ns: spawns.supervised.cpu.p50,
      plain_spawn_ns: spawns.plain.wall.mean,
      plain_spawn_p50_ns: spawns.plain.wall.p50,
      plain_spawn_cpu_ns: spawns.plain.cpu.mean,
      plain_spawn_cpu_p50_ns: spawns.plain.cpu.p50,
      one_for_all_1000_ms: groupMillis,
      terminate_100k_s: spawns.stop
    }
  }
}

type Kind = "plain" | "supervised"
/** ns a spawn, of each part: by the clock, and of this thread. */
type Spent = Record<Kind, Array<{ readonly wall: number; readonly cpu: number }>>

/** What happens once in many spawns, such as a page or a collection, is in the mean and not in the median. */
const ofParts = (parts: Spent[Kind]) => {
  const of = (measure: "wall" | "cpu") => {
    const all = Float64Array.from(parts, (part) => part[measure])
    return { mean: all.reduce((sum, ns) => sum + ns, 0) / all.length, p50: percentiles(all).p50 }
  }
  return { wall: of("wall"), cpu: of("cpu") }
}

const crash = new Error("crash")
