// Who uses what: memory and top of actors, and the accounts of behaviours over ends and swaps.
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorSystem,
  type BehaviorInfo,
  HotSwap,
  Inspector,
  InvalidOption,
  Monitor,
  type TimerRef
} from "@myrmidonjs/actor"
import { Cause, Context, Effect, Exit, Fiber, Layer, Metric, Schema, Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { backends, Under } from "./conformance/under.ts"
import { systems } from "./fixtures.ts"

const Work = Actor.make("Work", [
  Rpc.make("Do"),
  Rpc.make("Take", { payload: Schema.Number }),
  Rpc.make("Arm"),
  Rpc.make("Disarm"),
  Rpc.make("Boom"),
  Rpc.make("Sync", { success: Schema.Void })
])
const { Arm, Boom, Disarm, Do, Sync, Take } = Work.messages

/** `take` is called with the ms that a handler is to take. */
const version = (name: string, take: (ms: number) => void = () => {}) =>
  Work.behavior({
    version: name,
    init: () => ({ timers: [] as Array<TimerRef> }),
    handlers: {
      Do: () => {},
      Take: (_, ms) => take(ms),
      Arm: (state, _, self) => void state.timers.push(self.after("1 hour", Do())),
      Disarm: (state, _, self) => {
        for (const timer of state.timers.splice(0)) self.cancel(timer)
      },
      Boom: () => {
        throw new Error("boom")
      },
      Sync: () => {}
    }
  })
const V1 = version("1")
const V2 = version("2")
const upgrade = HotSwap.upgrade(V1, V2)

const behaviorOf = (rows: ReadonlyArray<BehaviorInfo>, version: string) =>
  rows.find((row) => row.protocol === "Work" && row.version === version)

const memoryOf = (ref: Actor.Ref<typeof Work>) => Effect.map(Actor.info(ref), ({ memory }) => memory)

/** The option of the `InvalidOption` that an effect died of. */
const refusedOption = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.exit(effect), (exit) => {
    assert.isTrue(Exit.isFailure(exit))
    const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
    assert.instanceOf(defect, InvalidOption)
    return (defect as InvalidOption).option
  })

