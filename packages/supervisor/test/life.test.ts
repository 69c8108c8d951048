// What rows do not say: lives of supervisors that end badly, orders that meet each other, and what is told of it.
import { Actor, ActorSystem, ExitReason, SpawnError } from "@myrmidonjs/actor"
import {
  ChildNotRunning,
  ChildStartError,
  type StateStore,
  Supervisor,
  type SupervisorEvent
} from "@myrmidonjs/supervisor"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Metric, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Crash, eventually, Id, Journal, quiet, testSystems, Unlink, Worker, workerOf } from "./fixtures.ts"

const actors = Effect.flatMap(ActorSystem, ({ info }) => Effect.map(info, ({ actors }) => actors))

/** All events from now on. */
const heard = Effect.gen(function*() {
  const events: Array<SupervisorEvent> = []
  yield* Effect.forkScoped(
    Stream.runForEach(Supervisor.events, (event) => Effect.sync(() => void events.push(event))),
    { startImmediately: true }
  )
  yield* quiet
  return events
})

const texts = (events: ReadonlyArray<SupervisorEvent>) =>
  events.map(({ _tag, child, reason }) => `${_tag} ${child} ${reason === undefined ? "-" : ExitReason.print(reason)}`)

describe.each(testSystems)("lives of supervisors on the %s", (_, system) => {
  // Afterwards the tree stops with its scope, and whoever is deaf has an hour for it.
  const test = (name: string, body: () => Effect.Effect<void, unknown, ActorSystem | Scope.Scope>) =>
    it.effect(name, () =>
      Effect.provide(
        Effect.gen(function*() {
          const scope = yield* Scope.make()
          const exit = yield* Effect.exit(Scope.provide(Effect.suspend(body), scope))
          const closing = yield* Effect.forkChild(Scope.close(scope, exit), { startImmediately: true })
          yield* quiet
          yield* TestClock.adjust("1 hour")
          yield* Fiber.join(closing)
          yield* exit
          assert.strictEqual(yield* actors, 0, "nobody is left")
        }),
        system
      ))

  describe("G94: nobody is left", () => {
    test("a child that traps and ignores meets its timeout when its supervisor was killed", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const deaf = workerOf(journal, { trap: true })
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("a", deaf, "a", { shutdown: "2 seconds" })
        ]))
        yield* Actor.kill(app.ref)
        yield* quiet
        assert.strictEqual(yield* actors, 1, "it ignores the signal")
        yield* TestClock.adjust("2 seconds")
        yield* quiet
        assert.strictEqual(yield* actors, 0)
      }))

    test("a child that has unlinked itself ends with a supervisor that was killed", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("a", workerOf(journal), "a")
        ]))
        yield* (yield* app.get("a")).tell(Unlink())
        yield* quiet
        yield* Actor.kill(app.ref)
        yield* eventually("nobody", () => journal.count === 2)
        yield* quiet
        assert.strictEqual(yield* actors, 0)
      }))

    test("a killed supervisor that is started again first sees the end of its old children", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const deaf = workerOf(journal, { trap: true })
        const inner = Supervisor.make("in", {}, [Supervisor.child("a", deaf, "a", { shutdown: "2 seconds" })])
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [inner]))
        yield* Actor.kill((yield* app.get("in")).ref)
        yield* quiet
        assert.deepStrictEqual(journal.take(), ["start a"], "no second one beside the first")
        assert.deepStrictEqual((yield* app.which).map(({ status }) => status), ["restarting"])
        yield* TestClock.adjust("2 seconds")
        yield* eventually("its restart", () => journal.count === 2)
        yield* quiet
        assert.strictEqual(yield* actors, 3)
      }))

    test("children of a killed dynamic supervisor end, whatever they trap", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 5 }, [
          Supervisor.dynamic("many", workerOf(journal, { trap: true }), { shutdown: "1 second" })
        ]))
        const many = yield* app.get("many")
        for (const id of ["x", "y", "z"]) yield* many.start(id)
        yield* Actor.kill(many.ref)
        yield* quiet
        assert.deepStrictEqual((yield* app.which).map(({ status }) => status), ["restarting"])
        yield* TestClock.adjust("1 second")
        yield* quiet
        assert.strictEqual(yield* many.count, 0)
        assert.strictEqual(yield* actors, 2)
        yield* many.start("new")
        assert.strictEqual(yield* many.count, 1)
      }))

    test("the end of a dynamic child that has unlinked itself is noticed", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const many = yield* Supervisor.start(Supervisor.dynamic("many", workerOf(journal)))
        const ref = yield* many.start("x")
        yield* ref.tell(Unlink())
        yield* ref.tell(Crash("boom"))
        yield* eventually("its restart", () => journal.count === 3)
        assert.deepStrictEqual(journal.take(), ["start x", "end x crashed: Error: boom", "start x"])
        assert.strictEqual(yield* many.count, 1)
      }))

    test("a stop goes on when its caller gives up, and the supervisor ends after it", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const deaf = workerOf(journal, { trap: true })
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("a", deaf, "a", { shutdown: "2 seconds" }),
          Supervisor.dynamic("many", deaf, { shutdown: "2 seconds" })
        ]))
        const many = yield* app.get("many")
        const x = yield* many.start("x")
        const callers = [
          yield* Effect.forkScoped(app.terminate("a"), { startImmediately: true }),
          yield* Effect.forkScoped(many.terminate(x), { startImmediately: true })
        ]
        yield* quiet
        yield* Fiber.interruptAll(callers)
        const stopping = yield* Effect.forkScoped(Actor.stop(app.ref), { startImmediately: true })
        yield* quiet
        assert.strictEqual(yield* actors, 2, "both are waited for")
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(stopping)
        assert.strictEqual(yield* actors, 0)
      }))
  })

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
            Array.from({ length: 20_000 }),
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

  describe("lists of children", () => {
    test("G87: a dynamic child that says ignore when it is started again is forgotten, and nobody escalates", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const many = yield* Supervisor.start(Supervisor.dynamic("many", workerOf(journal), { intensity: 1 }))
        const ref = yield* many.start("x")
        journal.script.set("x", ["ignore"])
        yield* ref.tell(Crash("boom"))
        yield* eventually("it is asked", () => journal.count === 3)
        yield* quiet
        assert.strictEqual(journal.take().at(-1), "ignore x")
        assert.strictEqual(yield* many.count, 0)
        journal.script.set("y", ["ignore"])
        assert.instanceOf(yield* Effect.flip(many.start("y")), SpawnError)
        assert.strictEqual(yield* many.count, 0)
        yield* many.start("y")
      }))

    test("a supervisor that is started again has the children of its specs: added ones are gone, forgotten ones are back", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const inner = Supervisor.make("in", {}, [
          Supervisor.child("a", worker, "a"),
          Supervisor.child("t", worker, "t", { restart: "temporary" })
        ])
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [inner]))
        const handle = yield* app.get("in")
        yield* handle.start(Supervisor.child("added", worker, "added"))
        yield* handle.terminate("t")
        yield* handle.terminate("a")
        assert.deepStrictEqual((yield* handle.which).map(({ id }) => id), ["a", "added"])
        yield* Actor.kill(handle.ref)
        yield* quiet
        assert.deepStrictEqual((yield* handle.which).map(({ id, status }) => `${id} ${status}`), [
          "a running",
          "t running"
        ])
      }))
  })

  describe("G101: restoreFrom", () => {
    test("from the first restart on a child starts with what its store holds", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const store = Supervisor.stateStore<string>()
        store.write("before")
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 9 }, [
          Supervisor.child("a", workerOf(journal), "spec", { restoreFrom: store }),
          Supervisor.child("b", workerOf(journal), "plain")
        ]))
        assert.strictEqual(yield* (yield* app.get("a")).ask(Id()), "spec")
        store.write("kept")
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* (yield* app.get("b")).tell(Crash("boom"))
        yield* eventually("both are back", () => journal.count === 6)
        yield* quiet
        assert.strictEqual(yield* (yield* app.get("a")).ask(Id()), "kept")
        assert.strictEqual(yield* (yield* app.get("b")).ask(Id()), "plain")
        store.clear()
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* eventually("it is back", () => journal.count === 8)
        yield* quiet
        assert.strictEqual(yield* (yield* app.get("a")).ask(Id()), "spec")
      }))

    test("a store that throws is a start that failed, and the supervisor goes on", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        let broken = 1
        const store: StateStore<string> = {
          write: () => {},
          read: () => {
            if (broken-- > 0) throw new Error("store is broken")
            return undefined
          },
          clear: () => {}
        }
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 2 }, [
          Supervisor.child("a", workerOf(journal), "a", { restoreFrom: store })
        ]))
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* eventually("it is back", () => journal.count === 3)
        yield* quiet
        assert.strictEqual(yield* (yield* app.get("a")).ask(Id()), "a")
      }))
  })

  describe("G103: events", () => {
    test("a crash is told with the PID of who crashed, an escalation with what it was for", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const events = yield* heard
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 1 }, [
          Supervisor.child("a", workerOf(journal), "a")
        ]))
        const first = yield* app.get("a")
        yield* first.tell(Crash("one"))
        yield* eventually("it is back", () => events.length === 3)
        const second = yield* app.get("a")
        yield* second.tell(Crash("two"))
        yield* eventually("it escalates", () => events.length === 5)
        assert.deepStrictEqual(texts(events), [
          "Started a -",
          "Crashed a crashed: Error: one",
          "Restarted a -",
          "Crashed a crashed: Error: two",
          "Escalated a crashed: Error: two"
        ])
        assert.deepStrictEqual(events.map(({ pid }) => pid), [first.pid, first.pid, second.pid, second.pid, undefined])
        assert.deepStrictEqual(new Set(events.map(({ supervisor }) => supervisor)), new Set(["top"]))
      }))

    test("crashes are counted by their reasons", () =>
      Effect.gen(function*() {
        const killed = Effect.map(Metric.snapshot, (all) => {
          const found = all.find(({ attributes, id }) =>
            id === "myrmidon_supervisor_crashed" && attributes?.["reason"] === "Killed"
          )
          return found === undefined ? 0 : Number((found.state as { readonly count: number | bigint }).count)
        })
        const before = yield* killed
        const journal = new Journal()
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 3 }, [
          Supervisor.child("a", workerOf(journal), "a")
        ]))
        yield* Actor.kill(yield* app.get("a"))
        yield* quiet
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* quiet
        assert.strictEqual((yield* killed) - before, 1)
      }))

    test("a child that ends otherwise than it was asked to is told of, one that obeys is not", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const events = yield* heard
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("obeys", workerOf(journal), "obeys"),
          Supervisor.child("deaf", workerOf(journal, { trap: true }), "deaf", { shutdown: "1 second" }),
          Supervisor.child("brutal", workerOf(journal, { trap: true }), "brutal", { shutdown: "brutal" }),
          Supervisor.child("crashes", workerOf(journal), "crashes")
        ]))
        yield* (yield* app.get("crashes")).tell(Crash("on the way"))
        const stopping = yield* Effect.forkScoped(Actor.stop(app.ref), { startImmediately: true })
        yield* quiet
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(stopping)
        yield* quiet
        const crashes = texts(events).filter((text) => text.startsWith("Crashed"))
        assert.deepStrictEqual(crashes, ["Crashed crashes crashed: Error: on the way", "Crashed deaf killed"])
      }))
  })

  test("G92: a clock that is set back does not make old restarts young", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 1, period: "5 seconds" }, [
        Supervisor.child("a", workerOf(journal), "a"),
        Supervisor.dynamic("many", workerOf(journal), { intensity: 1, period: "5 seconds" })
      ]))
      const many = yield* app.get("many")
      yield* TestClock.setTime(3_600_000)
      yield* (yield* many.start("x")).tell(Crash("boom"))
      yield* (yield* app.get("a")).tell(Crash("boom"))
      yield* quiet
      yield* TestClock.setTime(0)
      yield* TestClock.adjust("6 seconds")
      yield* (yield* app.get("a")).tell(Crash("boom"))
      yield* Effect.flatMap(Stream.runCollect(many.children), ([x]) => x!.tell(Crash("boom")))
      yield* quiet
      assert.deepStrictEqual((yield* app.which).map(({ restarts, status }) => [status, restarts]), [
        ["running", 2],
        ["running", 2]
      ])
      assert.strictEqual(yield* many.count, 1)
    }))

  test("G100: what runs under a name is found again by it after a restart", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const app = yield* Supervisor.start(Supervisor.make("top", {}, [
        Supervisor.child("a", workerOf(journal), "a", { name: "the one" })
      ]))
      const before = yield* app.get("a")
      const named = yield* Actor.whereis(Worker, "the one")
      assert.strictEqual(named.pid, before.pid)
      yield* before.tell(Crash("boom"))
      yield* eventually("it is back", () => journal.count === 3)
      yield* quiet
      const again = yield* Actor.whereis(Worker, "the one")
      assert.notStrictEqual(again.pid, before.pid)
      assert.strictEqual(again.pid, (yield* app.get("a")).pid)
    }))
})
