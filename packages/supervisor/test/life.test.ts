// Lives of supervisors that end badly: nobody is left, and nothing of them comes back that should not.
import { Actor, SpawnError } from "@myrmidonjs/actor"
import { type StateStore, Supervisor } from "@myrmidonjs/supervisor"
import { assert, describe } from "@effect/vitest"
import { Effect, Exit, Fiber, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import {
  actors,
  Crash,
  eventually,
  Id,
  Journal,
  quiet,
  testOver,
  testSystems,
  Unlink,
  Worker,
  workerOf
} from "./fixtures.ts"

describe.each(testSystems)("lives of supervisors on the %s", (_, system) => {
  const test = testOver(system)

  describe("G309: the end of a whole tree is not silent", () => {
    const log = () => {
      const lines: Array<string> = []
      const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
        if (logLevel === "Error") lines.push(String(Array.isArray(message) ? message[0] : message))
      })
      return { layer: Logger.layer([logger]), lines }
    }

    test("whoever spends the intensity of a root is logged, with the reason", () => {
      const { layer, lines } = log()
      return Effect.gen(function*() {
        const inner = Supervisor.make("in", { intensity: 0 }, [Supervisor.child("a", workerOf(new Journal()), "a")])
        const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 1 }, [inner]))
        const crash = Effect.gen(function*() {
          const child = yield* Effect.flatMap(app.get("in"), (running) => running.get("a"))
          yield* child.tell(Crash("boom"))
          yield* quiet
        })
        yield* crash
        assert.deepStrictEqual(lines, [], "the supervisor above has heard of it")
        yield* crash
        assert.deepStrictEqual(lines, [
          "supervisor top has ended, with all its children: its restart intensity is spent, and none is above it. The last was in: shutdown: restart intensity of top/in"
        ])
      }).pipe(Effect.provide(layer))
    })

    test("a tree that is stopped is no news", () => {
      const { layer, lines } = log()
      return Effect.gen(function*() {
        yield* Effect.scoped(Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("a", workerOf(new Journal()), "a")
        ])))
        yield* quiet
        assert.deepStrictEqual(lines, [])
      }).pipe(Effect.provide(layer))
    })
  })

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

    test("a dynamic child that hangs in its first init ends with its supervisor, and whoever started it is told", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [Supervisor.dynamic("many", workerOf(journal))]))
        const many = yield* app.get("many")
        journal.script.set("x", ["hang"])
        // Of nobody who ends with the tree.
        const starting = yield* Effect.forkDetach(Effect.flip(many.start("x")), { startImmediately: true })
        yield* quiet
        yield* Actor.stop(app.ref)
        assert.deepStrictEqual(journal.take(), ["hang x", "cancel x"])
        assert.strictEqual(yield* actors, 0)
        const error = yield* Fiber.join(starting)
        assert.instanceOf(error, SpawnError)
        assert.strictEqual(error.reason._tag, "OwnerStopped")
      }))

    test("a dynamic child whose start is given up is nobody", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const many = yield* Supervisor.start(Supervisor.dynamic("many", workerOf(journal)))
        journal.script.set("x", ["hang"])
        const starting = yield* Effect.forkScoped(many.start("x"), { startImmediately: true })
        yield* quiet
        yield* Fiber.interrupt(starting)
        assert.deepStrictEqual(journal.take(), ["hang x", "cancel x"])
        assert.strictEqual(yield* many.count, 0)
        assert.strictEqual(yield* actors, 2)
      }))

    test("supervisors and children that are suspended end with their tree", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const scope = yield* Scope.make()
        const tree = Supervisor.make("top", {}, [
          Supervisor.child("a", workerOf(journal), "a"),
          Supervisor.make("in", {}, [Supervisor.child("b", workerOf(journal), "b")]),
          Supervisor.dynamic("many", workerOf(journal))
        ])
        const app = yield* Scope.provide(Supervisor.start(tree), scope)
        const [a, inner, many] = [yield* app.get("a"), yield* app.get("in"), yield* app.get("many")]
        yield* many.start("x")
        for (const ref of [a, app.ref, inner.ref, many.ref]) yield* Actor.suspend(ref)
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(journal.take().slice(3), ["end x shutdown", "end b shutdown", "end a shutdown"])
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
        // And "many" too, whose turn comes after "a" has ended (G90): it waits for "x".
        assert.strictEqual(yield* actors, 3, "both are waited for")
        yield* TestClock.adjust("2 seconds")
        yield* Fiber.join(stopping)
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
