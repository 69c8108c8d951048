// What a swap leaves as it is, and what a migration gets (G66, G67, G70, G71, G73).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, type AnyRef, HotSwap, Monitor } from "@myrmidonjs/actor"
import { Context, Deferred, Effect, Exit, Fiber, HashMap, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import { atRest, testSystems, turn } from "./fixtures.ts"

const Clock = Actor.make("Clock", [
  Rpc.make("Link", { payload: { to: Schema.Any } }),
  Rpc.make("Tick"),
  Rpc.make("Read", { success: Schema.Array(Schema.String) })
])
const { Link, Read, Tick } = Clock.messages
const clockOf = (version: string, closed: Array<string>) =>
  Clock.behavior({
    version,
    init: (_: void, self) => {
      self.every("1 second", Tick())
      return Effect.as(Effect.addFinalizer(() => Effect.sync(() => closed.push(version))), {
        ticks: [] as Array<string>
      })
    },
    handlers: {
      Link: (_, { to }: { to: AnyRef }, self) => self.link(to),
      Tick: ({ ticks }) => void ticks.push(version),
      Read: ({ ticks }) => [...ticks]
    }
  })

const Cell = Actor.make("Cell", [Rpc.make("Read", { success: Schema.Any })])
const cellOf = <State extends object>(version: string, state: State) =>
  Cell.behavior({ version, init: () => state, handlers: { Read: (state) => state } })

class Factor extends Context.Service<Factor, number>()("test/Factor") {}
const Scaled = Actor.make("Scaled", [Rpc.make("Factor", { success: Schema.Int })])

const Watched = Actor.make("Watched", [Rpc.make("Watch", { success: Schema.Array(Schema.String), stream: true })])

describe.each(testSystems)("what a swap leaves on the %s", (_, system) => {
  it.effect("links, timers, the Scope and old refs stay (G66)", () =>
    Effect.gen(function*() {
      const closed: Array<string> = []
      const [V1, V2] = [clockOf("1", closed), clockOf("2", closed)]
      const [clock, friend] = yield* Effect.all([V1.spawn(undefined, { name: "clock" }), V1.spawn()])
      const named = yield* ActorRef.named(Clock, "clock")
      yield* clock.tell(Link({ to: friend }))
      yield* TestClock.adjust("1 second")
      const swapped = yield* HotSwap.swap(clock, HotSwap.upgrade(V1, V2))
      assert.deepStrictEqual(closed, [])
      yield* TestClock.adjust("1 second")
      for (const ref of [clock, named, swapped]) assert.deepStrictEqual(yield* ref.ask(Read()), ["1", "2"])
      const end = yield* Monitor.make(clock)
      yield* Actor.kill(friend)
      assert.strictEqual((yield* end)._tag, "Killed")
      assert.deepStrictEqual(closed, ["1", "1"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a migration gets a copy of its own: collections, cycles and shared parts; refs are the same (G71)", () =>
    Effect.gen(function*() {
      const friend = yield* cellOf("0", {}).spawn()
      const shared = { n: 1 }
      const state = {
        list: [shared, shared],
        map: new Map([["a", shared]]),
        set: new Set([1]),
        at: new Date(5),
        is: /x/g,
        bytes: new Uint8Array([1, 2]),
        friend,
        pid: friend.pid,
        self: undefined as unknown
      }
      state.self = state
      const [V1, V2] = [cellOf("1", state), cellOf("2", state)]
      const cell = yield* V1.spawn()
      yield* HotSwap.swap(cell, HotSwap.upgrade(V1, V2))
      const copy: typeof state = yield* cell.ask(Cell.messages.Read())
      assert.notStrictEqual(copy, state)
      assert.strictEqual(copy.self, copy)
      assert.strictEqual(copy.list[0], copy.list[1])
      assert.strictEqual(copy.map.get("a"), copy.list[0])
      assert.notStrictEqual(copy.list[0], shared)
      assert.notStrictEqual(copy.bytes.buffer, state.bytes.buffer)
      assert.strictEqual(copy.friend, friend)
      assert.deepStrictEqual(
        [copy.set, copy.at, copy.is, copy.bytes, copy.pid],
        [state.set, state.at, state.is, state.bytes, state.pid]
      )
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("entries that no text can be made of are copied; what hangs on an array is refused with its place (G71)", () =>
    Effect.gen(function*() {
      const bare: { n?: number } = Object.assign(Object.create(null), { n: 1 })
      const state = { set: new Set([bare]), map: new Map([[bare, { toString: 0 }]]) }
      const [V1, V2] = [cellOf("1", state), cellOf("2", state)]
      const cell = yield* V1.spawn()
      yield* HotSwap.swap(cell, HotSwap.upgrade(V1, V2))
      const copy: typeof state = yield* cell.ask(Cell.messages.Read())
      const [item] = copy.set
      assert.deepStrictEqual([item, copy.map.get(item!)], [bare, { toString: 0 }])
      assert.notStrictEqual(item, bare)

      const mark = Symbol("mark")
      const hung = [
        ["$.found.index", "abc".match(/b/)],
        ["$.found[Symbol(mark)]", Object.assign([1], { [mark]: 1 })]
      ] as const
      for (const [path, found] of hung) {
        const V1 = cellOf("1", { found })
        const cell = yield* V1.spawn()
        const { reason } = yield* Effect.flip(HotSwap.swap(cell, HotSwap.upgrade(V1, cellOf("2", { found }))))
        assert.deepInclude(reason, { _tag: "StateNotCopyable", path })
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a class needs the old behaviour's schema or a copy function (G71)", () =>
    Effect.gen(function*() {
      const state = { at: HashMap.make(["a", 1]) }
      const plain = cellOf("1", state)
      const cell = yield* plain.spawn()
      const V2 = cellOf("2", state)
      const refused = yield* Effect.flip(HotSwap.swap(cell, HotSwap.upgrade(plain, V2)))
      assert.deepInclude(refused.reason, { _tag: "StateNotCopyable", path: "$.at" })
      yield* HotSwap.swap(cell, HotSwap.upgrade(plain, V2, { copy: ({ at }) => ({ at: HashMap.set(at, "b", 2) }) }))
      assert.strictEqual(HashMap.size((yield* cell.ask(Cell.messages.Read())).at), 2)
      const known = Cell.behavior({
        version: "1",
        state: Schema.Struct({ at: Schema.HashMap(Schema.String, Schema.Number) }),
        init: () => state,
        handlers: { Read: (state) => state }
      })
      const other = yield* known.spawn()
      yield* HotSwap.swap(other, HotSwap.upgrade(known, V2))
      assert.deepStrictEqual(yield* other.ask(Cell.messages.Read()), state)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a plan commits nothing and holds nobody, and a sample is as large as it says (G73)", () =>
    Effect.gen(function*() {
      const [V1, V2] = [cellOf("1", { n: 1 }), cellOf("2", { n: 2 })]
      const cells = yield* Effect.replicateEffect(V1.spawn(), 7)
      const touch = HotSwap.upgrade(V1, V2, {
        migrate: (old) => {
          old.n = -1
          return old
        }
      })
      for (const sample of [1, 2, 3, 5, 6, 7, 100]) {
        assert.strictEqual((yield* HotSwap.plan(touch, { sample })).checked, Math.min(sample, 7))
      }
      const slow = HotSwap.upgrade(V1, V2, { migrate: (old) => Effect.as(Effect.yieldNow, old) })
      assert.deepStrictEqual(yield* HotSwap.plan(slow), { checked: 7, failures: [], unreached: [] })
      for (const cell of cells) {
        assert.deepInclude(yield* atRest(cell), { status: "idle", version: "1" })
        assert.deepStrictEqual(yield* cell.ask(Cell.messages.Read()), { n: 1 })
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a rejection, a defect and a copy that throws are failed migrations, each with its cause (G70)", () =>
    Effect.gen(function*() {
      const [V1, V2] = [cellOf("1", { n: 1 }), cellOf("2", { n: 2 })]
      const cell = yield* V1.spawn()
      const cause = new Error("no")
      const throws = (): never => {
        throw cause
      }
      for (
        const upgrade of [
          HotSwap.upgrade(V1, V2, { migrate: () => Promise.reject(cause) as never }),
          HotSwap.upgrade(V1, V2, { migrate: () => Effect.die(cause) }),
          HotSwap.upgrade(V1, V2, { copy: throws })
        ]
      ) {
        const { reason } = yield* Effect.flip(HotSwap.swap(cell, upgrade))
        assert(reason._tag === "MigrationFailed")
        assert.strictEqual(reason.cause, cause)
        assert.deepStrictEqual(yield* cell.ask(Cell.messages.Read()), { n: 1 })
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a migration that interrupts itself has failed, alone, in a group and in a plan (G70, G73, G79)", () =>
    Effect.gen(function*() {
      const [V1, V2] = [cellOf("1", { n: 1 }), cellOf("2", { n: 2 })]
      const cell = yield* V1.spawn()
      const toV2 = HotSwap.upgrade(V1, V2, { migrate: () => Effect.interrupt })
      assert.strictEqual((yield* Effect.flip(HotSwap.swap(cell, toV2))).reason._tag, "MigrationFailed")
      for (const together of [false, true]) {
        const { failed, swapped } = yield* HotSwap.swapAll(toV2, { together })
        assert.deepStrictEqual([swapped, failed.map(({ error }) => error.reason._tag)], [0, ["MigrationFailed"]])
      }
      const { failures } = yield* HotSwap.plan(toV2)
      assert.deepStrictEqual(failures.map(({ error }) => error.reason._tag), ["MigrationFailed"])
      assert.deepStrictEqual(yield* cell.ask(Cell.messages.Read()), { n: 1 })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an error says what failed, whatever was thrown (G70)", () =>
    Effect.gen(function*() {
      const [V1, V2] = [cellOf("1", { n: 1 }), cellOf("2", { n: 2 })]
      const cell = yield* V1.spawn()
      for (
        const [thrown, text] of [[{ code: 7 }, "{\"code\":7}"], [Object.create(null), "{}"], [undefined, "undefined"]]
      ) {
        const toV2 = HotSwap.upgrade(V1, V2, {
          migrate: () => {
            throw thrown
          }
        })
        assert.strictEqual((yield* Effect.flip(HotSwap.swap(cell, toV2))).message, `the migration failed: ${text}`)
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what the new behaviour needs is taken from whoever swaps (G66)", () =>
    Effect.gen(function*() {
      const factorOf = (version: string) =>
        Scaled.behavior({
          version,
          init: () => ({}),
          handlers: { Factor: () => Effect.map(Factor, (factor) => factor) }
        })
      const [V1, V2] = [factorOf("1"), factorOf("2")]
      const scaled = yield* Effect.provideService(V1.spawn(), Factor, 1)
      assert.strictEqual(yield* scaled.ask(Scaled.messages.Factor()), 1)
      yield* Effect.provideService(HotSwap.swap(scaled, HotSwap.upgrade(V1, V2)), Factor, 2)
      assert.strictEqual(yield* scaled.ask(Scaled.messages.Factor()), 2)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a stream reply keeps the state object that it began with; self.state is the live one (G67)", () =>
    Effect.gen(function*() {
      const swapped = Deferred.makeUnsafe<void>()
      const watchedOf = (version: string) =>
        Watched.behavior({
          version,
          init: () => ({ by: version }),
          handlers: {
            Watch: (state, _, self) =>
              Stream.fromEffect(Effect.as(Deferred.await(swapped), 0)).pipe(
                Stream.map(() => [version, state.by, self.state.by])
              )
          }
        })
      const [V1, V2] = [watchedOf("1"), watchedOf("2")]
      const watched = yield* V1.spawn()
      const reader = yield* Effect.forkChild(Stream.runCollect(watched.stream(Watched.messages.Watch())), {
        startImmediately: true
      })
      yield* turn
      yield* HotSwap.swap(watched, HotSwap.upgrade(V1, V2, { migrate: () => ({ by: "2" }) }))
      Deferred.doneUnsafe(swapped, Exit.void)
      assert.deepStrictEqual(yield* Fiber.join(reader), [["1", "1", "2"]])
    }).pipe(Effect.scoped, Effect.provide(system)))
})
