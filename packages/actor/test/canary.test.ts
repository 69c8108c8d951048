// How a new version on probation passes or goes back, alone and in a group (G72, G74 to G79, G81).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, type AnyRef, HotSwap, InvalidOption, Monitor } from "@myrmidonjs/actor"
import { Cause, Deferred, Effect, Exit, Fiber, Metric, Option, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { TestClock } from "effect/testing"
import { collectEvents, testSystems, turn } from "./fixtures.ts"

const Sum = Actor.make("Sum", [
  Rpc.make("Add", { payload: Schema.Int, success: Schema.Int, error: Schema.String }),
  Rpc.make("Wait"),
  Rpc.make("Boom"),
  Rpc.make("Pass", { payload: { to: Schema.Any, n: Schema.Int } })
])
const { Add, Boom, Pass, Wait } = Sum.messages

/** It adds `factor` times what it is told; a negative number is a domain error. */
const sumOf = (version: string, factor: number) =>
  Sum.behavior({
    version,
    init: (n: number) => ({ n }),
    handlers: {
      Add: (state, n) => n < 0 ? Effect.fail("negative") : (state.n += n * factor),
      Wait: () => Effect.never,
      Boom: () => {
        throw new Error("boom")
      },
      Pass: (_, { n, to }: { to: Actor.Ref<typeof Sum>; n: number }, self) => void self.send(to, Add(n))
    }
  })
const V1 = sumOf("1", 1)
const V2 = sumOf("2", 10)
const toV2 = HotSwap.upgrade(V1, V2)

/** A swap that waits for its canary. */
const probation = (ref: Actor.Ref<typeof Sum>, upgrade = toV2, canary: HotSwap.Canary = {}) =>
  Effect.forkChild(HotSwap.swap(ref, upgrade, { canary }), { startImmediately: true })

const versionOf = (ref: AnyRef) => Effect.map(Actor.info(ref), ({ version }) => version)

describe.each(testSystems)("canaries on the %s", (_, system) => {
  it.effect("passes when its time is over, and a crash afterwards is a crash (G74)", () =>
    Effect.gen(function*() {
      const sum = yield* V1.spawn(0)
      const swap = yield* probation(sum, toV2, { within: "3 seconds" })
      yield* TestClock.adjust("2999 millis")
      yield* turn
      assert.isUndefined(swap.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(swap)
      const end = yield* Monitor.make(sum)
      yield* sum.tell(Boom())
      assert.strictEqual((yield* end)._tag, "Crashed")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("goes back without an exit signal, a DOWN or a Crashed event (G75, G81)", () =>
    Effect.gen(function*() {
      const events = yield* collectEvents
      const sum = yield* V1.spawn(1)
      const end = yield* Effect.forkScoped(Effect.flatten(Monitor.make(sum)), { startImmediately: true })
      const swap = yield* probation(sum)
      assert.strictEqual(yield* sum.ask(Add(1)), 11)
      yield* sum.tell(Boom())
      yield* sum.tell(Add(5))
      assert.strictEqual((yield* Effect.flip(Fiber.join(swap))).reason._tag, "RolledBack")
      assert.strictEqual(yield* sum.ask(Add(0)), 6)
      yield* turn
      assert.isUndefined(end.pollUnsafe())
      assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Swapped", "SwapRolledBack"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("`back` keeps what was done; one that throws gives the state of before (G75)", () =>
    Effect.gen(function*() {
      const keeps = HotSwap.upgrade(V1, V2, { back: ({ n }) => ({ n: n + 1000 }) })
      const throws = HotSwap.upgrade(V1, V2, {
        back: () => {
          throw new Error("no way back")
        }
      })
      for (const [upgrade, sum] of [[keeps, 1011], [throws, 1]] as const) {
        const ref = yield* V1.spawn(1)
        const swap = yield* probation(ref, upgrade)
        yield* ref.ask(Add(1))
        yield* ref.tell(Boom())
        yield* Effect.exit(Fiber.join(swap))
        assert.strictEqual(yield* ref.ask(Add(0)), sum)
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what `back` makes has to fit the schema that the version before has, else the state of before is back (G75)", () =>
    Effect.gen(function*() {
      const V1 = Sum.behavior({
        version: "1",
        state: Schema.Struct({ n: Schema.Int }),
        init: (n: number) => ({ n }),
        handlers: { Add: (state, n) => (state.n += n), Wait: () => Effect.never, Boom: () => {}, Pass: () => {} }
      })
      const upgrade = HotSwap.upgrade(V1, V2, { back: ({ n }) => ({ n: n / 4 }) })
      // V2 makes 11 of 1, and of 2 makes 12: that is 3 on the way back.
      for (const [n, sum] of [[1, 1], [2, 3]] as const) {
        const ref = yield* V1.spawn(n)
        yield* HotSwap.swap(ref, upgrade)
        yield* ref.ask(Add(1))
        yield* HotSwap.rollback(ref)
        assert.strictEqual(yield* ref.ask(Add(0)), sum)
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("names what the version has finished: sender, payload, and who was answered (G77)", () =>
    Effect.gen(function*() {
      const [sum, sender] = yield* Effect.all([V1.spawn(0), V1.spawn(0)])
      const swap = yield* probation(sum)
      yield* sum.ask(Add(1))
      yield* Effect.flip(sum.ask(Add(-1)))
      yield* sum.tell(Add(2))
      yield* sender.tell(Pass({ to: sum, n: 3 }))
      yield* turn
      yield* sum.tell(Boom())
      const { reason } = yield* Effect.flip(Fiber.join(swap))
      assert(reason._tag === "RolledBack")
      assert.deepStrictEqual(reason.handled, [
        { tag: "Add", payload: 1, answered: true },
        { tag: "Add", payload: -1, answered: true },
        { tag: "Add", payload: 2, answered: false },
        { tag: "Add", from: sender.pid, payload: 3, answered: false }
      ])
    }).pipe(Effect.scoped, Effect.provide(system)))

  // `testSystems` check replies.
  const unfit = [
    ["a value", () => "a text"],
    ["an Effect", () => Effect.succeed("a text")],
    ["an Effect that waits", () => Effect.as(Effect.yieldNow, "a text")],
    ["a Promise", () => Promise.resolve("a text")],
    ["an error", () => Effect.fail(1)]
  ] as const
  it.effect.each(unfit)(
    "G75, G76: a reply that its protocol does not allow is a crash: %s",
    ([, bad]) =>
      Effect.gen(function*() {
        const V3 = Sum.behavior({
          version: "3",
          init: (n: number) => ({ n }),
          handlers: { Add: () => bad() as never, Wait: () => {}, Boom: () => {}, Pass: () => {} }
        })
        const sum = yield* V1.spawn(1)
        const letters = yield* Effect.forkChild(
          Stream.runHead((yield* ActorSystem).deadLetters),
          { startImmediately: true }
        )
        yield* turn
        // The one message is all that it had to handle.
        const swap = yield* probation(sum, HotSwap.upgrade(V1, V3), { messages: 1 })
        const told = yield* Effect.flip(sum.ask(Add(1)))
        assert(typeof told !== "string")
        assert.strictEqual(told.reason._tag, "ActorExited")
        const { reason } = yield* Effect.flip(Fiber.join(swap))
        assert(reason._tag === "RolledBack")
        assert.deepStrictEqual(reason.handled, [])
        const letter = Option.getOrThrow(yield* Fiber.join(letters))
        assert.strictEqual(letter.why, "SwapRolledBack")
        assert.strictEqual(yield* sum.ask(Add(0)), 1)
      }).pipe(Effect.scoped, Effect.provide(system))
  )

  it.effect("a message whose handler waited is a letter, and its asker is told (G76)", () =>
    Effect.gen(function*() {
      const sum = yield* V1.spawn(0)
      const letters = yield* Effect.forkChild(
        (yield* ActorSystem).deadLetters.pipe(Stream.take(1), Stream.runCollect),
        { startImmediately: true }
      )
      yield* turn
      const swap = yield* probation(sum)
      const asker = yield* Effect.forkChild(sum.ask(Wait(), { timeout: "1 hour" }), { startImmediately: true })
      yield* turn
      yield* HotSwap.rollback(sum)
      assert.strictEqual((yield* Effect.flip(Fiber.join(swap))).reason._tag, "RolledBack")
      assert.strictEqual((yield* Effect.flip(Fiber.join(asker))).reason._tag, "ActorExited")
      assert.deepStrictEqual((yield* Fiber.join(letters)).map(({ message, why }) => [message._tag, why]), [
        ["Wait", "SwapRolledBack"]
      ])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a stream that dies is its canary's crash, and its reader is told (G18, G75, G76)", () =>
    Effect.gen(function*() {
      const Source = Actor.make("Source", [Rpc.make("Items", { success: Schema.Int, stream: true })])
      const sourceOf = (version: string, last: Stream.Stream<number>) =>
        Source.behavior({
          version,
          init: () => 0,
          handlers: { Items: () => Stream.concat(Stream.succeed(1), last) }
        })
      const V1 = sourceOf("1", Stream.succeed(2)), V2 = sourceOf("2", Stream.die(new Error("boom")))
      const source = yield* V1.spawn(undefined)
      const swap = yield* Effect.forkChild(HotSwap.swap(source, HotSwap.upgrade(V1, V2), { canary: {} }), {
        startImmediately: true
      })
      const items = source.stream(Source.messages.Items())
      const { reason } = yield* Effect.flip(Stream.runDrain(items))
      assert(reason._tag === "ActorExited")
      assert.strictEqual(reason.reason._tag, "Crashed")
      assert.strictEqual((yield* Effect.flip(Fiber.join(swap))).reason._tag, "RolledBack")
      assert.deepStrictEqual(yield* Stream.runCollect(items), [1, 2])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("keeps so many versions as it is told, two of itself, and none (G78)", () =>
    Effect.gen(function*() {
      const versions = ["1", "2", "3", "4"].map((version) => sumOf(version, 1))
      const swapThrough = Effect.fnUntraced(function*(keep: number | undefined) {
        const sum = yield* versions[0]!.spawn(0)
        for (let at = 1; at < versions.length; at++) {
          yield* HotSwap.swap(sum, HotSwap.upgrade(versions[at - 1]!, versions[at]!), { keep })
        }
        let back = 0
        while ((yield* Effect.exit(HotSwap.rollback(sum)))._tag === "Success") back++
        return [back, yield* versionOf(sum)]
      })
      assert.deepStrictEqual(yield* swapThrough(undefined), [2, "2"])
      assert.deepStrictEqual(yield* swapThrough(0), [0, "4"])
      assert.deepStrictEqual(yield* swapThrough(16), [3, "1"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("one by one: whoever fails stays as it was, the others go on (G79)", () =>
    Effect.gen(function*() {
      const sums = yield* Effect.forEach([1, 2, 3], (n) => V1.spawn(n))
      const gate = Deferred.makeUnsafe<never>()
      const picky = HotSwap.upgrade(V1, V2, { migrate: (old) => old.n === 2 ? Deferred.await(gate) : old })
      const swap = yield* Effect.forkChild(HotSwap.swapAll(picky, { timeout: "1 second" }), { startImmediately: true })
      yield* turn
      // While the second waits, the first runs the new version and the third is held by nothing.
      assert.deepStrictEqual(yield* Effect.forEach(sums, versionOf), ["2", "1", "1"])
      assert.deepStrictEqual(yield* Effect.forEach([sums[0]!, sums[2]!], (ref) => ref.ask(Add(1))), [11, 4])
      yield* TestClock.adjust("1 second")
      const report = yield* Fiber.join(swap)
      assert.strictEqual(report.swapped, 2)
      assert.deepStrictEqual(report.failed.map(({ error, pid }) => [pid, error.reason._tag]), [
        [sums[1]!.pid, "MigrationTimeout"]
      ])
      assert.deepStrictEqual(yield* Effect.forEach(sums, versionOf), ["2", "1", "2"])
      assert.strictEqual(yield* sums[1]!.ask(Add(1)), 3)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a spoilt group goes back, the youngest first, with its states and its reports (G79, G81)", () =>
    Effect.gen(function*() {
      const back: Array<number> = []
      const sums = yield* Effect.forEach([1, 2, 3, 4], (n) => V1.spawn(n))
      const kept = HotSwap.upgrade(V1, V2, {
        back: (state) => {
          back.push(state.n)
          return state
        }
      })
      const swap = yield* Effect.forkChild(HotSwap.swapAll(kept, { canary: {} }), { startImmediately: true })
      yield* turn
      yield* sums[3]!.ask(Add(1))
      yield* sums[1]!.tell(Boom())
      const report = yield* Fiber.join(swap)
      assert.deepStrictEqual(back, [2, 14, 3, 1])
      assert.deepStrictEqual(report.rolledBack.map(({ handled, pid }) => [pid, handled.length]), [
        [sums[1]!.pid, 0],
        [sums[3]!.pid, 1],
        [sums[2]!.pid, 0],
        [sums[0]!.pid, 0]
      ])
      assert.deepStrictEqual(yield* Effect.forEach(sums, versionOf), ["1", "1", "1", "1"])
      const metrics = yield* Metric.snapshot
      const read = (id: string) => metrics.filter((metric) => metric.id === id).map(({ state }) => state)
      assert.deepStrictEqual([read("myrmidon_swaps"), read("myrmidon_rollbacks")], [[{ value: 4 }], [{ value: 4 }]])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("after the crashes that a group allows, nobody else is swapped (G79)", () =>
    Effect.gen(function*() {
      const sums = yield* Effect.forEach([1, 2, 3], (n) => V1.spawn(n))
      // The first crashes before the second is asked to migrate.
      const late = HotSwap.upgrade(V1, V2, {
        migrate: (old) => old.n === 2 ? Effect.andThen(sums[0]!.tell(Boom()), Effect.as(turn, old)) : old
      })
      const report = yield* HotSwap.swapAll(late, { canary: { maxRollbacks: 1 } })
      assert.deepStrictEqual([report.swapped, report.failed.length], [0, 0])
      assert.notInclude(report.rolledBack.map(({ pid }) => pid), sums[2]!.pid)
      assert.deepStrictEqual(yield* Effect.forEach(sums, versionOf), ["1", "1", "1"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a rollback waits for the message in hand, and meets its time limit (G78)", () =>
    Effect.gen(function*() {
      const sum = yield* V1.spawn(0)
      yield* HotSwap.swap(sum, toV2)
      yield* sum.tell(Wait())
      yield* turn
      const back = yield* Effect.forkChild(Effect.flip(HotSwap.rollback(sum, { timeout: "1 second" })), {
        startImmediately: true
      })
      yield* turn
      assert.strictEqual((yield* Actor.info(sum)).status, "suspended")
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(back)).reason._tag, "MigrationTimeout")
      assert.deepInclude(yield* Actor.info(sum), { status: "busy", version: "2" })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("options out of range are refused by name, and nothing is done (G72)", () =>
    Effect.gen(function*() {
      const sum = yield* V1.spawn(0)
      const refused = (swap: Effect.Effect<unknown, unknown, ActorSystem>) =>
        Effect.map(Effect.exit(swap), (exit) => {
          const defect: unknown = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
          return defect instanceof InvalidOption ? defect.option : defect
        })
      const given: ReadonlyArray<HotSwap.SwapOptions> = [
        { keep: 17 },
        { keep: 0.5 },
        { canary: { messages: 0 } },
        { canary: { messages: 65_537 } },
        { canary: { maxRollbacks: 0 } },
        { canary: { within: -1 } },
        { timeout: -1 }
      ]
      const named = ["keep", "keep", "canary.messages", "canary.messages", "canary.maxRollbacks", "canary.within"]
      assert.deepStrictEqual(yield* Effect.forEach(given, (options) => refused(HotSwap.swap(sum, toV2, options))), [
        ...named,
        "timeout"
      ])
      assert.strictEqual(yield* refused(HotSwap.plan(toV2, { sample: 0 })), "sample")
      // What a caller without types may give.
      const bad = (options: object | null) => options as never
      for (
        const [option, options] of [
          ["where", { where: 3 }],
          ["tree", { tree: {} }],
          ["tree", { tree: null }],
          ["options", null]
        ] as const
      ) {
        assert.strictEqual(yield* refused(HotSwap.swapAll(toV2, bad(options))), option)
        assert.strictEqual(yield* refused(HotSwap.plan(toV2, bad(options))), option)
      }
      assert.strictEqual(yield* refused(HotSwap.swapAll(toV2, bad({ together: "yes" }))), "together")
      assert.strictEqual(yield* refused(HotSwap.rollback(sum, bad({ version: 1 }))), "version")
      assert.strictEqual(yield* refused(HotSwap.rollback(sum, bad(null))), "options")
      assert.strictEqual(yield* versionOf(sum), "1")
    }).pipe(Effect.scoped, Effect.provide(system)))
})

it("an upgrade whose options are no functions is refused by name when it is made (G72)", () => {
  const given: ReadonlyArray<readonly [option: string, options: unknown]> = [
    ["back", { back: 3 }],
    ["migrate", { migrate: {} }],
    ["copy", { copy: "deep" }],
    ["options", null],
    ["options", 3]
  ]
  for (const [option, options] of given) {
    let thrown: unknown
    try {
      HotSwap.upgrade(V1, V2, options as never)
    } catch (error) {
      thrown = error
    }
    assert(thrown instanceof InvalidOption, option)
    assert.strictEqual(thrown.option, option)
    if (option === "copy") assert.strictEqual(thrown.issue, "must be a function or \"share\", is \"deep\"")
  }
})
