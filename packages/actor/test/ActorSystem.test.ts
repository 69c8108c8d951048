// The system as a whole: options, events, dead letters, metrics, logs, closing, and use after it.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, type DeadLetter, ExitReason, Pid, SpawnError, type SystemEvent } from "@myrmidonjs/actor"
import {
  ConfigProvider,
  Context,
  Deferred,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Metric,
  References,
  Schema,
  Scope,
  Stream
} from "effect"
import { Config } from "effect"
import { Rpc } from "effect/rpc"
import { hostOf } from "../src/internal/system.ts"
import {
  Boom,
  Counter,
  CounterLive,
  Get,
  Increment,
  layers,
  nativeLoads,
  Reset,
  Stuck,
  systems,
  testSystems,
  turn
} from "./fixtures.ts"

/** At its end it sends to nobody, and fails. */
const LastWords = Actor.make("LastWords", []).behavior({
  init: (_: void, self) => {
    const gone = self.spawnUnsafe(CounterLive, 0)
    self.unlink(gone)
    return gone
  },
  handlers: {},
  terminate: (gone, _, self) =>
    Effect.gen(function*() {
      yield* Actor.kill(gone)
      self.send(gone, Reset())
      return yield* Effect.die("on its way")
    })
})

describe.each(systems)("ActorSystem on the %s", (name, system) => {
  const backend = name === "twin" ? "memory" : name

  it.effect("names its backend and counts its actors", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem
      assert.strictEqual(system.backend, backend)
      yield* CounterLive.spawn(0)
      assert.strictEqual((yield* system.info).actors, 1)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("info of an actor: name, protocol, status, mailbox, links", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0, { name: "informed" })
      yield* Effect.forkChild(counter.ask(Stuck()), { startImmediately: true })
      yield* turn
      counter.tellUnsafe(Reset())
      counter.tellUnsafe(Reset())
      const info = yield* Actor.info(counter)
      assert.deepInclude(info, {
        pid: counter.pid,
        name: "informed",
        protocol: "Counter",
        version: "1",
        status: "busy",
        mailbox: 2
      })
      yield* Actor.kill(counter)
      yield* turn
      const error = yield* Effect.flip(Actor.info(counter))
      assert.strictEqual(error._tag, "ActorExited")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("dead letters reach the stream with their message and reason", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem
      const reader = yield* Effect.forkChild(system.deadLetters.pipe(Stream.take(1), Stream.runCollect), {
        startImmediately: true
      })
      yield* turn
      const counter = yield* CounterLive.spawn(0)
      yield* Actor.stop(counter)
      yield* counter.tell(Increment({ by: 7 }))
      const [letter] = yield* Fiber.join(reader)
      assert.strictEqual(letter!.to, counter.pid)
      assert.isUndefined(letter!.from)
      assert.strictEqual(letter!.why, "NotAlive")
      assert.strictEqual(letter!.message._tag, "Increment")
      assert.deepStrictEqual(letter!.message.payload, { by: 7 })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("crashes and domain errors of tells are events", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem
      const events: Array<SystemEvent> = []
      const reader = yield* Effect.forkChild(
        system.events.pipe(Stream.take(2), Stream.runForEach((event) => Effect.sync(() => void events.push(event)))),
        { startImmediately: true }
      )
      yield* turn
      const counter = yield* CounterLive.spawn(0, { name: "eventful" })
      yield* counter.tell(Increment({ by: 5000 }))
      yield* counter.tell(Boom("bang"))
      yield* Fiber.join(reader)
      const [failed, crashed] = events
      assert(failed?._tag === "TellFailed" && crashed?._tag === "Crashed")
      assert.strictEqual(failed.tag, "Increment")
      assert.strictEqual((failed.error as { readonly _tag: string })._tag, "Overflow")
      assert.strictEqual(crashed.name, "eventful")
      assert(crashed.reason._tag === "Crashed")
      assert.strictEqual(crashed.reason.error.message, "bang")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G55: use after close: spawns fail with SystemStopped, asks with NoProc, tells are dead letters", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(Layer.fresh(system), scope)
      const within = <A, E>(effect: Effect.Effect<A, E, ActorSystem>) => Effect.provideContext(effect, services)
      const counter = yield* within(CounterLive.spawnDetached(0))
      yield* Scope.close(scope, Exit.void)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(yield* Actor.isAlive(counter))
      const spawned = yield* Effect.flip(within(CounterLive.spawnDetached(0)))
      assert.strictEqual(spawned.reason._tag, "SystemStopped")
      assert.strictEqual(counter.tellUnsafe(Reset()), "Accepted")
      yield* counter.tell(Reset())
      const asked = yield* Effect.flip(counter.ask(Get()))
      assert(asked._tag === "AskError" && asked.reason._tag === "ActorExited")
      assert.deepStrictEqual(asked.reason.reason, ExitReason.noProc(true))
      const unsafe = yield* within(Effect.map(ActorSystem, (system) => {
        try {
          return system.spawnUnsafe(CounterLive, 0)
        } catch (error) {
          return error
        }
      }))
      assert(unsafe instanceof SpawnError)
    }))

  it.effect("G273: events and dead letters end with their system, behind the last of them", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const services = yield* Layer.buildWithScope(Layer.fresh(system), scope)
      const opened = Context.get(services, ActorSystem)
      const collect = <A>(stream: Stream.Stream<A>) =>
        Effect.forkChild(Stream.runCollect(stream), { startImmediately: true })
      const letters = yield* collect(opened.deadLetters)
      const events = yield* collect(opened.events)
      const closed = yield* Effect.forkChild(opened.closed, { startImmediately: true })
      yield* Effect.provideContext(LastWords.spawnDetached(), services)
      assert.isUndefined(closed.pollUnsafe())
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual((yield* Fiber.join(letters)).map(({ message, why }) => `${why} ${message._tag}`), [
        "NotAlive Reset"
      ])
      assert.deepStrictEqual((yield* Fiber.join(events)).map(({ _tag }) => _tag), ["CleanupFailed"])
      yield* Fiber.join(closed)
      assert.deepStrictEqual(yield* Stream.runCollect(opened.events), [])
      assert.deepStrictEqual(yield* Stream.runCollect(opened.deadLetters), [])
      yield* opened.closed
    }))

  it.effect("G55: closing stops actors youngest first, and kills who takes too long", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const Live = Counter.behavior({
        init: (name: string) => name,
        handlers: {
          Increment: () => 0,
          Get: () => 0,
          Reset: () => {},
          Boom: () => {},
          Stuck: () => {},
          Watch: () => Stream.empty
        },
        terminate: (name) =>
          Effect.andThen(Effect.sync(() => void log.push(name)), name === "b" ? Effect.never : Effect.void)
      })
      yield* Effect.gen(function*() {
        for (const name of ["a", "b", "c"]) yield* Live.spawnDetached(name)
      }).pipe(Effect.provide(
        backend === "native"
          ? ActorSystem.layer({ shutdownTimeout: 20 })
          : ActorSystem.layerMemory({ shutdownTimeout: 20 })
      ))
      assert.deepStrictEqual(log, ["c", "b", "a"])
    }))

  it.effect("100,000 actors spawn, answer and close", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem
      const refs = Array.from({ length: 100_000 }, (_, i) => system.spawnUnsafe(CounterLive, i % 1000))
      for (const ref of refs) ref.tellUnsafe(Increment({ by: 1 }))
      assert.strictEqual(yield* refs[99_999]!.ask(Get()), 1000)
      assert.strictEqual((yield* system.info).actors, 100_000)
    }).pipe(Effect.provide(system)))

  it.effect("gauges tell the counts of the system", () =>
    Effect.gen(function*() {
      yield* CounterLive.spawn(0)
      const snapshot = yield* Metric.snapshot
      const actors = snapshot.filter((metric) =>
        metric.id === "myrmidon_actors" && metric.attributes?.["backend"] === backend
      )
      assert.isTrue(actors.some((metric) => (metric.state as { readonly value: number }).value === 1))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("gauges tell what was lost, refused and failed", () =>
    Effect.gen(function*() {
      const { boot } = hostOf(yield* ActorSystem)
      const gauge = (id: string, why?: string) =>
        Effect.map(Metric.snapshot, (metrics) => {
          const found = metrics.find((metric) =>
            metric.id === `myrmidon_${id}` && metric.attributes?.["boot"] === boot && metric.attributes["why"] === why
          )
          return (found?.state as { readonly value: number } | undefined)?.value
        })
      const down = (options: object) =>
        Effect.gen(function*() {
          const counter = yield* CounterLive.spawn(0, options)
          counter.tellUnsafe(Stuck())
          yield* turn
          for (let n = 0; n < 3; n++) counter.tellUnsafe(Reset())
          yield* Actor.kill(counter)
          assert.isFalse(yield* Actor.isAlive(counter))
          counter.tellUnsafe(Reset())
        })
      yield* down({ mailbox: { capacity: 1 } })
      yield* down({ mailbox: { capacity: 1, onFull: "drop-oldest" } })
      const broken = yield* CounterLive.spawn(0)
      yield* broken.tell(Increment({ by: 5000 }))
      yield* Effect.flip(broken.ask(Boom("bang")))
      yield* turn
      assert.deepStrictEqual(
        yield* Effect.all([
          gauge("dead_letters_by", "MailboxFull"),
          gauge("dead_letters_by", "Dropped"),
          gauge("dead_letters_by", "Stopped"),
          gauge("dead_letters_by", "NotAlive"),
          gauge("dead_letters"),
          gauge("tell_failed"),
          gauge("crashes"),
          gauge("actors"),
          gauge("calls"),
          gauge("long_schedule")
        ]),
        [2, 2, 2, 2, 8, 1, 1, 0, 0, 0]
      )
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what a handler logs carries the actor's name and PID", () =>
    Effect.gen(function*() {
      const lines: Array<Record<string, unknown>> = []
      const logger = Logger.make<unknown, void>((options) => {
        lines.push({ message: options.message, ...options.fiber.getRef(References.CurrentLogAnnotations) })
      })
      yield* Effect.gen(function*() {
        const Live = Counter.behavior({
          init: () => 0,
          handlers: {
            Increment: () => 0,
            Get: () => Effect.as(Effect.log("hello"), 1),
            Reset: () => {},
            Boom: () => {},
            Stuck: () => {},
            Watch: () => Stream.empty
          }
        })
        const counter = yield* Live.spawn(undefined, { name: "logs" })
        yield* counter.ask(Get())
        assert.deepStrictEqual(lines, [{ message: ["hello"], actor: "logs", pid: Pid.print(counter.pid) }])
      }).pipe(Effect.scoped, Effect.provide([Logger.layer([logger]), system]))
    }))
})

describe("options", () => {
  const cases: ReadonlyArray<readonly [options: object, option: string]> = [
    [{ maxActors: 0 }, "maxActors"],
    [{ maxActors: 2 ** 24 }, "maxActors"],
    [{ mailbox: { capacity: -1 } }, "mailbox.capacity"],
    [{ shutdownTimeout: -1 }, "shutdownTimeout"],
    [{ longSchedule: "soon" }, "longSchedule"],
    [{ validate: "yes" }, "validate"],
    [{ keepAlive: 1 }, "keepAlive"],
    [{ onDeadLetter: 1 }, "onDeadLetter"],
    [{ isolates: 2 }, "isolates"]
  ]
  it.effect.each(cases)("%j is InvalidOption", ([options, option]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(ActorSystem.layerMemory(options))))
      assert.strictEqual(error._tag, "InvalidOption")
      assert.strictEqual(error.option, option)
    }))

  // Refused before an addon is looked for.
  const nativeCases: ReadonlyArray<readonly [options: object, option: string]> = [
    ...cases.filter(([, option]) => option !== "isolates"),
    [{ isolates: -1 }, "isolates"],
    [{ isolates: 1.5 }, "isolates"],
    [{ isolates: 129 }, "isolates"],
    [{ rustShards: 65 }, "rustShards"],
    [{ addon: "" }, "addon"],
    [{ isolateSilence: 0 }, "isolateSilence"]
  ]
  it.effect.each(nativeCases)(
    "%j is InvalidOption of the native system",
    ([options, option]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(Effect.scoped(Layer.build(ActorSystem.layer(options))))
        assert(error._tag === "InvalidOption")
        assert.strictEqual(error.option, option)
      })
  )

  it.effect("an addon that is not there is NativeUnavailable: the platform, what was tried, and what needs none", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(ActorSystem.layer({ addon: "/nowhere/none.node" }))))
      assert(error._tag === "NativeUnavailable")
      assert.match(error.triple, new RegExp(`^${process.platform}-${process.arch}`))
      assert.lengthOf(error.tried, 1)
      assert.match(error.tried[0]!, /^\/nowhere\/none.node: ./)
      assert.include(error.message, error.triple)
      assert.include(error.message, "layerMemory")
    }))

  it.effect("a seed of more than 64 bits is InvalidOption", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(ActorSystem.layerTest({ seed: 1n << 64n }))))
      assert(error._tag === "InvalidOption" && error.option === "seed")
    }))

  it.effect("layerConfig reads them from the configuration", () =>
    Effect.gen(function*() {
      const layer = ActorSystem.layerConfig({ maxActors: Config.Int("MAX_ACTORS") })
      const provider = ConfigProvider.fromUnknown({ MAX_ACTORS: 0 })
      const error = yield* Effect.flip(
        Effect.scoped(Layer.build(Layer.provide(layer, ConfigProvider.layer(provider))))
      )
      assert(error._tag === "InvalidOption" && error.option === "maxActors")
      const none = ConfigProvider.fromUnknown({ MAX_ACTORS: "many" })
      const unread = yield* Effect.flip(Effect.scoped(Layer.build(Layer.provide(layer, ConfigProvider.layer(none)))))
      assert.strictEqual(unread._tag, "ConfigError")
    }))

  it.effect.runIf(nativeLoads)(
    "layerConfig runs actors on the native system, within what the configuration says",
    () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ActorSystem).backend, "native")
        yield* CounterLive.spawn(0)
        const error = yield* Effect.flip(CounterLive.spawn(0))
        assert.deepInclude(error.reason, { _tag: "LimitReached", limit: 1 })
      }).pipe(
        Effect.scoped,
        Effect.provide(ActorSystem.layerConfig({ maxActors: Config.Int("MAX_ACTORS") })),
        Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ MAX_ACTORS: 1 })))
      )
  )
})

