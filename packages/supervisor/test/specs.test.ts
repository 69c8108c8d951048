// What specs say: which are refused, what they provide, and how a running supervisor takes others.
import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
import {
  type Child,
  ChildNotRunning,
  type Dynamic,
  InvalidSpec,
  Supervisor,
  type TreeNode
} from "@myrmidonjs/supervisor"
import { assert, describe, it } from "@effect/vitest"
import { inspect } from "node:util"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import type { RpcGroup } from "effect/rpc"
import { TestClock } from "effect/testing"
import { Crash, eventually, Id, Journal, quiet, type StartRefused, testSystems, Worker, workerOf } from "./fixtures.ts"

class TheWorker extends Actor.Service<TheWorker>()("test/TheWorker", Worker) {}
class Workers extends Context.Service<
  Workers,
  Dynamic<typeof Worker extends { readonly group: RpcGroup.RpcGroup<infer Rpcs> } ? Rpcs : never, string, StartRefused>
>()("test/Workers") {}

const actors = Effect.flatMap(ActorSystem, ({ info }) => Effect.map(info, ({ actors }) => actors))

const Elsewhere = Supervisor.module(
  import.meta.url,
  Supervisor.make("elsewhere", {}, [Supervisor.child("bad", workerOf(new Journal()), "")]),
  Layer.empty
)

const untyped = (child: unknown) => child as Child<string, unknown, never, unknown, ActorSystem>

const statuses = (children: ReadonlyArray<{ readonly id: string; readonly status: string }>) =>
  children.map(({ id, status }) => `${id} ${status}`)

