// What a caller without types may hand in: refused with a typed answer, the same on both systems, and nobody is harmed.
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  ActorSystem,
  type ExitReason,
  HotSwap,
  InvalidOption,
  type Self,
  type SpawnOptions
} from "@myrmidonjs/actor"
import { Cause, Effect, Exit, Fiber, Option, Schema, type Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { Counter, CounterLive, Get, systems, Watch } from "./fixtures.ts"

const Timers = Actor.make("Timers", [
  Rpc.make("Run", { payload: { use: Schema.Any }, success: Schema.Any }),
  Rpc.make("Rang")
])
const { Rang, Run } = Timers.messages

/** Timers, for a caller without types. */
type Timing = { readonly [Name in "after" | "every" | "at"]: (time: unknown, message: unknown) => unknown }

describe.each(systems)("bad input on the %s", (_name, system) => {
  it.effect("G35: a name that is not well-formed is InvalidOption, and nobody has it", () =>
    Effect.gen(function*() {
      yield* CounterLive.spawn(0, { name: "a\ufffdb" })
      for (const name of ["a\ud800b", "a\udc00b", "\ud800"]) {
        const error = yield* Effect.flip(CounterLive.spawn(0, { name }))
        assert(error.reason._tag === "InvalidOption")
        assert.strictEqual(error.reason.option, "name")
        assert.strictEqual((yield* Effect.flip(Actor.whereis(Counter, name)))._tag, "NameNotFound")
        const named = yield* ActorRef.named(Counter, name)
        assert.strictEqual((yield* Effect.flip(named.ask(Get()))).reason._tag, "ActorExited")
      }
      assert.isTrue(yield* Actor.isAlive(yield* CounterLive.spawn(0, { name: "a\ud83d\ude00b" })))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G217: an option that nobody reads is refused by its name, and so are options that are none", () =>
    Effect.gen(function*() {
      const refused = (effect: Effect.Effect<unknown, unknown, ActorSystem | Scope.Scope>) =>
        Effect.map(Effect.exit(effect), (exit) => {
          assert(Exit.isFailure(exit))
          const error = Cause.squash(exit.cause) as { readonly reason?: unknown }
          const reason = error.reason ?? error
          return reason instanceof InvalidOption ? reason.option : (reason as { readonly issue?: string }).issue
        })
      const system = yield* ActorSystem
      const counter = yield* CounterLive.spawn(0)
      const parent = yield* Timers.behavior({
        init: () => 0,
        handlers: { Run: (_, { use }, self) => use(self) as Effect.Effect<unknown>, Rang: () => {} }
      }).spawn(undefined)
      const child = (options: never) =>
        parent.ask(Run({ use: (self: Self.Any) => Effect.flip(self.spawn(CounterLive, 0, options)) })).pipe(
          Effect.flatMap((error) => Effect.fail(error))
        )
      const spawns: ReadonlyArray<(options: never) => Effect.Effect<unknown, unknown, ActorSystem | Scope.Scope>> = [
        (options) => CounterLive.spawn(0, options),
        (options) => CounterLive.spawnDetached(0, options),
        (options) => CounterLive.spawnMonitored(0, options),
        (options) => CounterLive.spawnLinked(0, () => Effect.void, options),
        (options) => Effect.try({ try: () => system.spawnUnsafe(CounterLive, 0, options), catch: (error) => error }),
        child
      ]
      for (const spawn of spawns) {
        assert.strictEqual(yield* refused(spawn({ nmae: "x" } as never)), "nmae")
        assert.strictEqual(yield* refused(spawn({ mailbox: { capacty: 1 } } as never)), "mailbox.capacty")
        for (const mailbox of [null, 5, "large"]) {
          assert.strictEqual(yield* refused(spawn({ mailbox } as never)), "mailbox")
        }
        for (const none of [null, 5, "x"]) assert.strictEqual(yield* refused(spawn(none as never)), "options")
      }
      for (const [option, value] of [["link", 1], ["monitor", "yes"], ["onEnd", {}]] as const) {
        assert.strictEqual(yield* refused(child({ [option]: value } as never)), option)
        assert.strictEqual(yield* refused(CounterLive.spawn(0, { [option]: value } as never)), option)
      }
      const asks = [
        (options: never) => counter.ask(Get(), options),
        (options: never) => counterNamed.ask(Get(), options)
      ]
      yield* CounterLive.spawn(0, { name: "named" })
      const counterNamed = yield* ActorRef.named(Counter, "named")
      for (const ask of asks) {
        assert.include(yield* refused(ask({ timeuot: 5 } as never)), "timeuot")
        assert.include(yield* refused(ask(null as never)), "options")
        assert.include(yield* refused(ask(5 as never)), "options")
      }
      const stream = (options: unknown) => Stream.runDrain(counter.stream(Watch(), options as never))
      assert.include(yield* refused(stream({ buffer: 5 })), "buffer")
      assert.include(yield* refused(stream(null)), "options")
      assert.strictEqual(yield* refused(Actor.stop(counter, { after: 5 } as never)), "after")
      assert.strictEqual(yield* refused(Actor.stop(counter, null as never)), "options")
      const same = HotSwap.upgrade(CounterLive, CounterLive)
      const swaps: ReadonlyArray<(options: never) => Effect.Effect<unknown, unknown, ActorSystem | Scope.Scope>> = [
        (options) => HotSwap.swap(counter, same, options),
        (options) => HotSwap.swapAll(same, options),
        (options) => HotSwap.plan(same, options),
        (options) => HotSwap.rollback(counter, options)
      ]
      for (const swap of swaps) {
        assert.strictEqual(yield* refused(swap({ soon: 1 } as never)), "soon")
        assert.strictEqual(yield* refused(swap(null as never)), "options")
      }
      assert.strictEqual(yield* refused(HotSwap.swap(counter, same, { canary: { n: 1 } } as never)), "canary.n")
      assert.strictEqual(
        yield* refused(Effect.sync(() => HotSwap.upgrade(CounterLive, CounterLive, { migrat: 1 } as never))),
        "migrat"
      )
      assert.strictEqual(yield* counter.ask(Get()), 0)
      assert.strictEqual((yield* system.info).actors, 3)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("times that are none are InvalidOption by name", () =>
    Effect.gen(function*() {
      const actor = yield* Timers.behavior({
        init: () => 0,
        handlers: {
          Run: (_, { use }, self) => {
            try {
              use(self)
              return undefined
            } catch (error) {
              // Errors are Effects: as an answer it would be run.
              return [error]
            }
          },
          Rang: () => {}
        }
      }).spawn(undefined)
      const uses: ReadonlyArray<readonly [string, (self: Timing) => unknown]> = [
        ["delay", (self) => self.after(NaN, Rang())],
        ["delay", (self) => self.after([NaN, 0], Rang())],
        ["delay", (self) => self.after({ seconds: NaN }, Rang())],
        ["delay", (self) => self.after(-1, Rang())],
        ["delay", (self) => self.after("soon", Rang())],
        ["interval", (self) => self.every(NaN, Rang())],
        ["interval", (self) => self.every(0, Rang())],
        ["time", (self) => self.at(new Date(NaN), Rang())],
        ["time", (self) => self.at(NaN, Rang())],
        ["time", (self) => self.at("tomorrow", Rang())]
      ]
      for (const [option, use] of uses) {
        const [error] = yield* actor.ask(Run({ use }))
        assert(error instanceof InvalidOption, String(use))
        assert.strictEqual(error.option, option)
      }
      for (const timeout of [NaN, -1, 0]) {
        const error = yield* Effect.flip(Actor.stop(actor, { timeout }))
        assert.strictEqual(error.option, "timeout")
        assert.strictEqual((yield* Effect.flip(actor.ask(Rang(), { timeout }))).reason._tag, "BadMessage")
      }
      assert.isTrue(yield* Actor.isAlive(actor))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G52: an exit reason that is none is InvalidOption, by name: it ends whose handler said it, and nobody else", () =>
    Effect.gen(function*() {
      const RunLive = Timers.behavior({
        init: () => 0,
        handlers: { Run: (_, { use }, self) => use(self) as Effect.Effect<unknown>, Rang: () => {} }
      })
      const victim = yield* RunLive.spawn(undefined)
      for (
        const garbage of [
          null,
          5,
          "Killed",
          {},
          { _tag: "Nope" },
          { _tag: "toString" },
          { _tag: "Crashed" },
          { _tag: "NoProc" },
          { _tag: "Shutdown", detail: 5 },
          { _tag: "IsolateDown", isolate: 0.5 }
        ]
      ) {
        const reason = garbage as ExitReason
        const uses = [
          (self: Self.Any) => self.stop(reason),
          () => Actor.exit(victim, reason)
        ]
        for (const use of uses) {
          const { down, ref } = yield* RunLive.spawnMonitored(undefined)
          assert.strictEqual((yield* Effect.flip(ref.ask(Run({ use })))).reason._tag, "ActorExited")
          const end = yield* down
          assert(end._tag === "Crashed", JSON.stringify(garbage))
          assert.include(end.error.message, "option reason: must be an ExitReason, is ")
        }
        const exit = yield* Effect.exit(Actor.exit(victim, reason))
        assert(Exit.isFailure(exit))
        assert.instanceOf(Cause.squash(exit.cause), InvalidOption)
      }
      assert.isTrue(yield* Actor.isAlive(victim))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a bufferSize that is none is BadMessage, and asks nothing", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(3)
      for (const bufferSize of [-1, NaN, 1.5, "8" as unknown as number]) {
        const error = yield* Effect.flip(Stream.runDrain(counter.stream(Watch(), { bufferSize })))
        assert(error._tag === "AskError" && error.reason._tag === "BadMessage")
        assert.include(error.reason.issue, "bufferSize")
      }
      for (const bufferSize of [0, 1, Infinity]) {
        const seen = yield* Stream.runCollect(Stream.take(counter.stream(Watch(), { bufferSize }), 3))
        assert.deepStrictEqual(seen, [3, 3, 3])
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what is no message is BadMessage, by every way of sending", () =>
    Effect.gen(function*() {
      const counter = yield* CounterLive.spawn(0, { name: "counter" })
      const named = yield* ActorRef.named(Counter, "counter")
      const gone = yield* ActorRef.named(Counter, "nobody")
      for (const garbage of [null, undefined, 7, "Get", {}, { _tag: 7 }, Object.create(null), () => {}]) {
        const message = garbage as unknown as ReturnType<typeof Get>
        for (const to of [counter, named]) {
          assert.strictEqual(to.tellUnsafe(message), "BadMessage")
          assert.strictEqual((yield* Effect.flip(to.tell(message))).reason._tag, "BadMessage")
          assert.strictEqual((yield* Effect.flip(to.ask(message))).reason._tag, "BadMessage")
        }
        assert.strictEqual((yield* Effect.flip(gone.ask(message))).reason._tag, "ActorExited")
      }
      assert.strictEqual(yield* counter.ask(Get()), 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("options of a spawn, and a mailbox, that are no objects are InvalidOption by name", () =>
    Effect.gen(function*() {
      for (const garbage of [null, 7, "name", true]) {
        for (const [option, options] of [["options", garbage], ["mailbox", { mailbox: garbage }]] as const) {
          const error = yield* Effect.flip(CounterLive.spawn(0, options as unknown as SpawnOptions))
          assert(error.reason._tag === "InvalidOption")
          assert.strictEqual(error.reason.option, option)
        }
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G52: a payload whose every touch throws harms nobody: it is handled, or a dead letter", () =>
    Effect.gen(function*() {
      const Box = Actor.make("Box", [
        Rpc.make("Bare", { payload: Schema.Any }),
        Rpc.make("Count", { success: Schema.Int })
      ])
      const { Bare, Count } = Box.messages
      const hostile = (): object => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return proxy
      }
      const { deadLetters } = yield* ActorSystem
      const told = yield* Effect.forkChild(Stream.runHead(deadLetters.pipe(Stream.drop(1))), { startImmediately: true })
      // One handler sees who it is, the other does not: two ways to be called.
      for (
        const seen of [
          (state: { n: number }) => void state.n++,
          (state: { n: number }, _: unknown, self: unknown) => void (state.n += self ? 1 : 0)
        ]
      ) {
        const boxLive = Box.behavior({ init: () => ({ n: 0 }), handlers: { Bare: seen, Count: ({ n }) => n } })
        const box = yield* boxLive.spawn(undefined)
        assert.strictEqual(box.tellUnsafe(Bare(hostile())), "Accepted")
        yield* box.tell(Bare(hostile()))
        assert.strictEqual(yield* box.ask(Count()), 2)
        yield* Actor.kill(box)
        assert.strictEqual(box.tellUnsafe(Bare(hostile())), "Accepted")
      }
      assert.isTrue(Option.isSome(yield* Fiber.join(told)))
    }).pipe(Effect.scoped, Effect.provide(system)))
})