it.effect.each(layers)(
  "G17: onDeadLetter sees every letter in its place, and may not harm the sender, on the %s",
  ([, layer]) =>
    Effect.gen(function*() {
      const letters: Array<DeadLetter> = []
      yield* Effect.gen(function*() {
        const counter = yield* CounterLive.spawn(0, { mailbox: { capacity: 1 } })
        const outcomes = Array.from({ length: 3 }, () => counter.tellUnsafe(Reset()))
        assert.deepStrictEqual(outcomes, ["Accepted", "MailboxFull", "MailboxFull"])
        assert.deepStrictEqual(letters.map((letter) => letter.why), ["MailboxFull", "MailboxFull"])
      }).pipe(
        Effect.scoped,
        Effect.provide(layer({
          onDeadLetter: (letter) => {
            letters.push(letter)
            throw new Error("the hook's own")
          }
        })),
        Effect.provide(Logger.layer([]))
      )
    })
)

describe.each(testSystems)("layerTest on the %s", (name) => {
  const backend = name === "twin" ? "memory" as const : "native" as const
  const Racer = Actor.make("Racer", [Rpc.make("Run", { payload: Schema.Int })])
  const order = (seed: bigint) =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      const done = yield* Deferred.make<void>()
      const RacerLive = Racer.behavior({
        init: () => 0,
        handlers: {
          Run: (_, n) => {
            seen.push(n)
            if (seen.length === 40) Deferred.doneUnsafe(done, Exit.void)
          }
        }
      })
      const racers = yield* Effect.forEach(Array.from({ length: 10 }), () => RacerLive.spawn())
      for (let i = 0; i < 40; i++) racers[i % 10]!.tellUnsafe(Racer.messages.Run(i))
      yield* Deferred.await(done)
      return seen
    }).pipe(Effect.scoped, Effect.provide(Layer.fresh(ActorSystem.layerTest({ seed, backend }))))

  it.effect("the same seed gives the same order, another seed another", () =>
    Effect.gen(function*() {
      const first = yield* order(7n)
      assert.deepStrictEqual(yield* order(7n), first)
      assert.notDeepEqual(yield* order(8n), first)
      for (let racer = 0; racer < 10; racer++) {
        assert.deepStrictEqual(first.filter((n) => n % 10 === racer), [0, 1, 2, 3].map((k) => k * 10 + racer))
      }
    }))

  it.effect("G57: a payload that only works by reference fails early", () =>
    Effect.gen(function*() {
      const Holder = Actor.make("Holder", [Rpc.make("Hold", { payload: Schema.Date, success: Schema.Boolean })])
      const sent = new Date(5)
      const HolderLive = Holder.behavior({
        init: () => 0,
        handlers: { Hold: (_, date) => date !== sent && date.getTime() === 5 }
      })
      const holder = yield* HolderLive.spawn()
      assert.isTrue(yield* holder.ask(Holder.messages.Hold(sent)))
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest({ seed: 1n, backend }))))

  it.effect("a reply that does not fit its schema is a crash of the actor", () =>
    Effect.gen(function*() {
      const Liar = Actor.make("Liar", [Rpc.make("Tell", { success: Schema.Int })])
      const LiarLive = Liar.behavior({ init: () => 0, handlers: { Tell: () => "one" as unknown as number } })
      const { down, ref } = yield* LiarLive.spawnMonitored()
      const error = yield* Effect.flip(ref.ask(Liar.messages.Tell()))
      assert.strictEqual(error.reason._tag, "ActorExited")
      assert.strictEqual((yield* down)._tag, "Crashed")
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest({ seed: 1n, backend }))))
})

describe.each(layers)("the end of a system: the %s", (_, layer) => {
  it.live("G257: whoever has closed the system has heard of every dead letter", () => {
    const letters: Array<string> = []
    const onDeadLetter = ({ message, why }: DeadLetter): void => void letters.push(`${message._tag} ${why}`)
    const program = Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0)
      yield* Actor.suspend(counter)
      yield* counter.tell(Reset())
      // It goes on where its time is over: inside of the pump of its system.
      yield* Effect.flip(counter.ask(Get(), { timeout: 5 }))
      yield* Actor.kill(counter)
      assert.isFalse(yield* Actor.isAlive(counter))
    })
    return Effect.gen(function*() {
      yield* program.pipe(Effect.scoped, Effect.provide(layer({ onDeadLetter })))
      assert.deepStrictEqual(letters, ["Reset Stopped", "Get Stopped"])
    })
  })
})
