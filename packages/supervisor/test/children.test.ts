// What can be a child, and what of it outlives its restarts (G84, G100, G101).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ExitReason } from "@myrmidonjs/actor"
import { type StateStore, Supervisor, type SupervisorEvent } from "@myrmidonjs/supervisor"
import { Deferred, Effect, Exit, Schema, Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { Crash, Id, Journal, testSystems, Worker, workerOf } from "./fixtures.ts"

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
const settled = Effect.repeat(turn, { times: 20 })

class TheWorker extends Actor.Service<TheWorker>()("test/TheWorker", Worker) {}

const Tally = Actor.make("Tally", [
  Rpc.make("Add", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("Boom")
])
const tallyOf = (store?: StateStore<number>) =>
  Tally.behavior({
    init: (n: number) => ({ n }),
    handlers: {
      Add: (state, by) => {
        state.n += by
        store?.write(state.n)
        return state.n
      },
      Boom: () => {
        throw new Error("boom")
      }
    }
  })
const { Add, Boom } = Tally.messages

const ends = (events: ReadonlyArray<SupervisorEvent>) =>
  events.map(({ _tag, child, reason }) =>
    `${_tag} ${child}${reason === undefined ? "" : ` ${ExitReason.print(reason)}`}`
  )

const heard = Effect.gen(function*() {
  const events: Array<SupervisorEvent> = []
  yield* Effect.forkScoped(
    Stream.runForEach(Supervisor.events, (event) => Effect.sync(() => void events.push(event))),
    {
      startImmediately: true
    }
  )
  yield* turn
  return events
})

describe.each(testSystems)("children on the %s", (_, system) => {
  it.effect("an Effect is started again when it fails, ends when it succeeds, and its Scope closes each time (G84)", () =>
    Effect.gen(function*() {
      const events = yield* heard
      const closed: Array<number> = []
      let starts = 0
      const consumer = Effect.gen(function*() {
        const life = ++starts
        yield* Effect.addFinalizer(() => Effect.sync(() => closed.push(life)))
        yield* turn
        if (life === 1) return yield* Effect.fail(new Error("lost"))
      })
      const running = yield* Supervisor.start(
        Supervisor.make("app", { intensity: 3 }, [Supervisor.effect("consumer", consumer, { restart: "transient" })])
      )
      yield* settled
      assert.deepStrictEqual([starts, closed], [2, [1, 2]])
      assert.deepStrictEqual(ends(events), [
        "Started consumer",
        "Crashed consumer crashed: Error: lost",
        "Restarted consumer"
      ])
      assert.deepStrictEqual((yield* running.which).map(({ status }) => status), ["stopped"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a resource counts as started once acquired, and is released in its turn (G84)", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const pool = Effect.acquireRelease(
        Effect.sync(() => {
          journal.write("open pool")
          return { connections: 8 }
        }),
        () => Effect.sync(() => journal.write("close pool"))
      )
      const scope = yield* Scope.make()
      const running = yield* Scope.provide(
        Supervisor.start(
          Supervisor.make("app", {}, [
            Supervisor.scoped("pool", pool),
            Supervisor.make("inner", {}, [Supervisor.child("a", workerOf(journal), "a")]),
            Supervisor.dynamic("many", workerOf(journal))
          ])
        ),
        scope
      )
      assert.deepStrictEqual(yield* running.get("pool"), { connections: 8 })
      yield* (yield* running.get("many")).start("b")
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(journal.take(), [
        "open pool",
        "start a",
        "start b",
        "end b shutdown",
        "end a shutdown",
        "close pool"
      ])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a resource that cannot be acquired fails the start with its own error (G84, G86)", () =>
    Effect.gen(function*() {
      const tree = Supervisor.make("app", {}, [Supervisor.scoped("pool", Effect.fail("no database"))])
      const error = yield* Effect.flip(Supervisor.start(tree))
      assert(error._tag === "ChildStartError")
      assert.deepStrictEqual([error.path, error.error], [["app", "pool"], "no database"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what a child provides, its name and the handles follow it over restarts (G100)", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const seen: Array<string> = []
      const gate = Deferred.makeUnsafe<void>()
      // A younger sibling finds the older one in its context.
      const reader = Effect.gen(function*() {
        const worker = yield* TheWorker
        seen.push(yield* Effect.orDie(worker.ask(Id())))
        yield* Deferred.await(gate)
        seen.push(yield* Effect.orDie(worker.ask(Id())))
        return yield* Effect.never
      })
      const running = yield* Supervisor.start(
        Supervisor.make("app", { intensity: 3 }, [
          Supervisor.make("inner", { intensity: 0 }, [
            Supervisor.child("worker", workerOf(journal), "w", { provides: TheWorker })
          ]),
          Supervisor.effect("reader", reader)
        ])
      )
      const inner = yield* running.get("inner")
      const before = yield* Actor.whereis(Worker, "app/inner/worker")
      const named = yield* ActorRef.named(Worker, "app/inner/worker")
      yield* settled
      // An intensity of 0: the inner supervisor goes with its child, and both are others afterwards.
      const innerPid = inner.ref.pid
      yield* named.tell(Crash("boom"))
      yield* settled
      assert.notStrictEqual(inner.ref.pid, innerPid)
      const after = yield* Actor.whereis(Worker, "app/inner/worker")
      assert.notStrictEqual(after.pid, before.pid)
      assert.strictEqual(yield* named.ask(Id()), "w")
      Deferred.doneUnsafe(gate, Exit.void)
      yield* settled
      assert.deepStrictEqual(seen, ["w", "w"])
      assert.deepStrictEqual((yield* inner.which).map(({ id, status }) => [id, status]), [["worker", "running"]])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("starts again with the arguments of its spec, or with what its store holds (G101)", () =>
    Effect.gen(function*() {
      const store = Supervisor.stateStore<number>()
      store.write(100)
      const running = yield* Supervisor.start(
        Supervisor.make("app", { intensity: 10 }, [
          Supervisor.child("plain", tallyOf(), 1),
          Supervisor.child("kept", tallyOf(store), 1, { restoreFrom: store })
        ])
      )
      const add = (id: "plain" | "kept", n: number) => Effect.flatMap(running.get(id), (ref) => ref.ask(Add(n)))
      const crash = (id: "plain" | "kept") =>
        Effect.andThen(Effect.flatMap(running.get(id), (ref) => ref.tell(Boom())), settled)
      // The first start takes the spec's own, whatever the store holds.
      assert.deepStrictEqual([yield* add("plain", 5), yield* add("kept", 5)], [6, 6])
      yield* crash("plain")
      yield* crash("kept")
      assert.deepStrictEqual([yield* add("plain", 0), yield* add("kept", 0)], [1, 6])
      store.clear()
      yield* crash("kept")
      assert.strictEqual(yield* add("kept", 0), 1)
    }).pipe(Effect.scoped, Effect.provide(system)))
})
