// Trees as parts of an application, and what can be seen of them (G102, G103).
import { assert, describe, it } from "@effect/vitest"
import { Actor, type ActorSystem } from "@myrmidonjs/actor"
import { Supervisor, type SupervisorEvent } from "@myrmidonjs/supervisor"
import { Context, Effect, Exit, Fiber, Layer, Metric, Scope, Stream } from "effect"
import { Crash, Id, Journal, testSystems, Worker, workerOf } from "./fixtures.ts"

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
const settled = Effect.repeat(turn, { times: 20 })

class TheWorker extends Actor.Service<TheWorker>()("test/LayerWorker", Worker) {}

describe.each(testSystems)("trees as layers on the %s", (_, system) => {
  it.effect("starts with the Layer, provides what its children do, and stops in order with it (G102)", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const worker = workerOf(journal)
      const tree = Supervisor.layer(
        Supervisor.make("app", {}, [
          Supervisor.child("a", worker, "a", { provides: TheWorker }),
          Supervisor.child("b", worker, "b")
        ])
      )
      const typed: Layer.Layer<TheWorker, unknown, ActorSystem> = tree
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(typed, scope)
      assert.strictEqual(yield* Context.get(context, TheWorker).ask(Id()), "a")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(journal.take(), ["start a", "start b", "end b shutdown", "end a shutdown"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a start that is given up leaves nothing (G86, G102)", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      journal.script.set("b", ["hang"])
      const worker = workerOf(journal)
      const start = yield* Effect.forkChild(
        Effect.scoped(Supervisor.start(
          Supervisor.make("app", {}, [Supervisor.child("a", worker, "a"), Supervisor.child("b", worker, "b")])
        )),
        { startImmediately: true }
      )
      yield* settled
      yield* Fiber.interrupt(start)
      yield* settled
      assert.deepStrictEqual(journal.take(), ["start a", "hang b", "cancel b", "end a shutdown"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("tells where, who, and why, and counts each kind (G103)", () =>
    Effect.gen(function*() {
      const events: Array<SupervisorEvent> = []
      yield* Effect.forkScoped(
        Stream.runForEach(Supervisor.events, (event) => Effect.sync(() => void events.push(event))),
        { startImmediately: true }
      )
      yield* turn
      const counts = Effect.map(Metric.snapshot, (all) =>
        ["started", "crashed", "restarted", "escalated"].map((name) => {
          const found = all.find(({ id }) => id === `myrmidon_supervisor_${name}`)
          return found === undefined ? 0 : Number((found.state as { readonly count: number | bigint }).count)
        }))
      const before = yield* counts
      const running = yield* Supervisor.start(
        Supervisor.make("app", { intensity: 1 }, [
          Supervisor.make("inner", { intensity: 0 }, [Supervisor.child("a", workerOf(new Journal()), "a")])
        ])
      )
      const first = yield* (yield* running.get("inner")).get("a")
      yield* first.tell(Crash("boom"))
      yield* settled
      const second = yield* (yield* running.get("inner")).get("a")
      const told = events.map(({ _tag, child, pid, reason, supervisor }) => [
        _tag,
        supervisor,
        child,
        pid === undefined ? undefined : pid === first.pid ? 1 : pid === second.pid ? 2 : "other",
        _tag === "Crashed" ? reason?._tag : undefined
      ])
      assert.deepStrictEqual(told, [
        ["Started", "app/inner", "a", 1, undefined],
        ["Started", "app", "inner", "other", undefined],
        ["Crashed", "app/inner", "a", 1, "Crashed"],
        ["Escalated", "app/inner", "a", undefined, undefined],
        ["Restarted", "app/inner", "a", 2, undefined],
        ["Restarted", "app", "inner", "other", undefined]
      ])
      yield* settled
      assert.deepStrictEqual((yield* counts).map((now, at) => now - before[at]!), [2, 1, 2, 1])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what a slow reader lost is counted (G103)", () =>
    Effect.gen(function*() {
      const dropped = Effect.map(Metric.snapshot, (all) => {
        const found = all.find(({ id }) => id === "myrmidon_supervisor_dropped_events")
        return found === undefined ? 0 : Number((found.state as { readonly count: number | bigint }).count)
      })
      const before = yield* dropped
      let seen = 0
      yield* Effect.forkScoped(
        Stream.runForEach(Supervisor.events, () => Effect.andThen(Effect.sync(() => seen++), Effect.never)),
        { startImmediately: true }
      )
      yield* turn
      const many = yield* Supervisor.start(Supervisor.dynamic("many", workerOf(new Journal())))
      for (let n = 0; n < 10_000; n++) many.startUnsafe(String(n))
      yield* settled
      assert.strictEqual(seen, 1)
      const lost = (yield* dropped) - before
      // Of 10,001 events, with that of the dynamic supervisor itself, the reader keeps its buffer and what it has taken.
      assert.isAtLeast(lost, 10_000 - 2 * 4096)
      assert.isAtMost(lost, 10_001 - 4096)
    }).pipe(Effect.scoped, Effect.provide(system)))
})
