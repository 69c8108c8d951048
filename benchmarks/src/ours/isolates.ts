/** `scale`, `cross-isolate` and `fair-worker`: actors on worker isolates, with this isolate idle or sending. */
import { Actor, type AskError } from "@myrmidonjs/actor"
import * as Effect from "effect/Effect"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { mustBe, now, produceGently, turn } from "../measure.ts"
import { begins, ends } from "../stretch.ts"
import { FairSchedule, fairShape, monotonicNs, sendOneByOne } from "../shapes.ts"
import type { Measured, Program } from "../workload.ts"
import { nativeWith } from "./system.ts"
import { BurnElsewhere, HeavyElsewhereLive, Load, LoadLive, Sink, SinkLive } from "./workers.ts"

const patience = { timeout: "5 minutes" } as const

const scaleOn = async (workers: number, n: number, warm: number): Promise<Measured> => {
  const opened = await nativeWith({ isolates: workers })
  const each = (n: number) => Math.floor(n / workers)
  const measured = await opened.run(Effect.scoped(Effect.gen(function*() {
    const loads = yield* Effect.forEach(Array.from({ length: workers }), () => LoadLive.spawnOn("worker", undefined))
    const all = (n: number) =>
      Effect.map(
        Effect.forEach(loads, (load) => load.ask(Load.messages.Run(each(n)), patience), { concurrency: "unbounded" }),
        (handled) => handled.reduce((sum, count) => sum + count, 0)
      )
    yield* all(warm)
    begins()
    const start = now()
    const completed = yield* all(n)
    const seconds = (now() - start) / 1000
    ends(`${workers} workers, this isolate`, completed)
    return { completed, seconds }
  })))
  await opened.close()
  mustBe(measured.completed, each(n) * workers, "messages handled on the workers")
  return measured
}

export const scale: Program = async (n, warm) => {
  const even = n - n % 2
  const one = await scaleOn(1, even, warm)
  const two = await scaleOn(2, even, warm)
  return { ...two, extra: { one_seconds: one.seconds, speedup: one.seconds / two.seconds } }
}

// A way that is full refuses whoever cannot be held, as it refuses the producer.
const patiently = <A>(ask: Effect.Effect<A, AskError>): Effect.Effect<A, AskError> =>
  Effect.retry(Effect.tapError(ask, () => Effect.promise(turn)), {
    while: (error) => error.reason._tag === "MailboxFull"
  })

const { Bytes, Handled, Median, Number: Num, Sent, Small, Spin } = Sink.messages

export const crossIsolate: Program = async (n, warm) => {
  const opened = await nativeWith({ isolates: 1 })
  const bytes = new Uint8Array(64)
  const measured = await opened.run(Effect.scoped(Effect.gen(function*() {
    const sink = yield* SinkLive.spawnOn("worker", undefined, { mailbox: { capacity: 2 ** 24 } })
    const batched = (name: string, n: number, send: (i: number) => string) =>
      Effect.gen(function*() {
        begins()
        const start = now()
        yield* Effect.promise(() => produceGently(n, (i) => send(i) === "Accepted"))
        const completed = yield* patiently(sink.ask(Handled(), patience))
        const seconds = (now() - start) / 1000
        ends(n === warm ? "warm-up" : name, completed)
        return { completed, seconds }
      })
    const numbers = (n: number) => batched("numbers", n, (i) => sink.tellUnsafe(Num(i)))
    const blocks = (n: number) => batched("64 bytes", n, () => sink.tellUnsafe(Bytes(bytes)))
    const objects = (n: number) =>
      batched("objects", n, (i) => sink.tellUnsafe(Small({ id: i, name: "a name", on: true })))
    yield* Effect.forEach([numbers, blocks, objects], (program) => program(warm), { discard: true })
    const number = yield* numbers(n), block = yield* blocks(n), object = yield* objects(n)
    for (const each of [number, block, object]) mustBe(each.completed, n, "messages handled on the worker")
    const oneByOne = Effect.gen(function*() {
      yield* Effect.promise(() => sendOneByOne(() => void sink.tellUnsafe(Sent(monotonicNs()))))
      return yield* sink.ask(Median(), patience)
    })
    yield* oneByOne
    const asleep = yield* oneByOne
    yield* sink.tell(Spin(true))
    const awake = yield* oneByOne
    yield* sink.tell(Spin(false))
    const ns = (each: Measured) => (each.seconds * 1e9) / n
    return { ...number, extra: { ns_64b: ns(block), ns_object: ns(object), asleep_us: asleep, awake_us: awake } }
  })))
  await opened.close()
  return measured
}

const Light = Actor.make("LightBeside", [Rpc.make("WorkBeside", { payload: Schema.Number })])
const { WorkBeside } = Light.messages

export const fairWorker: Program = async (n, warm) => {
  const opened = await nativeWith({ isolates: 1 })
  let schedule = new FairSchedule(warm)
  const LightLive = Light.behavior({
    init: () => undefined,
    handlers: { WorkBeside: (_state, due) => schedule.arrived(due) }
  })
  return opened.run(Effect.scoped(Effect.gen(function*() {
    const lights = Array.from({ length: fairShape.lights }, () => opened.system.spawnUnsafe(LightLive, undefined))
    const send = (light: number, due: number) => void lights[light].tellUnsafe(WorkBeside(due))
    yield* Effect.promise(() => schedule.run(send))
    // The producer is a timer of 1 ms: what it is late by itself, with no heavy actor anywhere.
    schedule = new FairSchedule(n)
    const floor = yield* Effect.promise(() => schedule.run(send))
    for (let i = 0; i < fairShape.heavies; i++) {
      const heavy = yield* HeavyElsewhereLive.spawnOn("worker", undefined)
      yield* heavy.tell(BurnElsewhere())
    }
    schedule = new FairSchedule(warm)
    yield* Effect.promise(() => schedule.run(send))
    schedule = new FairSchedule(n)
    begins()
    const measured = yield* Effect.promise(() => schedule.run(send))
    ends("all", n)
    const { max_ms, p50_ms, p99_ms } = floor.extra!
    return {
      ...measured,
      extra: { ...measured.extra, floor_p50_ms: p50_ms, floor_p99_ms: p99_ms, floor_max_ms: max_ms }
    }
  })))
}