describe.each(testSystems)("specs on the %s", (_, system) => {
  const test = (name: string, body: () => Effect.Effect<void, unknown, ActorSystem | Scope.Scope>) =>
    it.effect(name, () => Effect.provide(Effect.scoped(Effect.suspend(body)), system))

  describe("G96: refused by name before anything starts", () => {
    const worker = workerOf(new Journal())
    // Each is wrong in one field; as somebody without types would write it.
    const refused: ReadonlyArray<readonly [field: string, child: () => unknown]> = [
      ["behavior", () => Supervisor.child("bad", {} as never, "")],
      ["behavior", () => Supervisor.dynamic("bad", undefined as never)],
      ["effect", () => Supervisor.effect("bad", 5 as never)],
      ["effect", () => Supervisor.scoped("bad", (() => Effect.void) as never)],
      ["name", () => Supervisor.child("bad", worker, "", { name: "" })],
      ["name", () => Supervisor.child("bad", worker, "", { name: "\ud800" })],
      ["initTimeout", () => Supervisor.child("bad", worker, "", { initTimeout: 0 })],
      ["budget", () => Supervisor.child("bad", worker, "", { budget: 0 })],
      ["budget", () => Supervisor.child("bad", worker, "", { budget: 65 })],
      ["budget", () => Supervisor.child("bad", worker, "", { budget: "8" as never })],
      ["initTimeout", () => Supervisor.child("bad", worker, "", { initTimeout: "soon" as never })],
      ["mailbox.capacity", () => Supervisor.child("bad", worker, "", { mailbox: { capacity: 0 } })],
      ["mailbox.onFull", () => Supervisor.child("bad", worker, "", { mailbox: { onFull: "explode" as never } })],
      ["mailbox.sendTimeout", () => Supervisor.child("bad", worker, "", { mailbox: { sendTimeout: -1 } })],
      ["restoreFrom", () => Supervisor.child("bad", worker, "", { restoreFrom: {} as never })],
      ["mailbox", () => Supervisor.child("bad", worker, "", { mailbox: null as never })],
      ["mailbox", () => Supervisor.child("bad", worker, "", { mailbox: "large" as never })],
      ["provides", () => Supervisor.child("bad", worker, "", { provides: "a name" as never })],
      ["provides", () => Supervisor.dynamic("bad", worker, { provides: {} as never })],
      ["options", () => Supervisor.child("bad", worker, "", null as never)],
      ["options", () => Supervisor.child("bad", worker, "", "temporary" as never)],
      ["options", () => Supervisor.dynamic("bad", worker, null as never)],
      ["options", () => Supervisor.effect("bad", Effect.void, null as never)],
      ["restart", () => Supervisor.child("bad", worker, "", { restart: "never" as never })],
      ["shutdown", () => Supervisor.child("bad", worker, "", { shutdown: Number.NaN })],
      ["shutdown", () => Supervisor.child("bad", worker, "", { shutdown: "kill" as never })],
      ["significant", () => Supervisor.child("bad", worker, "", { restart: "transient", significant: 1 as never })],
      ["place", () => Supervisor.child("bad", worker, "", { place: "there" as never })],
      ["place", () => Supervisor.child("bad", worker, "", { place: "worker" })],
      ["place", () => Supervisor.make("bad", { place: "main" }, [])],
      ["place", () => Supervisor.placed("bad", Elsewhere, { place: "there" as never })],
      ["significant", () => Supervisor.placed("bad", Elsewhere, { significant: true })],
      ["tree", () => Supervisor.placed("bad", Supervisor.make("bad", {}, []) as never)],
      ["tree", () => Supervisor.placed("bad", undefined as never)],
      ["place", () => Supervisor.dynamic("bad", worker, { place: "worker" })],
      ["options", () => Supervisor.make("bad", undefined as never, [])],
      ["children", () => Supervisor.make("bad", {}, "abc" as never)],
      ["strategy", () => Supervisor.make("bad", { strategy: "simple_one_for_one" as never }, [])],
      ["intensity", () => Supervisor.make("bad", { intensity: Number.NaN }, [])],
      ["intensity", () => Supervisor.make("bad", { intensity: "3" as never }, [])],
      ["period", () => Supervisor.make("bad", { period: Number.NaN }, [])],
      ["backoff", () => Supervisor.make("bad", { backoff: 5 as never }, [])],
      ["backoff.min", () => Supervisor.make("bad", { backoff: { min: 0, max: 5 } }, [])],
      ["backoff.max", () => Supervisor.make("bad", { backoff: { min: 9, max: 5 } }, [])],
      ["autoShutdown", () => Supervisor.make("bad", { autoShutdown: "always" as never }, [])],
      ["partitions", () => Supervisor.dynamic("bad", worker, { partitions: 0 })],
      ["restrat", () => Supervisor.child("bad", worker, "", { restrat: "temporary" } as never)],
      ["partitions", () => Supervisor.child("bad", worker, "", { partitions: 1 } as never)],
      ["mailbox.capacty", () => Supervisor.child("bad", worker, "", { mailbox: { capacty: 1 } } as never)],
      ["name", () => Supervisor.dynamic("bad", worker, { name: "x" } as never)],
      ["name", () => Supervisor.effect("bad", Effect.void, { name: "x" } as never)],
      ["restoreFrom", () => Supervisor.scoped("bad", Effect.void, { restoreFrom: {} } as never)],
      ["stratgy", () => Supervisor.make("bad", { stratgy: "one_for_all" } as never, [])],
      ["backoff.mx", () => Supervisor.make("bad", { backoff: { min: 1, max: 5, mx: 9 } } as never, [])]
    ]

    it.effect.each(refused.map(([field, child], at) => ({ name: `${at}: ${field}`, field, child })))(
      "$name",
      ({ child, field }) =>
        Effect.gen(function*() {
          const journal = new Journal()
          const error = yield* Effect.flip(Effect.scoped(Supervisor.start(Supervisor.make("top", {}, [
            Supervisor.child("a", workerOf(journal), "a"),
            Supervisor.make("in", {}, [untyped(child())])
          ]))))
          assert.instanceOf(error, InvalidSpec)
          assert.deepStrictEqual([error.id, error.field], ["bad", field])
          assert.strictEqual(journal.count, 0, "nothing has started")
        }).pipe(Effect.provide(system))
    )

    test("what is no tree", () =>
      Effect.gen(function*() {
        const app = yield* Supervisor.start(Supervisor.make("top", {}, []))
        for (const nothing of [undefined, null, 42, {}]) {
          const start = Supervisor.start(untyped(nothing)), change = Supervisor.change(app.ref, untyped(nothing))
          assert.instanceOf(yield* Effect.flip(start), InvalidSpec)
          assert.instanceOf(yield* Effect.flip(change), InvalidSpec)
          assert.instanceOf(yield* Effect.flip(app.start(untyped(nothing))), InvalidSpec)
        }
      }))

    test("a name that two children of the tree have, also one that is made of a path", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const error = yield* Effect.flip(Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.child("a", workerOf(journal), "a", { provides: TheWorker }),
          Supervisor.make("in", {}, [Supervisor.child("b", workerOf(journal), "b", { name: "top/a" })])
        ])))
        assert.instanceOf(error, InvalidSpec)
        assert.deepStrictEqual([error.id, error.field, error.issue], ["b", "name", `is taken by "top/a"`])
        assert.strictEqual(journal.count, 0)
      }))
  })

  describe("G84, G102: Effects and Layers", () => {
    test("a Layer stops its tree with its scope, in reverse, and closes the scopes of its Effects", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const resource = (id: string) =>
          Effect.acquireRelease(
            Effect.sync(() => journal.write(`acquire ${id}`)),
            () => Effect.sync(() => journal.write(`release ${id}`))
          )
        const tree = Supervisor.make("top", {}, [
          Supervisor.scoped("pool", resource("pool")),
          Supervisor.child("a", workerOf(journal), "a"),
          Supervisor.effect("loop", Effect.andThen(resource("loop"), Effect.never))
        ])
        const scope = yield* Scope.make()
        yield* Layer.buildWithScope(Supervisor.layer(tree), scope)
        assert.deepStrictEqual(journal.take(), ["acquire pool", "start a", "acquire loop"])
        assert.strictEqual(yield* actors, 4)
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(journal.take(), ["release loop", "end a shutdown", "release pool"])
        assert.strictEqual(yield* actors, 0)
      }))

    test("an Effect that fails is started again with a scope of its own; one that is done is not", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const fail = yield* Deferred.make<never, string>()
        let runs = 0
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [
          Supervisor.effect(
            "fails",
            Effect.andThen(
              Effect.addFinalizer(() => Effect.sync(() => journal.write("closed"))),
              Effect.suspend(() => runs++ === 0 ? Deferred.await(fail) : Effect.never)
            ),
            { restart: "transient" }
          ),
          Supervisor.effect("is done", Effect.sync(() => journal.write("done")), { restart: "transient" })
        ]))
        yield* quiet
        assert.deepStrictEqual(statuses(yield* app.which), ["fails running", "is done stopped"])
        yield* Deferred.fail(fail, "no")
        yield* eventually("its second run", () => runs === 2)
        yield* quiet
        assert.deepStrictEqual(journal.take(), ["done", "closed"])
        assert.deepStrictEqual((yield* app.which).map(({ restarts }) => restarts), [1, 0])
      }))

    test("G100: what a child provides follows it, for younger siblings and for users of the Layer", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const seen: Array<string> = []
        const asks = Effect.flatMap(TheWorker, (worker) => worker.ask(Id()))
        const tree = Supervisor.make("top", { intensity: 9 }, [
          Supervisor.child("a", workerOf(journal), "a", { provides: TheWorker }),
          Supervisor.dynamic("many", workerOf(journal), { provides: Workers }),
          Supervisor.effect(
            "asks",
            Effect.andThen(Effect.map(asks, (id) => void seen.push(id)), Effect.never)
          )
        ])
        const program = Effect.gen(function*() {
          yield* eventually("the sibling asks", () => seen.length === 1)
          const worker = yield* TheWorker
          const workers = yield* Workers
          assert.strictEqual(yield* worker.ask(Id()), "a")
          yield* worker.tell(Crash("boom"))
          yield* Actor.kill(workers.ref)
          yield* eventually("it is back", () => journal.has("end a crashed: Error: boom"))
          yield* quiet
          assert.strictEqual(yield* worker.ask(Id()), "a")
          const ref = yield* workers.start("x")
          assert.strictEqual(yield* ref.ask(Id()), "x")
          assert.strictEqual(yield* workers.count, 1)
        })
        yield* Effect.provide(program, Supervisor.layer(tree))
      }))
  })

  describe("G97: other specs", () => {
    test("a supervisor that a change has added ends with a killed parent", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [Supervisor.child("a", worker, "a")]))
        const deaf = workerOf(journal, { trap: true })
        yield* Supervisor.change(
          app.ref,
          Supervisor.make("top", {}, [
            Supervisor.child("a", worker, "a"),
            Supervisor.make("in", {}, [Supervisor.child("b", deaf, "b", { shutdown: "brutal" })])
          ])
        )
        yield* app.restart("in" as "a")
        assert.strictEqual(yield* actors, 4)
        yield* Actor.kill(app.ref)
        yield* quiet
        assert.strictEqual(yield* actors, 0)
      }))

    test("a new child is given the handle of a dynamic supervisor that was kept", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const many = Supervisor.dynamic("many", workerOf(journal), { provides: Workers })
        const app = yield* Supervisor.start(Supervisor.make("top", {}, [many]))
        yield* (yield* app.get("many")).start("x")
        yield* Supervisor.change(
          app.ref,
          Supervisor.make("top", {}, [
            many,
            Supervisor.scoped("starts", Effect.flatMap(Workers, (workers) => workers.start("y")))
          ])
        )
        yield* app.restart("starts" as "many")
        assert.strictEqual(yield* (yield* app.get("many")).count, 2)
      }))

    test("a dynamic supervisor takes another behaviour and other treatment by its own ref", () =>
      Effect.gen(function*() {
        const before = new Journal(), after = new Journal()
        const many = yield* Supervisor.start(Supervisor.dynamic("many", workerOf(before)))
        const kept = yield* many.start("x")
        yield* Supervisor.change(many.ref, Supervisor.dynamic("many", workerOf(after), { restart: "temporary" }))
        assert.strictEqual(yield* kept.ask(Id()), "x")
        yield* many.start("y")
        assert.deepStrictEqual(after.take(), ["start y"])
        yield* kept.tell(Crash("boom"))
        yield* eventually("its end", () => before.has("end x crashed: Error: boom"))
        yield* quiet
        assert.strictEqual(yield* many.count, 1)
      }))

    test("a partition that a change has added, and that does not run yet, is passed over", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const treeOf = (partitions: number) =>
          Supervisor.make("top", {}, [Supervisor.dynamic("many", workerOf(journal), { partitions })])
        const app = yield* Supervisor.start(treeOf(2))
        const many = yield* app.get("many")
        yield* Supervisor.change(app.ref, treeOf(3))
        for (const id of ["a", "b", "c", "d"]) yield* many.start(id)
        assert.strictEqual(yield* many.count, 4)
      }))

    // a is to be started again and fails, b waits for it.
    const failing = (strategy: "one_for_all" | "rest_for_one") =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const options = { strategy, intensity: 9, backoff: { min: "1 second", max: "1 second" } } as const
        const [a, b] = [Supervisor.child("a", worker, "a"), Supervisor.child("b", worker, "b")]
        const app = yield* Supervisor.start(Supervisor.make("top", options, [a, b]))
        journal.script.set("a", ["fail"])
        yield* (yield* app.get("a")).tell(Crash("boom"))
        yield* quiet
        yield* TestClock.adjust("1 second")
        yield* eventually("a fails", () => journal.has("fail a"))
        yield* quiet
        assert.deepStrictEqual(statuses(yield* app.which), ["a restarting", "b restarting"])
        return { app, options, a, b }
      })

    test("whoever waits for the restart of one that is forgotten starts without it", () =>
      Effect.gen(function*() {
        const { app, b, options } = yield* failing("one_for_all")
        yield* Supervisor.change(app.ref, Supervisor.make("top", options, [b]))
        yield* quiet
        assert.deepStrictEqual(statuses(yield* app.which), ["b running"])
      }))

    test("whoever waits for a restart starts with it, also under another strategy and in another order", () =>
      Effect.gen(function*() {
        const { a, app, b, options } = yield* failing("rest_for_one")
        yield* Supervisor.change(app.ref, Supervisor.make("top", options, [b, a]))
        yield* TestClock.adjust("1 second")
        yield* quiet
        assert.deepStrictEqual(statuses(yield* app.which), ["b running", "a running"])
        const other = yield* failing("one_for_all")
        yield* Supervisor.change(
          other.app.ref,
          Supervisor.make("top", { ...options, strategy: "one_for_one" }, [other.a, other.b])
        )
        yield* TestClock.adjust("1 second")
        yield* quiet
        assert.deepStrictEqual(statuses(yield* other.app.which), ["a running", "b running"])
      }))

    test("a nested supervisor changes when what it does is done: what starts meanwhile does not outlive it", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const deaf = workerOf(journal, { trap: true })
        const gate = yield* Deferred.make<void>()
        let starts = 0
        const slow = Worker.behavior({
          init: (id: string): { id: string } | Effect.Effect<{ id: string }> =>
            starts++ === 0 ? { id } : Effect.as(Deferred.await(gate), { id }),
          handlers: { Crash: () => {}, Leave: () => {}, Unlink: () => {}, Id: ({ id }) => id },
          signals: { exit: () => {} }
        })
        const treeOf = (...ids: ReadonlyArray<"a" | "b">) =>
          Supervisor.make("top", {}, [
            Supervisor.make(
              "in",
              { strategy: "rest_for_one" },
              ids.map((id) =>
                id === "a"
                  ? Supervisor.child("a", deaf, id, { shutdown: "brutal" })
                  : Supervisor.child("b", slow, id, { shutdown: "brutal" })
              )
            )
          ])
        const app = yield* Supervisor.start(treeOf("a", "b"))
        const inner = yield* app.get("in")
        yield* (yield* inner.get("a")).tell(Crash("boom"))
        yield* eventually("b starts again", () => starts === 2)
        const change = yield* Effect.forkScoped(Supervisor.change(app.ref, treeOf("a")), { startImmediately: true })
        yield* quiet
        assert.isUndefined(change.pollUnsafe())
        assert.deepStrictEqual(statuses(yield* inner.which), ["a running", "b restarting"])
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(change)
        assert.deepStrictEqual(statuses(yield* inner.which), ["a running"])
        // b was forgotten while it ran: it ends with its supervisor.
        assert.strictEqual(yield* actors, 4)
        yield* app.terminate("in")
        assert.strictEqual(yield* actors, 1)
      }))

    test("what is not that supervisor is refused, and so is one that is gone", () =>
      Effect.gen(function*() {
        const journal = new Journal()
        const worker = workerOf(journal)
        const scope = yield* Scope.make()
        const app = yield* Scope.provide(Supervisor.start(Supervisor.make("top", {}, [])), scope)
        const fields = yield* Effect.forEach(
          [Supervisor.make("other", {}, []), Supervisor.child("top", worker, ""), Supervisor.dynamic("top", worker)],
          (spec) => Effect.flip(Supervisor.change(app.ref, untyped(spec)))
        )
        assert.deepStrictEqual(fields.map((error) => error instanceof InvalidSpec && error.field), [
          "id",
          "kind",
          "kind"
        ])
        const { ref } = app
        yield* Scope.close(scope, Exit.void)
        const gone = yield* Effect.flip(Supervisor.change(ref, Supervisor.make("top", {}, [])))
        assert.instanceOf(gone, ChildNotRunning)
      }))
  })

  test("G79: the tree of a group swap goes on below dynamic supervisors", () =>
    Effect.gen(function*() {
      const counter = (version: string) =>
        Worker.behavior({
          version,
          init: (id: string) => ({ id }),
          handlers: { Crash: () => {}, Leave: () => {}, Unlink: () => {}, Id: ({ id }) => `${id} ${version}` }
        })
      const first = counter("1")
      const app = yield* Supervisor.start(Supervisor.make("top", {}, [
        Supervisor.child("a", first, "a"),
        Supervisor.dynamic("many", first)
      ]))
      const many = yield* app.get("many")
      const x = yield* many.start("x")
      yield* HotSwap.swapAll(HotSwap.upgrade(first, counter("2"), {}), { tree: app.ref })
      assert.deepStrictEqual([yield* x.ask(Id()), yield* (yield* app.get("a")).ask(Id())], ["x 2", "a 2"])
    }))

  test("a handle prints as its place in the tree, and not as its system", () =>
    Effect.gen(function*() {
      const app = yield* Supervisor.start(
        Supervisor.make("top", {}, [Supervisor.dynamic("many", workerOf(new Journal()))])
      )
      const many = yield* app.get("many")
      assert.strictEqual(inspect({ app, many }), "{ app: supervisor top, many: supervisor top/many }")
      assert.deepStrictEqual(JSON.parse(JSON.stringify([app, many])), [
        { _id: "Supervisor", path: ["top"] },
        { _id: "Supervisor", path: ["top", "many"] }
      ])
    }))

  test("tree and render show names, PIDs, restarts, queues and states", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const worker = workerOf(journal)
      const app = yield* Supervisor.start(Supervisor.make("top", { intensity: 9 }, [
        Supervisor.child("a", worker, "a", { name: "first" }),
        Supervisor.child("b", worker, "b"),
        Supervisor.make("in", {}, [Supervisor.effect("loop", Effect.never)]),
        Supervisor.dynamic("many", worker)
      ]))
      yield* (yield* app.get("a")).tell(Crash("boom"))
      yield* eventually("it is back", () => journal.count === 4)
      yield* quiet
      yield* app.terminate("b")
      const many = yield* app.get("many")
      for (let i = 0; i < 101; i++) yield* many.start(`x${i}`)
      const a = yield* app.get("a")
      yield* Actor.suspend(a)
      a.tellUnsafe(Crash("waits"))
      a.tellUnsafe(Crash("waits"))
      yield* quiet
      const tree = yield* Supervisor.tree(app.ref)
      const text = Supervisor.render({
        ...tree,
        children: tree.children.map((child): TreeNode =>
          child.id === "many" ? { ...child, children: child.children.slice(0, 1) } : child
        )
      })
      const shape = text.replaceAll(/<[\d.]+>/g, "<pid>")
      assert.deepStrictEqual(shape.split("\n"), [
        "top  supervisor  <pid>",
        "├─ a (first)  <pid>  1 restart  2 queued",
        "├─ b  stopped",
        "├─ in  supervisor  <pid>",
        "│  └─ loop  effect  <pid>",
        "└─ many  dynamic  <pid>  and 1 more",
        "   └─ many  <pid>"
      ])
      yield* Actor.kill(a)
    }))
})
