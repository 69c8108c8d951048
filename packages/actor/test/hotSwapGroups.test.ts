// Groups of actors, their canaries, and the way back.
import { assert, describe, it } from "@effect/vitest"
import { Actor, HotSwap, InvalidOption, Reentrant } from "@myrmidonjs/actor"
import { Cause, Deferred, Duration, Effect, Exit, Fiber, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { systems, turn } from "./fixtures.ts"

/** For handlers that wait until a test lets them go on. */
const Gate = Schema.declare((value): value is Deferred.Deferred<void> => Deferred.isDeferred(value))

const Cell = Actor.make("Cell", [
  Rpc.make("Poke", { success: Schema.String }),
  Rpc.make("Boom"),
  Rpc.make("Wait", { payload: { gate: Gate } })
])
const { Boom, Poke, Wait } = Cell.messages
const boom = () => {
  throw new Error("boom")
}
const version = (name: string) =>
  Cell.behavior({
    version: name,
    init: (n: number) => ({ n }),
    handlers: { Poke: () => name, Boom: boom, Wait: (_, { gate }) => Deferred.await(gate) }
  })
const V1 = version("1"), V2 = version("2"), V3 = version("3")
const toV2 = HotSwap.upgrade(V1, V2), toV3 = HotSwap.upgrade(V2, V3)
const many = (n: number) => Effect.forEach(Array.from({ length: n }, (_, at) => at), (at) => V1.spawn(at))
const versions = (cells: ReadonlyArray<Actor.Ref<typeof Cell>>) => Effect.forEach(cells, (cell) => cell.ask(Poke()))

describe.each(systems)("groups on the %s", (_, system) => {
  it.effect("by behaviour, and of it those that `where` keeps", () =>
    Effect.gen(function*() {
      const cells = yield* many(4)
      const other = yield* V3.spawn(0)
      const kept = new Set([cells[1]!.pid, cells[3]!.pid, other.pid])
      const report = yield* HotSwap.swapAll(toV2, { where: ({ pid }) => kept.has(pid) })
      assert.deepInclude(report, { swapped: 2, failed: [], rolledBack: [] })
      assert.deepStrictEqual(yield* versions(cells), ["1", "2", "1", "2"])
      assert.strictEqual(yield* other.ask(Poke()), "3")
      assert.strictEqual((yield* HotSwap.swapAll(toV2)).swapped, 2)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a crowd changes one by one, and everybody is counted once", () =>
    Effect.gen(function*() {
      const cells = yield* many(3_000)
      yield* Actor.kill(cells[7]!)
      const report = yield* HotSwap.swapAll(toV2)
      assert.deepInclude(report, { swapped: 2_999, failed: [], rolledBack: [] })
      assert.isAbove(report.pause.p50, 0)
      assert.isAtLeast(report.pause.p99, report.pause.p50)
      assert.isAtLeast(report.pause.max, report.pause.p99)
      assert.strictEqual(yield* cells[2_999]!.ask(Poke()), "2")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("`concurrency` waits for several at once; without it one holds up those behind it", () =>
    Effect.gen(function*() {
      const cells = yield* many(3)
      const gate = Deferred.makeUnsafe<void>()
      for (const cell of cells.slice(0, 2)) cell.tellUnsafe(Wait({ gate }))
      yield* turn
      const swap = yield* Effect.forkChild(HotSwap.swapAll(toV2, { concurrency: 3 }), { startImmediately: true })
      yield* turn
      assert.strictEqual(yield* cells[2]!.ask(Poke()), "2")
      Deferred.doneUnsafe(gate, Exit.void)
      assert.strictEqual((yield* Fiber.join(swap)).swapped, 3)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("together: who has ended is reported and holds up nobody", () =>
    Effect.gen(function*() {
      const cells = yield* many(3)
      const gate = Deferred.makeUnsafe<void>()
      cells[1]!.tellUnsafe(Wait({ gate }))
      yield* turn
      const swap = yield* Effect.forkChild(HotSwap.swapAll(toV2, { together: true }), { startImmediately: true })
      yield* Actor.kill(cells[1]!)
      const report = yield* Fiber.join(swap)
      assert.strictEqual(report.swapped, 2)
      assert.deepStrictEqual(report.failed.map(({ error, pid }) => [pid, error.reason._tag]), [
        [cells[1]!.pid, "ActorExited"]
      ])
      assert.deepStrictEqual(yield* versions([cells[0]!, cells[2]!]), ["2", "2"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("together, given up: nobody is changed, and nobody stays suspended", () =>
    Effect.gen(function*() {
      const cells = yield* many(3)
      const never = HotSwap.upgrade(V1, V2, { migrate: () => Effect.uninterruptible(Effect.never) })
      const swap = yield* Effect.forkChild(HotSwap.swapAll(never, { together: true }), { startImmediately: true })
      yield* turn
      assert.strictEqual((yield* Actor.info(cells[0]!)).status, "suspended")
      yield* Fiber.interrupt(swap)
      assert.deepStrictEqual(yield* versions(cells), ["1", "1", "1"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("after K crashes nobody else is swapped, and all of a crowd are brought back", () =>
    Effect.gen(function*() {
      const cells = yield* many(2_000)
      const reached = Deferred.makeUnsafe<void>(), gate = Deferred.makeUnsafe<void>()
      const halting = HotSwap.upgrade(V1, V2, {
        migrate: (old) => {
          if (old.n !== 1_000) return old
          Deferred.doneUnsafe(reached, Exit.void)
          return Effect.as(Deferred.await(gate), old)
        }
      })
      const swap = yield* Effect.forkChild(HotSwap.swapAll(halting, { canary: { messages: 1, maxRollbacks: 2 } }), {
        startImmediately: true
      })
      yield* Deferred.await(reached)
      // One has passed, and goes back with the rest.
      assert.strictEqual(yield* cells[2]!.ask(Poke()), "2")
      yield* Effect.flip(cells[0]!.ask(Boom()))
      yield* Effect.flip(cells[1]!.ask(Boom()))
      Deferred.doneUnsafe(gate, Exit.void)
      const report = yield* Fiber.join(swap)
      assert.strictEqual(report.swapped, 0)
      assert.deepStrictEqual(
        report.rolledBack.map(({ pid }) => pid).sort((a, b) => a - b),
        cells.slice(0, 1_001).map(({ pid }) => pid).sort((a, b) => a - b)
      )
      assert.deepStrictEqual(
        report.rolledBack.find(({ pid }) => pid === cells[2]!.pid)?.handled.map(({ answered, tag }) => [tag, answered]),
        [["Poke", true]]
      )
      assert.deepStrictEqual(new Set(yield* versions(cells)), new Set(["1"]))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("given up, a group's canaries are canaries no more", () =>
    Effect.gen(function*() {
      const cells = yield* many(2)
      const gate = Deferred.makeUnsafe<void>()
      cells[1]!.tellUnsafe(Wait({ gate }))
      yield* turn
      // The first is a canary while the second is still waited for.
      const swap = yield* Effect.forkChild(HotSwap.swapAll(toV2, { canary: {} }), { startImmediately: true })
      yield* turn
      yield* Fiber.interrupt(swap)
      assert.strictEqual(yield* cells[0]!.ask(Poke()), "2")
      yield* HotSwap.swap(cells[0]!, toV3)
      assert.strictEqual(yield* cells[0]!.ask(Poke()), "3")
      Deferred.doneUnsafe(gate, Exit.void)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("by hand from a canary to an older version that is kept; to none that is not", () =>
    Effect.gen(function*() {
      const [cell] = yield* many(1)
      yield* HotSwap.swap(cell!, toV2)
      const swap = yield* Effect.forkChild(HotSwap.swap(cell!, toV3, { canary: {} }), { startImmediately: true })
      const { reason } = yield* Effect.flip(HotSwap.rollback(cell!, { version: "0" }))
      assert.deepInclude(reason, { _tag: "WrongVersion", expected: "0", running: "3" })
      assert.strictEqual(yield* cell!.ask(Poke()), "3")
      yield* HotSwap.rollback(cell!, { version: "1" })
      assert.strictEqual((yield* Effect.flip(Fiber.join(swap))).reason._tag, "RolledBack")
      assert.strictEqual(yield* cell!.ask(Poke()), "1")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what re-enters beside a handler that waits for ever does not fill a canary's journal for ever", () =>
    Effect.gen(function*() {
      const Open = Actor.make("Open", [
        Rpc.make("Stay", { payload: { gate: Gate } }),
        Rpc.make("Hit", { success: Schema.Int }).annotate(Reentrant, true)
      ])
      const open = (name: string) =>
        Open.behavior({
          version: name,
          init: () => ({ n: 0 }),
          handlers: { Stay: (_, { gate }) => Deferred.await(gate), Hit: (state) => ++state.n }
        })
      const one = open("1")
      const gate = Deferred.makeUnsafe<void>()
      const ref = yield* one.spawn(undefined, { mailbox: { capacity: 100_000 } })
      const swap = yield* Effect.forkChild(
        HotSwap.swap(ref, HotSwap.upgrade(one, open("2")), { canary: { messages: 10, within: Duration.infinity } }),
        { startImmediately: true }
      )
      ref.tellUnsafe(Open.messages.Stay({ gate }))
      for (let n = 0; n < 65_536; n++) ref.tellUnsafe(Open.messages.Hit())
      // The first handler still waits.
      yield* Fiber.join(swap)
      Deferred.doneUnsafe(gate, Exit.void)
      assert.strictEqual((yield* Actor.info(ref)).version, "2")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("keeps as many versions as it is told, and none of them for ever", () =>
    Effect.gen(function*() {
      const [cell] = yield* many(1)
      yield* HotSwap.swap(cell!, toV2, { keep: 1 })
      yield* HotSwap.swap(cell!, toV3, { keep: 1 })
      assert.strictEqual((yield* Effect.flip(HotSwap.rollback(cell!, { version: "1" }))).reason._tag, "WrongVersion")
      yield* HotSwap.rollback(cell!)
      assert.strictEqual(yield* cell!.ask(Poke()), "2")
      yield* HotSwap.swap(cell!, toV3, { keep: 0 })
      assert.strictEqual((yield* Effect.flip(HotSwap.rollback(cell!))).reason._tag, "WrongVersion")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("an option out of range is named before anything is swapped", () =>
    Effect.gen(function*() {
      const [cell] = yield* many(1)
      const wrong: ReadonlyArray<HotSwap.GroupOptions> = [
        { concurrency: 0 },
        { keep: 17 },
        { canary: { messages: 0 } },
        { canary: { maxRollbacks: 1.5 } },
        // As somebody without types would write it.
        { canary: true as never },
        { canary: null as never },
        "together" as never
      ]
      const options: Array<string> = []
      for (const option of wrong) {
        const exit = yield* Effect.exit(HotSwap.swapAll(toV2, option))
        const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        if (defect instanceof InvalidOption) options.push(defect.option)
      }
      assert.deepStrictEqual(options, [
        "concurrency",
        "keep",
        "canary.messages",
        "canary.maxRollbacks",
        "canary",
        "canary",
        "options"
      ])
      assert.strictEqual(yield* cell!.ask(Poke()), "1")
    }).pipe(Effect.scoped, Effect.provide(system)))
})
