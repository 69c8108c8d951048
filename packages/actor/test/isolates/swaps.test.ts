// Hot swap of actors in other isolates (G191, G192, G230).
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, type AnyRef, HotSwap, type SwapError } from "@myrmidonjs/actor"
import { Effect, Fiber, Layer } from "effect"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { hostOf } from "../../src/internal/system.ts"
import { nativeLoads as native, turn } from "../fixtures.ts"
import { Account, local, Richer, toNever, toV2, toV3, toV4, V1, V2 } from "./upgrades.ts"

const { Balance, Deposit, Thread, Wait } = Account.messages
const { Unit } = Richer.messages
const at = new Date(7)
const deposit = (by: number) => Deposit({ by, at })
/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const reason = <A>(effect: Effect.Effect<A, SwapError, ActorSystem>) => Effect.map(Effect.flip(effect), (e) => e.reason)

/** Three in each isolate, this one included, with these balances. */
const accounts = (balances: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    const { info } = yield* ActorSystem
    const { isolates } = yield* info
    return yield* Effect.forEach(
      balances,
      (balance, at) => V1.spawnOn(isolates[at % isolates.length]!.isolate as never, balance)
    )
  })
const versions = (refs: ReadonlyArray<AnyRef>) =>
  Effect.forEach(refs, (ref) => Effect.map(Actor.info(ref), ({ version }) => version))
const balances = (refs: ReadonlyArray<Actor.Ref<typeof Account>>) => Effect.forEach(refs, (ref) => ref.ask(Balance()))
const nine = [1, 2, 3, 4, 5, 6, 7, 8, 9]

