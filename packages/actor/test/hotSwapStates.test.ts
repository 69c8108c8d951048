// What a swap makes of a state: copies, schemas, migrations that take their time or never end.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, HotSwap, Monitor } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, HashMap, Metric, Option, References, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import { atRest, systems, testSystems, turn } from "./fixtures.ts"

const Box = Actor.make("Box", [
  Rpc.make("Put", { payload: Schema.Int }),
  Rpc.make("Size", { success: Schema.Int }),
  Rpc.make("Version", { success: Schema.String })
])
const { Put, Size, Version } = Box.messages

class Money {
  readonly cents = 1
}

const holding = <Held>(version: string, held: Held, state?: Schema.Codec<{ n: number; held: Held }, unknown>) =>
  Box.behavior({
    version,
    ...state === undefined ? {} : { state },
    init: (): { n: number; held: Held } => ({ n: 0, held }),
    handlers: {
      Put: (state, by) => void (state.n += by),
      Size: (state) => state.n,
      Version: () => version
    }
  })

const V1 = holding("1", 0)
const V2 = holding("2", 0)

describe.each(systems)("migrations that take time, on the %s", (_, system) => {
  const kinds = [
    ["a Promise", async () => ({ n: await Promise.resolve(5), held: 0 })],
    ["an Effect", () => Effect.as(Effect.yieldNow, { n: 5, held: 0 })]
  ] as const
  it.effect.each(kinds)(
    "G70: %s is made once for each actor, and no message comes in between",
    ([, made]) =>
      Effect.gen(function*() {
        let calls = 0
        const migrate = () => {
          calls++
          return made() as Effect.Effect<{ n: number; held: number }>
        }
        const upgrade = HotSwap.upgrade(V1, V2, { migrate })
        const box = yield* V1.spawn(undefined)
        const swap = yield* Effect.forkChild(HotSwap.swap(box, upgrade), { startImmediately: true })
        assert.strictEqual(calls, 1)
        box.tellUnsafe(Put(1))
        assert.strictEqual(yield* box.ask(Size()), 6)
        yield* Fiber.join(swap)
        assert.strictEqual(calls, 1)
        const others = yield* Effect.replicateEffect(V1.spawn(undefined), 2)
        yield* HotSwap.swapAll(HotSwap.upgrade(V1, V2, { migrate }))
        assert.strictEqual(calls, 3)
        assert.deepStrictEqual(yield* Effect.forEach(others, (other) => other.ask(Size())), [5, 5])
      }).pipe(Effect.scoped, Effect.provide(system))
  )

  it.effect("whoever gives up such a swap lets its actor go", () =>
    Effect.gen(function*() {
      const upgrade = HotSwap.upgrade(V1, V2, { migrate: () => Effect.never })
      const box = yield* V1.spawn(undefined)
      const swap = yield* Effect.forkChild(HotSwap.swap(box, upgrade), { startImmediately: true })
      yield* Fiber.interrupt(swap)
      assert.strictEqual(yield* box.ask(Version()), "1")
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe("what can be copied", () => {
  const unfit: ReadonlyArray<readonly [what: string, held: unknown, path: string]> = [
    ["an object of a class", { pocket: new Money() }, "$.held.pocket"],
    ["a closure", [() => 1], "$.held[0]"],
    ["an Option", Option.some(1), "$.held"],
    ["a HashMap", { map: HashMap.make(["a", 1]) }, "$.held.map"],
    ["a symbol as a key", { [Symbol.for("x")]: 1 }, "$.held[Symbol(x)]"],
    ["an accessor", Object.defineProperty({}, "late", { get: () => 1, enumerable: true }), "$.held.late"],
    ["what is inside a Map", new Map([["k", new Money()]]), "$.held.get(\"k\")"],
    ["what is inside a Set", new Set([Option.none()]), "$.held.has("]
  ]
  it.effect.each(unfit)("not %s, and the error says where", ([, held, path]) =>
    Effect.gen(function*() {
      const from = holding("1", held), to = holding("2", held)
      const box = yield* from.spawn(undefined)
      const { reason } = yield* Effect.flip(HotSwap.swap(box, HotSwap.upgrade(from, to)))
      assert.strictEqual(reason._tag, "StateNotCopyable")
      if (reason._tag === "StateNotCopyable") assert.isTrue(reason.path.startsWith(path), reason.path)
      assert.strictEqual(yield* box.ask(Version()), "1")
      // The same by a plan, and by none of the two ways out.
      const { failures } = yield* HotSwap.plan(HotSwap.upgrade(from, to))
      assert.strictEqual(failures[0]?.error.reason._tag, "StateNotCopyable")
      yield* HotSwap.swap(box, HotSwap.upgrade(from, to, { copy: "share" }))
      assert.strictEqual(yield* box.ask(Version()), "2")
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.effect("a schema copies what it knows to encode, and nothing that it only passes on", () =>
    Effect.gen(function*() {
      const known = Schema.Struct({
        n: Schema.mutableKey(Schema.Int),
        held: Schema.mutableKey(Schema.Option(Schema.Int))
      })
      const from = holding("1", Option.some(1), known), to = holding("2", Option.some(1), known)
      const box = yield* from.spawn(undefined)
      yield* HotSwap.swap(box, HotSwap.upgrade(from, to))
      assert.strictEqual(yield* box.ask(Version()), "2")

      const vague = Schema.Struct({ n: Schema.mutableKey(Schema.Int), held: Schema.mutableKey(Schema.Any) })
      const money: unknown = new Money()
      const vague1 = holding("1", money, vague), vague2 = holding("2", money, vague)
      const other = yield* vague1.spawn(undefined)
      const { reason } = yield* Effect.flip(HotSwap.swap(other, HotSwap.upgrade(vague1, vague2)))
      assert.deepInclude(reason, { _tag: "StateNotCopyable", path: "$.held" })
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))

  it.effect("a copy function that throws is a failed migration; `share` gives the state itself", () =>
    Effect.gen(function*() {
      const box = yield* V1.spawn(undefined)
      const torn = HotSwap.upgrade(V1, V2, {
        copy: () => {
          throw new Error("torn")
        }
      })
      assert.strictEqual((yield* Effect.flip(HotSwap.swap(box, torn))).reason._tag, "MigrationFailed")
      yield* box.tell(Put(1))
      yield* box.ask(Size())
      const seen: Array<unknown> = []
      const look = HotSwap.upgrade(V1, V2, { copy: "share", migrate: (old) => (seen.push(old), old) })
      yield* HotSwap.plan(look)
      yield* HotSwap.swap(box, look)
      assert.strictEqual(seen[0], seen[1])
      assert.strictEqual(yield* box.ask(Size()), 1)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory())))
})

describe.each(systems)("migrations on the %s", (_, system) => {
  it.live("one that cannot be interrupted meets its timeout too, and what it comes to later is nobody's", () =>
    Effect.gen(function*() {
      const late = Deferred.makeUnsafe<number>()
      const stubborn = HotSwap.upgrade(V1, V2, {
        migrate: (old) => Effect.uninterruptible(Effect.map(Deferred.await(late), (n) => ({ ...old, n })))
      })
      const box = yield* V1.spawn(undefined)
      const { reason } = yield* Effect.flip(HotSwap.swap(box, stubborn, { timeout: "10 millis" }))
      assert.strictEqual(reason._tag, "MigrationTimeout")
      yield* Deferred.succeed(late, 7)
      yield* turn
      assert.strictEqual(yield* box.ask(Version()), "1")
      assert.strictEqual(yield* box.ask(Size()), 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.live("G70: one that computes in one go is waited for to its end; one that gives way meets its timeout", () =>
    Effect.gen(function*() {
      const deadline = { timeout: "1 millis" } as const
      const endless = HotSwap.upgrade(V1, V2, { migrate: () => Effect.forever(Effect.yieldNow) })
      const box = yield* V1.spawn(undefined)
      assert.strictEqual((yield* Effect.flip(HotSwap.swap(box, endless, deadline))).reason._tag, "MigrationTimeout")
      const long = HotSwap.upgrade(V1, V2, {
        migrate: (old) => {
          for (const began = performance.now(); performance.now() - began < 5;);
          return { ...old, n: 9 }
        }
      })
      yield* HotSwap.swap(box, long, deadline)
      assert.strictEqual(yield* box.ask(Size()), 9)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.live("of a plan and of a group meet it as well", () =>
    Effect.gen(function*() {
      const never = HotSwap.upgrade(V1, V2, { migrate: () => Effect.never })
      const box = yield* V1.spawn(undefined)
      const planned = yield* HotSwap.plan(never, { timeout: "10 millis" })
      assert.strictEqual(planned.failures[0]?.error.reason._tag, "MigrationTimeout")
      for (const together of [false, true]) {
        const report = yield* HotSwap.swapAll(never, { timeout: "10 millis", together })
        assert.strictEqual(report.failed[0]?.error.reason._tag, "MigrationTimeout")
      }
      assert.deepInclude(yield* atRest(box), { status: "idle", version: "1" })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("one that takes its time loses nothing that is handled before it begins", () =>
    Effect.gen(function*() {
      const slow = HotSwap.upgrade(V1, V2, { migrate: (old) => Effect.as(Effect.yieldNow, old) })
      const box = yield* V1.spawn(undefined)
      const swap = HotSwap.swap(box, slow)
      // The fiber that swaps may be made to wait anywhere: at each of its steps something is handled.
      for (let steps = 4; steps < 40; steps++) {
        const fiber = yield* Effect.forkChild(Effect.provideService(swap, References.MaxOpsBeforeYield, steps), {
          startImmediately: true
        })
        box.tellUnsafe(Put(1))
        yield* Fiber.await(fiber)
        assert.strictEqual(yield* box.ask(Size()), steps - 3, `a fiber that yields after ${steps} operations`)
        yield* Effect.ignore(HotSwap.swap(box, HotSwap.upgrade(V2, V1)))
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what is queued meanwhile counts against the bound of the mailbox", () =>
    Effect.gen(function*() {
      const opened = Deferred.makeUnsafe<void>()
      const slow = HotSwap.upgrade(V1, V2, { migrate: (old) => Effect.as(Deferred.await(opened), old) })
      const box = yield* V1.spawn(undefined, { mailbox: { capacity: 2 } })
      const swap = yield* Effect.forkChild(HotSwap.swap(box, slow), { startImmediately: true })
      assert.deepStrictEqual([1, 2, 3].map((n) => box.tellUnsafe(Put(n))), ["Accepted", "Accepted", "MailboxFull"])
      yield* Deferred.succeed(opened, undefined)
      yield* Fiber.join(swap)
      yield* turn
      assert.strictEqual(yield* box.ask(Size()), 3)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an actor whose `init` waits is swapped after it, with the state that it came to", () =>
    Effect.gen(function*() {
      const opened = Deferred.makeUnsafe<{ n: number; held: number }>()
      const Late = Box.behavior({
        init: () => Deferred.await(opened),
        handlers: {
          Put: (state, by) => void (state.n += by),
          Size: (state) => state.n,
          Version: () => "late"
        }
      })
      const box = (yield* ActorSystem).spawnUnsafe(Late, undefined)
      const next = HotSwap.upgrade(Late, V2, { migrate: ({ held, n }) => ({ held, n: n + 1 }) })
      const swap = yield* Effect.forkChild(HotSwap.swap(box, next), { startImmediately: true })
      yield* turn
      yield* Deferred.succeed(opened, { n: 5, held: 0 })
      yield* Fiber.join(swap)
      assert.strictEqual(yield* box.ask(Version()), "2")
      assert.strictEqual(yield* box.ask(Size()), 6)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("reaches an actor before a million messages, and keeps its links", () =>
    Effect.gen(function*() {
      const Peer = Actor.make("Peer", [
        Rpc.make("Tie", { payload: ActorRef.schema(Box) }),
        Rpc.make("Ticks", { success: Schema.Int }),
        Rpc.make("Tick")
      ])
      const ticking = (version: string, step: number) =>
        Peer.behavior({
          version,
          init: () => ({ ticks: 0 }),
          handlers: {
            Tie: (_, other, self) => self.link(other),
            Tick: (state) => void (state.ticks += step),
            Ticks: (state) => state.ticks
          }
        })
      const ones = ticking("1", 1), tens = ticking("2", 10)
      const box = yield* V1.spawn(undefined)
      const peer = yield* ones.spawn(undefined, { mailbox: { capacity: 2_000_000 } })
      yield* peer.ask(Peer.messages.Tie(box))
      for (let n = 0; n < 1_000_000; n++) peer.tellUnsafe(Peer.messages.Tick())
      yield* HotSwap.swap(peer, HotSwap.upgrade(ones, tens))
      assert.deepStrictEqual((yield* Actor.info(peer)).links, [box.pid])
      assert.strictEqual(yield* peer.ask(Peer.messages.Ticks(), { timeout: "1 minute" }), 10_000_000)
      const down = yield* Monitor.make(box)
      yield* Actor.kill(peer)
      assert.strictEqual((yield* down)._tag, "Killed")
    }).pipe(Effect.scoped, Effect.provide(system)), 30_000)

  it.effect("versions are in the metrics: how many actors run which", () =>
    Effect.gen(function*() {
      const boxes = yield* Effect.forEach([1, 2, 3], () => V1.spawn(undefined))
      yield* HotSwap.swap(boxes[0]!, HotSwap.upgrade(V1, V2))
      const found = (yield* Metric.snapshot).flatMap((metric) =>
        metric.id === "myrmidon_version_actors" && "value" in metric.state
          ? [[metric.attributes?.["version"], metric.state.value]]
          : []
      )
      assert.sameDeepMembers(found, [["1", 2], ["2", 1]])
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(testSystems)("timers over a swap on the %s", (_, system) => {
  it.effect("one that was set before fires after, for the new version", () =>
    Effect.gen(function*() {
      const heard = Deferred.makeUnsafe<string>()
      const Clock = Actor.make("Clock", [Rpc.make("Start"), Rpc.make("Fire")])
      const version = (name: string) =>
        Clock.behavior({
          version: name,
          init: () => ({}),
          handlers: {
            Start: (_, __, self) => void self.after("1 second", Clock.messages.Fire()),
            Fire: () => void Deferred.doneUnsafe(heard, Exit.succeed(name))
          }
        })
      const old = version("1")
      const clock = yield* old.spawn(undefined)
      yield* clock.ask(Clock.messages.Start())
      yield* HotSwap.swap(clock, HotSwap.upgrade(old, version("2")))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Deferred.await(heard), "2")
    }).pipe(Effect.scoped, Effect.provide(system)))
})
