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
import type { Open } from "./system.ts"

const Worker = Actor.make("Worker", [Rpc.make("Crash"), Rpc.make("Serve")])
const { Crash, Serve } = Worker.messages

/** Children of the dynamic supervisor, and of the plain spawn beside it. */
const many = 100_000
/** Spawns of one kind before it is the other's turn. */
const perRound = 2_000
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
    // Alternately, so that both meet the same heap: a round of each, and each goes first in every other one.
    const spent: Record<"plain" | "supervised", Array<number>> = { plain: [], supervised: [] }
    const refs: Array<unknown> = []
    const rounds: ReadonlyArray<readonly [keyof typeof spent, () => unknown]> = [
      ["plain", () => system.spawnUnsafe(Plain, 1)],
      ["supervised", () => dynamic.startUnsafe(1)]
    ]
    for (let done = -many / 10, round = 0; done < many; done += perRound, round++) {
      for (const [kind, spawn] of round % 2 === 0 ? rounds : rounds.toReversed()) {
        begins()
        const began = now()
        for (let i = 0; i < perRound; i++) refs.push(spawn())
        const millis = now() - began
        ends(done < 0 ? "warm-up" : `${kind} spawns`, perRound)
        if (done >= 0) spent[kind].push(millis * 1e6 / perRound)
        // What the spawns have put off belongs to no round.
        yield* Effect.promise(turn)
      }
    }
    const plain = ofRounds(spent.plain), supervised = ofRounds(spent.supervised)
    mustBe(yield* dynamic.count, many + many / 10, "children")
    const began = now()
    yield* app.terminate("many")
    return { plain, supervised, stop: (now() - began) / 1000 }
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
      supervised_spawn_ns: spawns.supervised.mean,
      supervised_spawn_p50_ns: spawns.supervised.p50,
      plain_spawn_ns: spawns.plain.mean,
      plain_spawn_p50_ns: spawns.plain.p50,
      one_for_all_1000_ms: groupMillis,
      terminate_100k_s: spawns.stop
    }
  }
}

/** A collection of the heap falls into some round of either kind: the mean has it, the median has not. */
const ofRounds = (rounds: ReadonlyArray<number>) => ({
  mean: rounds.reduce((sum, ns) => sum + ns, 0) / rounds.length,
  p50: percentiles(Float64Array.from(rounds)).p50
})

const crash = new Error("crash")