describe.runIf(native)("hot swap across isolates", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 2 }), { excludeTestServices: true, timeout: patience })((it) => {
    it.effect("G191: one actor elsewhere is swapped, speaks its new protocol, and goes back", () =>
      Effect.gen(function*() {
        const account = yield* V1.spawnOn("worker", 5)
        const thread = yield* account.ask(Thread())
        const richer = yield* HotSwap.swap(account, toV2)
        assert.strictEqual(yield* richer.ask(Unit()), "cents")
        yield* account.tell(deposit(2))
        assert.strictEqual(yield* richer.ask(Balance()), 7)
        assert.strictEqual(yield* account.ask(Thread()), thread)
        assert.strictEqual(richer.pid, account.pid)
        const wrong = yield* reason(HotSwap.swap(account, toV2))
        assert.deepInclude(wrong, { _tag: "WrongVersion", expected: "Account 1", running: "Account 2" })
        yield* HotSwap.rollback(account)
        assert.deepStrictEqual([yield* account.ask(Balance()), yield* versions([account])], [7, ["1"]])
        assert.strictEqual((yield* reason(HotSwap.rollback(account)))._tag, "WrongVersion")
      }).pipe(Effect.scoped))

    it.effect("G230: by name too, whoever has it and wherever; a tree of nobody's is empty in all isolates", () =>
      Effect.gen(function*() {
        const [far, nobody] = [yield* ActorRef.named(Account, "far"), yield* ActorRef.named(Account, "nobody")]
        const account = yield* V1.spawnOn("worker", 5, { name: "far" })
        const richer = yield* HotSwap.swap(far, toV2)
        assert.strictEqual(richer.pid, account.pid)
        assert.strictEqual(yield* richer.ask(Unit()), "cents")
        yield* HotSwap.rollback(far)
        assert.deepStrictEqual(yield* versions([account]), ["1"])
        for (const none of [HotSwap.swap(nobody, toV2), HotSwap.rollback(nobody)]) {
          assert.deepInclude(yield* reason(Effect.asVoid(none)), { _tag: "ActorExited", name: "nobody" })
        }
        const { swapped, unreached } = yield* HotSwap.swapAll(toV2, { tree: nobody })
        assert.deepStrictEqual([swapped, unreached], [0, []])
        assert.strictEqual((yield* HotSwap.plan(toV2, { tree: nobody })).checked, 0)
        assert.deepStrictEqual(yield* versions([account]), ["1"])
      }).pipe(Effect.scoped))

    it.effect("G191: a migration that fails, or takes too long, changes nothing there", () =>
      Effect.gen(function*() {
        const account = yield* V1.spawnOn("worker", 666)
        const failed = yield* reason(HotSwap.swap(account, toV2))
        assert.strictEqual(failed.message, "the migration failed: no such balance")
        const late = yield* reason(HotSwap.swap(account, toNever, { timeout: 20 }))
        assert.strictEqual(late._tag, "MigrationTimeout")
        assert.deepStrictEqual(yield* balances([account]), [666])
        yield* Actor.kill(account)
        assert.strictEqual((yield* reason(HotSwap.swap(account, toV2)))._tag, "ActorExited")
        assert.strictEqual((yield* reason(HotSwap.rollback(account)))._tag, "ActorExited")
      }).pipe(Effect.scoped))

    it.effect("G191: a migration that throws what is no well-formed text fails there, and harms no agent", () =>
      Effect.gen(function*() {
        const account = yield* V1.spawnOn("worker", 777)
        const failed = yield* reason(HotSwap.swap(account, toV2))
        assert.strictEqual(failed.message, "the migration failed: no \ufffd balance")
        const planned = yield* HotSwap.plan(toV2)
        assert.deepStrictEqual([planned.failures.length, planned.unreached], [1, []])
        assert.deepStrictEqual(yield* versions([account]), ["1"])
      }).pipe(Effect.scoped))

    it.effect("G191: an upgrade that other isolates cannot import stays where it is, and says so", () =>
      Effect.gen(function*() {
        const account = yield* V1.spawnOn("worker", 1)
        assert.deepInclude(yield* reason(HotSwap.swap(account, local)), { _tag: "ActorElsewhere", pid: account.pid })
        const nowhere = new URL("./nowhere.ts", import.meta.url).href
        const lost = HotSwap.module(nowhere, HotSwap.upgrade(V1, V2, { migrate: () => ({ cents: 0 }) }))
        assert.deepInclude(yield* reason(HotSwap.swap(account, lost)), { _tag: "ModuleUnavailable", url: nowhere })
        const modules = new URL("./modules.ts", import.meta.url).href
        const unknown = yield* reason(
          HotSwap.swap(account, HotSwap.module(modules, HotSwap.upgrade(V1, V2, { migrate: () => ({ cents: 0 }) })))
        )
        assert.include(unknown.message, "registers no upgrade of Account, \"1\" to \"2\"")
        const report = yield* HotSwap.swapAll(lost)
        assert.deepStrictEqual([report.swapped, report.unreached.map(({ error }) => error.reason._tag)], [
          0,
          ["ModuleUnavailable", "ModuleUnavailable"]
        ])
        const kept = yield* HotSwap.swapAll(local)
        assert.deepStrictEqual([kept.swapped, kept.unreached], [0, []])
      }).pipe(Effect.scoped))

    it.effect("G191: a canary elsewhere crashes, goes back, and reports what it had handled, payloads and all", () =>
      Effect.gen(function*() {
        const account = yield* HotSwap.swap(yield* V1.spawnOn("worker", 5), toV2)
        const swap = yield* Effect.forkChild(reason(HotSwap.swap(account, toV3, { canary: { within: Infinity } })), {
          startImmediately: true
        })
        yield* Effect.repeat(turn, { until: () => Effect.map(versions([account]), ([version]) => version === "3") })
        yield* account.tell(deposit(4))
        yield* account.tell(deposit(13))
        const back = yield* Fiber.join(swap)
        assert.strictEqual(back._tag, "RolledBack")
        if (back._tag !== "RolledBack") return
        assert.deepStrictEqual(back.handled.map((each) => ({ ...each })), [
          { tag: "Deposit", payload: { by: 4, at }, answered: false }
        ])
        assert.include(back.message, "oops")
        assert.deepStrictEqual(yield* balances([account]), [5])
      }).pipe(Effect.scoped))

    it.effect("G191: who gives up waiting for a canary ends it: it has passed", () =>
      Effect.gen(function*() {
        const account = yield* HotSwap.swap(yield* V1.spawnOn("worker", 5), toV2)
        const swap = yield* Effect.forkChild(HotSwap.swap(account, toV3, { canary: { within: Infinity } }), {
          startImmediately: true
        })
        yield* Effect.repeat(turn, { until: () => Effect.map(versions([account]), ([version]) => version === "3") })
        yield* Fiber.interrupt(swap)
        // No canary any more: a rollback has nothing to interrupt, and goes to what is kept.
        yield* Effect.repeat(turn, {
          until: () =>
            Effect.map(
              Effect.exit(HotSwap.swap(account as never, toV2)),
              (exit) => exit._tag === "Failure" && !String(exit.cause).includes("another swap")
            )
        })
        assert.deepStrictEqual(yield* versions([account]), ["3"])
      }).pipe(Effect.scoped))

    it.effect("G192: a group is swapped in every isolate, and reported as one", () =>
      Effect.gen(function*() {
        const refs = yield* accounts([...nine, 666])
        assert.strictEqual(new Set(yield* Effect.forEach(refs, (ref) => ref.ask(Thread()))).size, 3)
        const planned = yield* HotSwap.plan(toV2)
        assert.deepStrictEqual([planned.checked, planned.failures.length, planned.unreached], [10, 1, []])
        assert.strictEqual((yield* HotSwap.plan(toV2, { sample: 4 })).checked, 4)
        const report = yield* HotSwap.swapAll(toV2)
        assert.deepStrictEqual([report.swapped, report.failed.length, report.unreached], [9, 1, []])
        assert.strictEqual(report.failed[0]!.pid, refs[9]!.pid)
        assert.isAbove(report.pause.max, 0)
        assert.deepStrictEqual(yield* balances(refs), [...nine, 666])
        assert.deepStrictEqual(yield* versions(refs), [...nine.map(() => "2"), "1"])
      }).pipe(Effect.scoped))

    it.effect("G192: a predicate looks at the actors of every isolate", () =>
      Effect.gen(function*() {
        const refs = yield* accounts(nine)
        const chosen = new Set([refs[0]!.pid, refs[1]!.pid, refs[5]!.pid])
        const where = (info: Effect.Success<ReturnType<typeof Actor.info>>) =>
          chosen.has(info.pid) && info.version === "1" && info.mailbox === 0
        assert.strictEqual((yield* HotSwap.plan(toV2, { where })).checked, 3)
        assert.strictEqual((yield* HotSwap.swapAll(toV2, { where })).swapped, 3)
        assert.deepStrictEqual(yield* versions(refs), ["2", "2", "1", "1", "1", "2", "1", "1", "1"])
      }).pipe(Effect.scoped))

    it.effect("G192: together, one failure in one isolate leaves all as they were", () =>
      Effect.gen(function*() {
        const refs = yield* accounts([1, 2, 3, 4, 666, 6])
        const none = yield* HotSwap.swapAll(toV2, { together: true })
        assert.deepStrictEqual([none.swapped, none.failed.map(({ pid }) => pid)], [0, [refs[4]!.pid]])
        assert.deepStrictEqual([...new Set(yield* versions(refs))], ["1"])
        yield* refs[4]!.tell(deposit(-661))
        const all = yield* HotSwap.swapAll(toV2, { together: true })
        assert.deepStrictEqual([all.swapped, all.failed], [6, []])
        assert.deepStrictEqual(yield* balances(refs), [1, 2, 3, 4, 5, 6])
        assert.deepStrictEqual([...new Set(yield* versions(refs))], ["2"])
      }).pipe(Effect.scoped))

    it.effect("G192: together, nobody stands still longer for what an isolate lacks, and that one is named", () =>
      Effect.gen(function*() {
        const refs = yield* accounts([1, 2, 3])
        const report = yield* HotSwap.swapAll(toV4, { together: true, timeout: 200 })
        assert.deepStrictEqual([report.swapped, report.unreached.map(({ error }) => error.reason._tag)], [
          0,
          ["MigrationTimeout", "MigrationTimeout"]
        ])
        assert.deepStrictEqual(yield* balances(refs), [1, 2, 3])
      }).pipe(Effect.scoped))

    it.effect("G191: one by one, too, what an isolate lacks has `timeout` to be there, and no longer", () =>
      Effect.gen(function*() {
        const refs = yield* accounts([1, 2, 3])
        const late = yield* reason(HotSwap.swap(refs[1]!, toV4, { timeout: 50 }))
        assert.strictEqual(late._tag, "MigrationTimeout")
        const plan = yield* HotSwap.plan(toV4, { timeout: 50 })
        assert.deepStrictEqual([plan.checked, plan.unreached.map(({ error }) => error.reason._tag)], [
          1,
          ["MigrationTimeout", "MigrationTimeout"]
        ])
        // Whoever gives up is not kept.
        const swap = yield* Effect.forkChild(HotSwap.swap(refs[1]!, toV4, { timeout: Infinity }), {
          startImmediately: true
        })
        for (let i = 0; i < 20; i++) yield* turn
        yield* Fiber.interrupt(swap)
        assert.deepStrictEqual(yield* versions(refs), ["1", "1", "1"])
        // In this isolate it is there.
        const report = yield* HotSwap.swapAll(toV4, { timeout: 50 })
        assert.deepStrictEqual([report.swapped, report.unreached.map(({ error }) => error.reason._tag)], [
          1,
          ["MigrationTimeout", "MigrationTimeout"]
        ])
        assert.deepStrictEqual(yield* versions(refs), ["4", "1", "1"])
        assert.deepStrictEqual(yield* balances(refs), [1, 2, 3])
      }).pipe(Effect.scoped))

    it.effect("G192: a crash in one isolate brings back the group in all", () =>
      Effect.gen(function*() {
        const refs = yield* accounts(nine)
        yield* HotSwap.swapAll(toV2)
        const swap = yield* Effect.forkChild(HotSwap.swapAll(toV3, { canary: { messages: 3, within: Infinity } }), {
          startImmediately: true
        })
        yield* Effect.repeat(turn, {
          until: () => Effect.map(versions(refs), (all) => all.every((version) => version === "3"))
        })
        // One of this isolate has passed by now, and goes back with its group all the same.
        for (let i = 0; i < 3; i++) yield* refs[0]!.ask(Balance())
        yield* refs[3]!.ask(Balance())
        yield* refs[4]!.tell(deposit(13))
        const report = yield* Fiber.join(swap)
        assert.deepStrictEqual([report.swapped, report.rolledBack.length, report.unreached], [0, 9, []])
        assert.deepStrictEqual([...new Set(yield* versions(refs))], ["2"])
        assert.isTrue(report.rolledBack.every(({ message }) => message.includes("oops")))
        assert.deepStrictEqual(yield* balances(refs), nine)
      }).pipe(Effect.scoped))

    it.effect("G192: the last canary of all to be open crashes, and those that have passed elsewhere go back", () =>
      Effect.gen(function*() {
        const refs = yield* accounts([1, 2])
        yield* HotSwap.swapAll(toV2)
        const swap = yield* Effect.forkChild(HotSwap.swapAll(toV3, { canary: { messages: 1, within: Infinity } }), {
          startImmediately: true
        })
        yield* Effect.repeat(turn, {
          until: () => Effect.map(versions(refs), (all) => all.every((version) => version === "3"))
        })
        yield* refs[1]!.ask(Balance())
        // What it says of itself arrives before this answer.
        yield* Actor.info(refs[1]!)
        yield* refs[0]!.tell(deposit(13))
        const report = yield* Fiber.join(swap)
        assert.deepStrictEqual([report.swapped, report.rolledBack.length], [0, 2])
        assert.deepStrictEqual(yield* versions(refs), ["2", "2"])
      }).pipe(Effect.scoped))

    it.effect("G192: a probation that nobody fails ends for all, by messages or by time", () =>
      Effect.gen(function*() {
        const refs = yield* accounts([1, 2, 3])
        const report = yield* HotSwap.swapAll(toV2, { canary: { within: 20 } })
        assert.deepStrictEqual([report.swapped, report.rolledBack], [3, []])
        const swap = yield* Effect.forkChild(HotSwap.swapAll(toV3, { canary: { messages: 2, within: Infinity } }), {
          startImmediately: true
        })
        yield* Effect.repeat(turn, {
          until: () => Effect.map(versions(refs), (all) => all.every((version) => version === "3"))
        })
        for (const ref of refs) for (let i = 0; i < 2; i++) yield* ref.ask(Balance())
        assert.strictEqual((yield* Fiber.join(swap)).swapped, 3)
        // Nobody is a canary any more.
        assert.strictEqual((yield* HotSwap.plan(toV3)).checked, 0)
        yield* refs[1]!.tell(deposit(13))
        assert.strictEqual(
          yield* Effect.repeat(turn, { until: () => Effect.map(Actor.isAlive(refs[1]!), (is) => !is) }),
          undefined
        )
      }).pipe(Effect.scoped))

    it.effect("G192: the tree of an actor is that of its isolate", () =>
      Effect.gen(function*() {
        const refs = yield* accounts([1, 2, 3])
        const report = yield* HotSwap.swapAll(toV2, { tree: refs[1]! })
        assert.deepStrictEqual([report.swapped, report.unreached], [0, []])
      }).pipe(Effect.scoped))
  })

  layer(ActorSystem.layer({ isolates: 1 }), { excludeTestServices: true, timeout: patience })((it) =>
    it.effect("G192: an isolate that ends during probation holds up nobody, and is named", () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const fleet = fleetOf(hostOf(system))!
        const refs = yield* accounts([1, 2])
        const { isolates } = yield* system.info
        const swap = yield* Effect.forkChild(HotSwap.swapAll(toV2, { canary: { messages: 1, within: Infinity } }), {
          startImmediately: true
        })
        yield* Effect.repeat(turn, {
          until: () => Effect.map(versions(refs), (all) => all.every((version) => version === "2"))
        })
        yield* Effect.forkChild(refs[1]!.ask(Wait()), { startImmediately: true })
        fleet.terminate(isolates[1]!.isolate)
        yield* refs[0]!.ask(Balance())
        const report = yield* Fiber.join(swap)
        assert.strictEqual(report.swapped, 1)
        assert.deepStrictEqual(report.unreached.map(({ error, isolate }) => [isolate, error.reason._tag]), [
          [isolates[1]!.isolate, "ActorExited"]
        ])
      }).pipe(Effect.scoped))
  )
})

describe("without worker isolates", () => {
  layer(ActorSystem.layerMemory())((it) =>
    it.effect("an upgrade of a module is one like any other", () =>
      Effect.gen(function*() {
        const account = yield* V1.spawnOn("worker", 5)
        const richer = yield* HotSwap.swap(account, toV2)
        assert.strictEqual(yield* richer.ask(Unit()), "cents")
        const report = yield* HotSwap.swapAll(toV3)
        assert.deepStrictEqual([report.swapped, report.unreached], [1, []])
      }).pipe(Effect.scoped, Effect.provide(Layer.empty)))
  )
})
