// Where `worker` and `spread` place an actor (G225).
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Metric } from "effect"
import { nativeLoads as native, turn } from "../fixtures.ts"
import { Counter, CounterLive } from "./modules.ts"

const { Add, Burn, Get, Thread } = Counter.messages
/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
/** ms of a heavy handler: much more than a thousand light ones take, also where others have the processor meanwhile. */
const heavy = 1_000
/** What is known of an isolate. */
const isolateOf = (isolate: number) =>
  Effect.flatMap(
    ActorSystem,
    (system) => Effect.map(system.info, ({ isolates }) => isolates.find((each) => each.isolate === isolate)!)
  )

describe.runIf(native)("where actors are placed", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 2 }), { excludeTestServices: true, timeout: patience })((it) => {
    it.effect("G225: the least loaded one is that whose handlers took the least time, however many messages that were", () =>
      Effect.gen(function*() {
        const counters = yield* Effect.forEach([1, 2], (isolate) => CounterLive.spawnOn(isolate as never, 0))
        const threads = yield* Effect.forEach(counters, (counter) => counter.ask(Thread()))
        for (const busy of [0, 1]) {
          const quick = 1 - busy
          // A look at the loads: what comes is counted from here.
          yield* CounterLive.spawnOn("worker", 0)
          const before = yield* Effect.forEach([1, 2], isolateOf)
          yield* counters[busy]!.ask(Burn(heavy))
          for (let n = 0; n < 1_000; n++) yield* counters[quick]!.tell(Add(0))
          yield* counters[quick]!.ask(Get())
          // Each says what it did at the end of its turn, which may be after the answer.
          while ((yield* isolateOf(busy + 1)).millis < before[busy]!.millis + heavy) yield* turn
          while ((yield* isolateOf(quick + 1)).reductions < before[quick]!.reductions + 1_001) yield* turn
          const next = yield* CounterLive.spawnOn("worker", 0)
          assert.strictEqual(yield* next.ask(Thread()), threads[quick])
        }
      }).pipe(Effect.scoped))

    it.effect("G305: who is asked from elsewhere is charged for all of its time: its asker goes on elsewhere", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn(1 as never, 0)
        // Its handlers have shown to be short: it is measured together with others.
        for (let n = 0; n < 200; n++) yield* counter.ask(Get())
        const before = (yield* Actor.info(counter)).millis
        yield* counter.ask(Burn(heavy))
        assert.isAtLeast((yield* Actor.info(counter)).millis, before + heavy)
      }).pipe(Effect.scoped))

    it.effect("G225: the time of an isolate is a metric, too", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn(1 as never, 0)
        const before = (yield* isolateOf(1)).millis
        yield* counter.ask(Burn(20))
        while ((yield* isolateOf(1)).millis < before + 20) yield* turn
        const gauges = (yield* Metric.snapshot).filter(({ id }) => id === "myrmidon_isolate_millis")
        const found = gauges.find(({ attributes }) => attributes?.["isolate"] === "1")
        assert.isAtLeast((found!.state as { readonly value: number }).value, before + 20)
      }).pipe(Effect.scoped))
  })
})
