// Rows of OTP's suites that need more than the script of conformance/ can say; `conformance/not-here.json` names them.
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  ActorSystem,
  type Down,
  ExitReason,
  Monitor,
  type MonitorRef,
  type Pid
} from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { hostOf } from "../src/internal/system.ts"
import { Boom, Counter, CounterLive, systems } from "./fixtures.ts"

const Sink = Actor.make("Sink", [
  Rpc.make("Take", { payload: Schema.Int }),
  Rpc.make("Watch", { payload: { pid: Schema.Any }, success: Schema.Int }),
  Rpc.make("Unwatch", { payload: Schema.Int, success: Schema.Boolean })
])
const { Take, Unwatch, Watch } = Sink.messages

/** Writes down what it takes and whose end it hears of. */
const sinkOf = (log: Array<number | Down>, heard: (down: Down) => void = () => {}) =>
  Sink.behavior({
    init: () => 0,
    handlers: {
      Take: (_, n) => void log.push(n),
      Watch: (_, { pid }, self) => self.monitor(pid),
      Unwatch: (_, monitor, self) => self.demonitor(monitor as MonitorRef)
    },
    signals: {
      down: (_, down) => {
        log.push(down)
        heard(down)
      }
    }
  })

describe.each(systems)("OTP's rows on the %s", (_, system) => {
  it.effect("M10 (G6, G10, G42): a thousand messages by ref and by name in turns are handled in order, before the DOWN", () =>
    Effect.gen(function*() {
      const log: Array<number | Down> = []
      const over = yield* Deferred.make<void>()
      const sink = yield* sinkOf(log, () => Deferred.doneUnsafe(over, Exit.void)).spawn(undefined, { name: "sink" })
      const named = yield* ActorRef.named(Sink, "sink")
      const Source = Actor.make("Source", [Rpc.make("Go")])
      const source = yield* Source.behavior({
        init: () => 0,
        handlers: {
          Go: (_, __, self) => {
            for (let n = 0; n < 1_000; n++) self.send(n % 2 === 0 ? sink : named, Take(n))
            self.stop()
          }
        }
      }).spawn()
      yield* sink.ask(Watch({ pid: source }))
      yield* source.tell(Source.messages.Go())
      yield* Deferred.await(over)
      assert.deepStrictEqual(log.slice(0, -1), Array.from({ length: 1_000 }, (_, n) => n))
      assert.deepInclude(log.at(-1), { _tag: "Down", from: source.pid, reason: ExitReason.normal })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("M1 (G37): who is watched by its name is reported with it", () =>
    Effect.gen(function*() {
      yield* CounterLive.spawn(0, { name: "watched" })
      const found = yield* Actor.whereis(Counter, "watched")
      const log: Array<number | Down> = []
      const over = yield* Deferred.make<void>()
      const sink = yield* sinkOf(log, () => Deferred.doneUnsafe(over, Exit.void)).spawn()
      yield* sink.ask(Watch({ pid: found }))
      yield* found.tell(Boom("custom"))
      yield* Deferred.await(over)
      const [down] = log
      assert(typeof down === "object" && down.reason._tag === "Crashed")
      assert.deepStrictEqual([down.name, down.reason.error.message], ["watched", "custom"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("M3 (G38): a monitor is ended by its owner alone", () =>
    Effect.gen(function*() {
      const worker = yield* CounterLive.spawn(0)
      const log: Array<number | Down> = []
      const over = yield* Deferred.make<void>()
      const owner = yield* sinkOf(log, () => Deferred.doneUnsafe(over, Exit.void)).spawn()
      const other = yield* sinkOf([]).spawn()
      const monitor = yield* owner.ask(Watch({ pid: worker }))
      assert.isFalse(yield* other.ask(Unwatch(monitor)))
      yield* Actor.kill(worker)
      yield* Deferred.await(over)
      assert.deepInclude(log[0], { from: worker.pid, reason: ExitReason.killed })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("L15 (G35): a parent that dies while its child's init waits takes the child along", () =>
    Effect.gen(function*() {
      const begun = yield* Deferred.make<Pid>()
      const interrupted = yield* Deferred.make<void>()
      const ChildLive = Counter.behavior({
        init: (_: void, self) =>
          Deferred.succeed(begun, self.pid).pipe(
            Effect.andThen(Effect.never),
            Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
          ),
        handlers: {
          Increment: () => 0,
          Get: () => 0,
          Reset: () => {},
          Boom: () => {},
          Stuck: () => {},
          Watch: () => Stream.empty
        }
      })
      const Parent = Actor.make("Parent", [Rpc.make("Start")])
      const parent = yield* Parent.behavior({
        init: () => 0,
        handlers: { Start: (_, __, self) => Effect.asVoid(Effect.orDie(self.spawn(ChildLive, undefined))) }
      }).spawn()
      yield* parent.tell(Parent.messages.Start())
      const child = yield* ActorRef.fromPid(Counter, yield* Deferred.await(begun))
      yield* Actor.kill(parent)
      yield* Deferred.await(interrupted)
      assert.isFalse(yield* Actor.isAlive(child))
      assert.strictEqual((yield* (yield* ActorSystem).info).actors, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G1 (G35, G40): a name that is taken refuses with its holder, whatever the spawn is tied to, and ties nothing", () =>
    Effect.gen(function*() {
      const host = hostOf(yield* ActorSystem)
      const holder = yield* CounterLive.spawn(0, { name: "taken" })
      const name = { name: "taken" }
      const signals: Array<unknown> = []
      const Parent = Actor.make("Parent", [Rpc.make("Start", { success: Schema.Any })])
      const parent = yield* Parent.behavior({
        init: () => 0,
        handlers: {
          Start: (_, __, self) => Effect.flip(self.spawn(CounterLive, 0, { ...name, link: true, monitor: true }))
        },
        signals: { exit: (_, signal) => void signals.push(signal), down: (_, down) => void signals.push(down) }
      }).spawn()
      const refused = [
        yield* Effect.flip(CounterLive.spawnDetached(0, name)),
        yield* Effect.flip(CounterLive.spawnMonitored(0, name)),
        yield* Effect.flip(CounterLive.spawnLinked(0, () => Effect.never, name)),
        yield* parent.ask(Parent.messages.Start())
      ]
      for (const error of refused) {
        assert(error._tag === "SpawnError")
        assert.deepInclude(error.reason, { _tag: "NameTaken", holder: holder.pid })
      }
      assert.deepStrictEqual((yield* Actor.info(parent)).links, [])
      yield* Actor.stop(holder)
      assert.strictEqual(yield* Effect.map(Actor.isAlive(parent), () => signals.length), 0)
      assert.strictEqual(host.watches.size, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G5 (G24): who is stopped, shut down or killed makes no crash report", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem
      const reader = yield* Effect.forkChild(Stream.runCollect(Stream.take(system.events, 1)), {
        startImmediately: true
      })
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
      yield* Actor.stop(yield* CounterLive.spawn(0))
      for (const reason of [ExitReason.shutdown("enough"), ExitReason.killed]) {
        const counter = yield* CounterLive.spawn(0)
        const down = yield* Monitor.make(counter)
        yield* Actor.exit(counter, reason)
        assert.deepStrictEqual(yield* down, reason)
      }
      const last = yield* CounterLive.spawn(0, { name: "last" })
      yield* last.tell(Boom("bang"))
      const [event] = yield* Fiber.join(reader)
      assert(event?._tag === "Crashed")
      assert.strictEqual(event.name, "last")
    }).pipe(Effect.scoped, Effect.provide(system)))
})
