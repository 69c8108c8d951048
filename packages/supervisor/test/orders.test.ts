// Orders that meet starts which hang, and each other.
import { Actor, SpawnError } from "@myrmidonjs/actor"
import { ChildNotRunning, ChildStartError, Supervisor } from "@myrmidonjs/supervisor"
import { assert, describe } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { actors, Crash, eventually, Id, Journal, quiet, testOver, testSystems, workerOf } from "./fixtures.ts"

describe.each(testSystems)("orders on the %s", (_, system) => {
  const test = testOver(system)

  describe("G93, G91: orders and starts that hang", () => {
    test("terminate cancels a restart that hangs, and those after it start without", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const app = yield* Supervisor.start(Supervisor.make("top", { strategy: "rest_for_one", intensity: 3 }, [
          Supervisor.child("a", worker, "a"),
          Supervisor.child("b", worker, "b"),
          Supervisor.child("c", worker, "c")
        ]))
        journal.take()
        journal.script.set("b", ["hang"])
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* eventually("b hangs", () => journal.count === 8)
        yield* app.terminate("b")
        yield* eventually("c runs", () => journal.count === 10)
        assert.deepStrictEqual(journal.take().slice(-4), ["start a", "hang b", "cancel b", "start c"])
        assert.deepStrictEqual((yield* app.which).map(({ id, status }) => `${id} ${status}`), [
          "a running",
          "b stopped",
          "c running"
        ])
        yield* app.restart("b")
        assert.strictEqual(yield* (yield* app.get("b")).ask(Id()), "b")
      }))

    test("terminate of one whose restart failed and waits starts those that wait for it", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const app = yield* Supervisor.start(Supervisor.make(
          "top",
          { strategy: "one_for_all", intensity: 9, backoff: { min: "1 second", max: "1 second" } },
          [Supervisor.child("a", worker, "a"), Supervisor.child("b", worker, "b"), Supervisor.child("c", worker, "c")]
        ))
        journal.script.set("b", ["fail"])
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* quiet
        yield* TestClock.adjust("1 second")
        yield* eventually("b fails", () => journal.has("fail b"))
        yield* quiet
        yield* app.terminate("b")
        yield* quiet
        assert.deepStrictEqual((yield* app.which).map(({ id, status }) => `${id} ${status}`), [
          "a running",
          "b stopped",
          "c running"
        ])
      }))

    test("terminate ends the wait of who has ordered a start that hangs", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("a", workerOf(journal), "a")
        ]))
        yield* app.terminate("a")
        journal.script.set("a", ["hang"])
        const restart = yield* Effect.forkScoped(Effect.exit(app.restart("a")), { startImmediately: true })
        yield* eventually("a hangs", () => journal.count === 3)
        yield* app.terminate("a")
        assert.deepStrictEqual(
          yield* Fiber.join(restart),
          Exit.fail(new ChildNotRunning({ id: "a", status: "stopped" }))
        )
        yield* app.delete("a")
      }))

    test("orders wait until a supervisor that is started again has started", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const inner = Supervisor.make("in", {}, [
          Supervisor.child("a", worker, "a"),
          Supervisor.child("b", worker, "b")
        ])
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [inner]))
        const handle = yield* app.get("in")
        journal.script.set("a", ["hang"])
        yield* Actor.kill(handle.ref)
        yield* eventually("a hangs", () => journal.has("hang a"))
        const order = yield* Effect.forkScoped(Effect.exit(handle.terminate("b")), { startImmediately: true })
        yield* quiet
        assert.isUndefined(order.pollUnsafe())
        yield* app.terminate("in")
        assert.deepStrictEqual(
          yield* Fiber.join(order),
          Exit.fail(new ChildNotRunning({ id: "b", status: "stopped" }))
        )
        assert.strictEqual(yield* actors, 1)
      }))

    // a runs, and takes its time to end; b hangs in its `init`.
    const halfStarted = (journal: Journal) =>
      Supervisor.make("in", {}, [
        Supervisor.make("deep", {}, [
          Supervisor.child("a", workerOf(journal, { hangs: true }), "a", { shutdown: "1 second" }),
          Supervisor.child("b", workerOf(journal), "b")
        ])
      ])

    test("G86: a nested start that is given up has stopped what it had started, however long that takes", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        journal.script.set("b", ["hang"])
        const app = yield* Supervisor.start(Supervisor.make("top", {}, []))
        yield* Effect.forkScoped(Effect.exit(app.start(halfStarted(journal))), { startImmediately: true })
        yield* eventually("b hangs", () => journal.has("hang b"))
        const order = yield* Effect.forkScoped(Effect.exit(app.terminate("in" as never)), { startImmediately: true })
        yield* quiet
        assert.isUndefined(order.pollUnsafe())
        assert.deepStrictEqual(journal.take(), ["start a", "hang b", "cancel b", "end a shutdown"])
        yield* TestClock.adjust("1 second")
        yield* Fiber.await(order)
        assert.strictEqual(yield* actors, 1)
      }))

    test("G86: so has a whole tree", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        journal.script.set("b", ["hang"])
        const start = yield* Effect.forkScoped(Effect.scoped(Supervisor.start(halfStarted(journal))), {
          startImmediately: true
        })
        yield* eventually("b hangs", () => journal.has("hang b"))
        const given = yield* Effect.forkScoped(Fiber.interrupt(start), { startImmediately: true })
        yield* quiet
        assert.isUndefined(given.pollUnsafe())
        yield* TestClock.adjust("1 second")
        yield* Fiber.await(given)
        assert.strictEqual(yield* actors, 0)
      }))

    test("G86: a name that somebody else has is the typed error of the start", () =>
      Effect.gen(function*() {
        const worker = workerOf(new Journal())
        yield* worker.spawn("holder", { name: "taken" })
        const error = yield* Effect.flip(Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("a", worker, "a", { name: "taken" })
        ])))
        assert.instanceOf(error, ChildStartError)
        assert.instanceOf(error.error, SpawnError)
        assert.strictEqual(error.error.reason._tag, "NameTaken")
      }))

    test("very many orders behind a start that hangs are answered when it is given up", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 2 }, [
          Supervisor.child("a", workerOf(journal), "a"),
          Supervisor.child("b", workerOf(journal), "b")
        ]))
        journal.script.set("a", ["hang"])
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* eventually("a hangs", () => journal.has("hang a"))
        const orders = yield* Effect.forkScoped(
          Effect.forEach(
            Array.from({ length: 5_000 }),
            () => Effect.flip(app.delete("b")),
            { concurrency: "unbounded" }
          ),
          { startImmediately: true }
        )
        yield* quiet
        yield* app.terminate("a")
        const refused = yield* Fiber.join(orders)
        assert.deepStrictEqual([...new Set(refused.map(({ _tag }) => _tag))], ["ChildPresent"])
      }))

    test("a dynamic child that hangs when it is started again is tried again after its initTimeout, and can be given up", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const app = yield* Supervisor.start(
          Supervisor.make("top", {}, [Supervisor.dynamic("many", workerOf(journal), { intensity: 9 })])
        )
        const many = yield* app.get("many")
        const x = yield* many.start("x", { initTimeout: "3 seconds" })
        journal.script.set("x", ["hang"])
        yield* x.tell(Crash("boom"))
        yield* eventually("x hangs", () => journal.count === 3)
        yield* TestClock.adjust("3 seconds")
        yield* eventually("x runs", () => journal.count === 5)
        assert.deepStrictEqual(journal.take().slice(2), ["hang x", "cancel x", "start x"])

        const hang = Effect.fnUntraced(function*(id: string) {
          const ref = yield* many.start(id)
          journal.script.set(id, ["hang"])
          yield* ref.tell(Crash("boom"))
          yield* eventually("it hangs", () => journal.has(`hang ${id}`))
          return ref
        })
        yield* many.terminate(yield* hang("y"))
        assert.strictEqual(journal.take().at(-1), "cancel y")
        yield* hang("z")
        assert.strictEqual(yield* many.count, 1, "only x runs")
        yield* Actor.stop(app.ref)
        assert.deepStrictEqual(journal.take().slice(-2).toSorted(), ["cancel z", "end x shutdown"])
        assert.strictEqual(yield* actors, 0)
      }))

    test("a sibling that crashes while a restart hangs waits for it, at most for its initTimeout", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 9 }, [
          Supervisor.child("a", worker, "a", { initTimeout: "3 seconds" }),
          Supervisor.child("b", worker, "b")
        ]))
        journal.script.set("a", ["hang"])
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* eventually("a hangs", () => journal.has("hang a"))
        yield* (yield* app.get("b")).tell(Crash("boom"))
        const added = yield* Effect.forkScoped(app.start(Supervisor.child("c", worker, "c")), {
          startImmediately: true
        })
        yield* quiet
        const statuses = Effect.map(app.which, (all) => all.map(({ id, status }) => `${id} ${status}`))
        assert.deepStrictEqual(yield* statuses, ["a restarting", "b restarting"])
        yield* TestClock.adjust("3 seconds")
        yield* Fiber.join(added)
        yield* eventually("all run", () => journal.count === 9)
        yield* quiet
        assert.deepStrictEqual(yield* statuses, ["a running", "b running", "c running"])
      }))

    test("an init that takes longer than its initTimeout fails the start", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        journal.script.set("b", ["hang"])
        const worker = workerOf(journal)
        const start = yield* Effect.forkScoped(
          Effect.flip(Supervisor.start(Supervisor.make("top", {}, [
            Supervisor.child("a", worker, "a"),
            Supervisor.child("b", worker, "b", { initTimeout: "3 seconds" })
          ]))),
          { startImmediately: true }
        )
        yield* eventually("b hangs", () => journal.count === 2)
        yield* TestClock.adjust("3 seconds")
        const error = yield* Fiber.join(start)
        assert.instanceOf(error, ChildStartError)
        assert.deepStrictEqual(error.path, ["top", "b"])
        assert.instanceOf(error.error, SpawnError)
        assert.strictEqual(error.error.reason._tag, "InitTimeout")
        assert.deepStrictEqual(journal.take(), ["start a", "hang b", "cancel b", "end a shutdown"])
        assert.strictEqual(yield* actors, 0)
      }))
  })
})