describe.each(systems)("accounts on the %s", (_, system) => {
  it.effect("G106: memory grows with what waits, and is back at its base when it was handled", () =>
    Effect.gen(function*() {
      const actor = yield* V1.spawn(undefined)
      // What is made on first need stays: the base of an actor that has been asked.
      yield* actor.ask(Sync())
      const base = yield* memoryOf(actor)
      assert.isAbove(base, 0)
      yield* Actor.suspend(actor)
      for (let i = 0; i < 10; i++) actor.tellUnsafe(Do())
      const ten = yield* memoryOf(actor)
      for (let i = 0; i < 10; i++) actor.tellUnsafe(Do())
      const twenty = yield* memoryOf(actor)
      assert.isAbove(ten, base)
      assert.strictEqual(twenty - ten, ten - base)
      yield* Actor.resume(actor)
      yield* actor.ask(Sync())
      assert.strictEqual(yield* memoryOf(actor), base)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G106: links, watches, timers and a name are in it, and out of it when they are gone", () =>
    Effect.gen(function*() {
      const plain = yield* V1.spawn(undefined)
      const base = yield* memoryOf(plain)
      const named = yield* V1.spawn(undefined, { name: "named" })
      assert.isAbove(yield* memoryOf(named), base)
      // What was made on first need stays: the base of an actor that has had a timer.
      const settled = (message: ReturnType<typeof Arm> | ReturnType<typeof Disarm>) =>
        Effect.andThen(Effect.andThen(plain.tell(message), plain.ask(Sync())), memoryOf(plain))
      yield* settled(Arm())
      const none = yield* settled(Disarm())
      const one = yield* settled(Arm())
      const two = yield* settled(Arm())
      assert.isAbove(one, none)
      assert.isAbove(two, one)
      assert.strictEqual(yield* settled(Disarm()), none)
      const scope = yield* Scope.make()
      yield* Scope.provide(Monitor.make(plain), scope)
      assert.isAbove(yield* memoryOf(plain), none)
      const watched = yield* memoryOf(plain)
      yield* Scope.provide(Monitor.make(plain), scope)
      assert.isAbove(yield* memoryOf(plain), watched)
      yield* Scope.close(scope, Exit.void)
      assert.isBelow(yield* memoryOf(plain), watched + 1)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G107: top is what sorting all would give, highest first, ties by PID", () =>
    Effect.gen(function*() {
      const { spawnUnsafe, top } = yield* ActorSystem
      const actors = Array.from({ length: 60 }, () => spawnUnsafe(V1, undefined))
      // 0, 7, 3, 10, ...: many ties, in no order.
      for (const [at, actor] of actors.entries()) {
        for (let i = 0; i < at * 7 % 11; i++) actor.tellUnsafe(Do())
      }
      for (const actor of actors) yield* actor.ask(Sync())
      for (const actor of actors) yield* Actor.suspend(actor)
      for (const [at, actor] of actors.entries()) {
        for (let i = 0; i < at * 5 % 7; i++) actor.tellUnsafe(Do())
      }
      const infos = yield* Effect.forEach(actors, Actor.info)
      for (const [by, field] of [["reductions", "reductions"], ["mailbox", "mailbox"], ["memory", "memory"]] as const) {
        const sorted = [...infos].sort((a, b) => b[field] - a[field] || a.pid - b.pid)
        for (const n of [1, 9, 60]) assert.deepStrictEqual(yield* top(n, by), sorted.slice(0, n), `${n} by ${by}`)
        assert.deepStrictEqual(yield* top(10_000, by), sorted, `all by ${by}`)
      }
      for (const actor of actors) yield* Actor.resume(actor)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G107: who has ended is in no list, and a closed system has an empty one", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(system, scope)
      const open = Context.get(context, ActorSystem)
      const gone = open.spawnUnsafe(V1, undefined)
      const left = open.spawnUnsafe(V1, undefined, { name: "left" })
      yield* gone.ask(Sync())
      yield* Actor.kill(gone)
      assert.deepStrictEqual((yield* open.top(5, "reductions")).map(({ pid }) => pid), [left.pid])
      assert.strictEqual((yield* open.top(5, "memory"))[0]!.name, "left")
      yield* Scope.close(scope, Exit.void)
      for (const by of ["reductions", "time", "mailbox", "memory"] as const) {
        assert.deepStrictEqual(yield* open.top(5, by), [])
      }
      assert.deepInclude(behaviorOf(yield* open.behaviors, "1"), { actors: 0, reductions: 1, mailbox: 0, memory: 0 })
    }).pipe(Effect.scoped))

  it.effect("G107: a number or a measure out of range is a defect that names it", () =>
    Effect.gen(function*() {
      const { top } = yield* ActorSystem
      for (const n of [0, -1, 1.5, NaN, Infinity, 10_001, "3" as never]) {
        assert.strictEqual(yield* refusedOption(top(n, "time")), "n")
      }
      for (const by of ["size", "", undefined, null]) {
        assert.strictEqual(yield* refusedOption(top(1, by as never)), "by")
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G105: a budget out of range is InvalidOption, and nothing was started", () =>
    Effect.gen(function*() {
      const { info, spawnUnsafe } = yield* ActorSystem
      for (const budget of [0, -1, 65, 1.5, NaN, Infinity, null, "8"]) {
        const error = yield* Effect.flip(V1.spawn(undefined, { budget: budget as never }))
        assert(error.reason._tag === "InvalidOption")
        assert.strictEqual(error.reason.option, "budget")
        assert.throws(() => spawnUnsafe(V1, undefined, { budget: budget as never }))
      }
      assert.strictEqual((yield* info).actors, 0)
      for (const budget of [1, 64, undefined]) yield* (yield* V1.spawn(undefined, { budget })).ask(Sync())
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G108: a behaviour's account has its living and its dead, however they ended", () =>
    Effect.gen(function*() {
      const { behaviors } = yield* ActorSystem
      const use = Effect.fnUntraced(function*<E>(end: (ref: Actor.Ref<typeof Work>) => Effect.Effect<unknown, E>) {
        const actor = yield* V1.spawn(undefined)
        const down = yield* Monitor.make(actor)
        actor.tellUnsafe(Do())
        yield* actor.ask(Sync())
        yield* end(actor)
        yield* down
      })
      yield* use(Actor.stop)
      yield* use(Actor.kill)
      // The message that it crashes on was handled, too.
      yield* use((actor) => actor.tell(Boom()))
      const living = yield* V1.spawn(undefined)
      yield* living.ask(Sync())
      yield* Actor.suspend(living)
      living.tellUnsafe(Do())
      const row = behaviorOf(yield* behaviors, "1")
      assert.deepInclude(row, { protocol: "Work", version: "1", actors: 1, reductions: 8, mailbox: 1 })
      assert.strictEqual(row?.memory, yield* memoryOf(living))
      yield* Actor.resume(living)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G108: a version keeps what it used when its actors get another one, and get it back", () =>
    Effect.gen(function*() {
      const { behaviors } = yield* ActorSystem
      const actor = yield* V1.spawn(undefined)
      const reductions = Effect.map(behaviors, (rows) => ["1", "2"].map((name) => behaviorOf(rows, name)?.reductions))
      yield* Effect.replicateEffect(actor.ask(Sync()), 3)
      yield* HotSwap.swap(actor, upgrade)
      assert.deepStrictEqual(yield* reductions, [3, 0])
      yield* Effect.replicateEffect(actor.ask(Sync()), 4)
      assert.deepStrictEqual(yield* reductions, [3, 4])
      yield* HotSwap.rollback(actor)
      yield* Effect.replicateEffect(actor.ask(Sync()), 5)
      assert.deepStrictEqual(yield* reductions, [8, 4])
      yield* Actor.stop(actor)
      assert.deepStrictEqual(yield* reductions, [8, 4])
      assert.deepStrictEqual((yield* behaviors).map(({ actors }) => actors), [0, 0])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G108: a traced actor is of the same behaviour", () =>
    Effect.gen(function*() {
      const { behaviors } = yield* ActorSystem
      const inspector = yield* Inspector
      const actor = yield* V1.spawn(undefined)
      yield* actor.ask(Sync())
      const reader = yield* Effect.forkChild(Stream.runCollect(inspector.trace(actor, { limit: 2 })), {
        startImmediately: true
      })
      yield* actor.ask(Sync())
      yield* actor.ask(Sync())
      yield* Fiber.join(reader)
      const rows = yield* behaviors
      assert.deepStrictEqual(rows.map(({ actors, reductions }) => [actors, reductions]), [[1, 3]])
    }).pipe(Effect.scoped, Effect.provide(Layer.provideMerge(Inspector.layer, system))))

  it.effect("G108: totals never shrink, whoever ends meanwhile", () =>
    Effect.gen(function*() {
      const { behaviors } = yield* ActorSystem
      const actors = yield* Effect.replicateEffect(V1.spawn(undefined), 30)
      for (const actor of actors) yield* actor.ask(Sync())
      let last = 0
      for (const [at, actor] of actors.entries()) {
        if (at % 2 === 0) yield* Actor.kill(actor)
        else yield* HotSwap.swap(actor, upgrade)
        const { reductions } = behaviorOf(yield* behaviors, "1")!
        assert.isAtLeast(reductions, last)
        last = reductions
      }
      yield* Effect.forEach(actors, (actor) => Actor.stop(actor))
      assert.strictEqual(behaviorOf(yield* behaviors, "1")?.reductions, 30)
      assert.strictEqual(behaviorOf(yield* behaviors, "2")?.reductions, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G108: the accounts are metrics, two of them counters", () =>
    Effect.gen(function*() {
      const actor = yield* V2.spawn(undefined)
      yield* actor.ask(Sync())
      const found = (yield* Metric.snapshot).flatMap((metric) =>
        metric.id.startsWith("myrmidon_behavior_") && metric.attributes?.["version"] === "2"
          ? [[
            metric.id.slice(18),
            "count" in metric.state ? metric.state.count : "value" in metric.state && metric.state.value
          ]]
          : []
      )
      const { actors, mailbox, memory, millis, reductions } = behaviorOf(yield* (yield* ActorSystem).behaviors, "2")!
      assert.deepStrictEqual(Object.fromEntries(found), { actors, mailbox, memory, millis, reductions })
      assert.strictEqual(reductions, 1)
      assert.strictEqual(memory, yield* memoryOf(actor))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G108: there are at most 1,024 accounts; what is beyond shares one", () =>
    Effect.gen(function*() {
      const { behaviors } = yield* ActorSystem
      for (let i = 0; i < 1100; i++) yield* (yield* version(`v${i}`).spawn(undefined)).ask(Sync())
      const rows = yield* behaviors
      assert.strictEqual(rows.length, 1024)
      assert.deepInclude(rows[1023], { protocol: "(others)", actors: 77, reductions: 77 })
      const metrics = (yield* Metric.snapshot).filter(({ id }) => id === "myrmidon_behavior_actors")
      assert.strictEqual(metrics.length, 64)
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(backends)("time on the %s system", (_, backend) => {
  it.effect("G106, G107, G108: each message is charged, to its actor and to its behaviour", () =>
    Effect.gen(function*() {
      const under = new Under(backend)
      yield* Effect.gen(function*() {
        const { behaviors, spawnUnsafe, top } = yield* ActorSystem
        const taking = version("timed", (ms) => under.clock.pass(ms))
        const [short, long, ended] = [0, 1, 2].map(() => spawnUnsafe(taking, undefined))
        const other = spawnUnsafe(version("other", (ms) => under.clock.pass(ms)), undefined)
        short!.tellUnsafe(Take(2))
        yield* under.settle
        for (const ms of [5, 10]) {
          long!.tellUnsafe(Take(ms))
          yield* under.settle
        }
        ended!.tellUnsafe(Take(40))
        yield* under.settle
        other.tellUnsafe(Take(3))
        yield* under.settle
        const pids = Effect.map(top(3, "time"), (infos) => infos.map(({ millis, pid }) => [pid, Math.round(millis)]))
        assert.deepStrictEqual(yield* pids, [[ended!.pid, 40], [long!.pid, 15], [other.pid, 3]])
        yield* Actor.kill(ended!)
        yield* under.settle
        assert.deepStrictEqual(yield* pids, [[long!.pid, 15], [other.pid, 3], [short!.pid, 2]])
        const rows = yield* behaviors
        assert.strictEqual(Math.round(behaviorOf(rows, "timed")!.millis), 57)
        assert.strictEqual(Math.round(behaviorOf(rows, "other")!.millis), 3)
      }).pipe(Effect.provide(under.layer))
    }))
})
