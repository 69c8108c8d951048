// What is told of children, and by which clock.
import { Actor, ExitReason } from "@myrmidonjs/actor"
import { Supervisor, type SupervisorEvent } from "@myrmidonjs/supervisor"
import { assert, describe } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Metric, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Crash, eventually, Journal, quiet, testOver, testSystems, Worker, workerOf } from "./fixtures.ts"

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

describe.each(testSystems)("events on the %s", (_, system) => {
  const test = testOver(system)

  describe("G103: events", () => {
    test("G273: they end with their system, behind the last of them", () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const services = yield* Layer.buildWithScope(Layer.fresh(system), scope)
        const events = Effect.provideContext(Stream.runCollect(Supervisor.events), services)
        const reader = yield* Effect.forkChild(events, { startImmediately: true })
        const tree = Supervisor.make("top", {}, [Supervisor.child("a", workerOf(new Journal()), "a")])
        yield* Scope.provide(scope)(Effect.provideContext(Supervisor.start(tree), services))
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(texts(yield* Fiber.join(reader)), ["Started a -"])
        assert.deepStrictEqual(yield* events, [])
      }))

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

    test("a dynamic child has been started again when its init is done: before that it may fail, or not want to", () =>
      Effect.gen(function*() {
        const events = yield* heard
        const later = ["start", "fail", "start", "ignore"]
        const behavior = Worker.behavior({
          init: (id: string) =>
            Effect.flatMap(Effect.yieldNow, () => {
              const what = later.shift()
              return what === "fail" ? Effect.fail(what) : what === "ignore" ? Supervisor.ignore : Effect.succeed(id)
            }),
          handlers: {
            Crash: (_, message) => {
              throw new Error(message)
            },
            Leave: () => {},
            Unlink: () => {},
            Id: (id) => id
          }
        })
        const many = yield* Supervisor.start(Supervisor.dynamic("many", behavior, { intensity: 9 }))
        yield* (yield* many.start("x")).tell(Crash("one"))
        yield* eventually("it runs again", () => later.length === 1)
        yield* quiet
        for (const ref of yield* Stream.runCollect(many.children)) yield* ref.tell(Crash("two"))
        yield* eventually("it does not", () => later.length === 0)
        yield* quiet
        assert.deepStrictEqual(texts(events).slice(-4), [
          "Started many -",
          "Crashed many crashed: Error: one",
          "Restarted many -",
          "Crashed many crashed: Error: two"
        ])
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
})
