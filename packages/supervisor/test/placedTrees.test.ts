// Supervisors that live on worker isolates (G246 to G249).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, Monitor } from "@myrmidonjs/actor"
import { ChildStartError, Supervisor } from "@myrmidonjs/supervisor"
import { Cause, Effect, Exit, Fiber, Layer, Scope, Stream } from "effect"
import { threadId } from "node:worker_threads"
import { Placed } from "./isolates/placed.ts"
import { Broken, First, Floor, Giving, Lingerer, Pool, Register, RegisterLive, Wide } from "./isolates/trees.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const { Add, Crash, Thread } = Placed.messages

const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

const next = (tag: string, child: string) =>
  Effect.forkScoped(
    Stream.runHead(Stream.filter(Supervisor.events, (event) => event._tag === tag && event.child === child)),
    { startImmediately: true }
  )

/** Who has begun and not ended, and whether ever two of one name were there at once. */
const lives = Effect.gen(function*() {
  const register = yield* Actor.whereis(Register, "register")
  const lines = yield* register.ask(Register.messages.Lines())
  const there = new Set<string>()
  for (const line of lines) {
    const id = line.slice(1)
    if (line.startsWith("+")) {
      assert.isFalse(there.has(id), `${id} was started twice: ${lines.join(" ")}`)
      there.add(id)
    } else there.delete(id)
  }
  return Array.from(there)
})

const systems = [
  ["twin, in place", ActorSystem.layerMemory(), false],
  ...nativeLoads ? [["native, on a worker", ActorSystem.layer({ isolates: 2 }), true] as const] : []
] as const

describe.each(systems)("a supervisor elsewhere: %s", (_, system, isAway) => {
  const place = isAway ? "worker" : "here"

  it.live(
    "G246: it lives where it is placed, and gives what its children are there",
    () =>
      Effect.gen(function*() {
        yield* RegisterLive.spawn(undefined, { name: "register" })
        const Tree = Supervisor.make("app", {}, [Supervisor.placed("floor", Floor, { place })])
        const scope = yield* Scope.make()
        const app = yield* Scope.provide(Supervisor.start(Tree), scope)
        const floor = yield* app.get("floor")
        const first = yield* floor.get("first")
        assert.strictEqual((yield* first.ask(Thread())) !== threadId, isAway)
        assert.strictEqual(yield* first.ask(Add(1)), 11)

        const second = yield* floor.get("second")
        assert.strictEqual(yield* second.ask(Lingerer.messages.Thread()), yield* first.ask(Thread()))
        const inner = yield* floor.get("inner")
        const deep = yield* inner.get("deep")
        assert.strictEqual(yield* deep.ask(Add(1)), 31)

        const pool = yield* floor.get("pool")
        const one = yield* pool.start(50)
        assert.strictEqual(yield* one.ask(Add(1)), 51)
        assert.strictEqual(yield* pool.count, 1)
        assert.deepStrictEqual(Array.from(yield* Stream.runCollect(pool.children), ({ pid }) => pid), [one.pid])
        yield* pool.terminate(one)
        assert.strictEqual(yield* pool.count, 0)

        assert.deepStrictEqual(
          (yield* floor.which).map(({ id, status, type }) => `${id} ${type} ${status}`),
          ["first worker running", "second worker running", "inner supervisor running", "pool supervisor running"]
        )
        assert.deepStrictEqual(yield* floor.count, { specs: 4, active: 4, supervisors: 2, workers: 2 })
        assert.deepStrictEqual(yield* app.count, { specs: 1, active: 1, supervisors: 1, workers: 0 })

        yield* floor.terminate("first")
        assert.isFalse(yield* Actor.isAlive(first))
        assert.strictEqual((yield* Effect.flip(floor.get("first")))._tag, "ChildNotRunning")
        yield* floor.restart("first")
        assert.strictEqual((yield* Effect.flip(floor.restart("first")))._tag, "ChildPresent")
        yield* floor.terminate("first")
        yield* floor.delete("first")
        assert.strictEqual((yield* floor.which).length, 3)

        const tree = yield* Supervisor.tree(app.ref)
        assert.match(
          Supervisor.render(tree).replaceAll(/<[^>]+>/g, "<pid>"),
          /^app {2}supervisor {2}<pid>\n└─ floor {2}supervisor {2}<pid>\n {3}├─ second \(floor-second\) {2}<pid>\n {3}├─ inner {2}supervisor {2}<pid>\n {3}│ {2}└─ deep {2}<pid>\n {3}└─ pool {2}dynamic {2}<pid>$/
        )
        assert.strictEqual((yield* Supervisor.tree(yield* floor.ref)).children.length, 3)

        yield* Scope.close(scope, Exit.void)
        for (const ref of [second, deep]) assert.isFalse(yield* Actor.isAlive(ref))
        assert.deepStrictEqual(yield* lives, [])
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )

  it.live(
    "G247: what happens below it is an event where the supervisor above stands",
    () =>
      Effect.gen(function*() {
        yield* RegisterLive.spawn(undefined, { name: "register" })
        const Tree = Supervisor.make("app", {}, [Supervisor.placed("floor", Floor, { place })])
        const seen: Array<string> = []
        yield* Effect.forkScoped(
          Stream.runForEach(Supervisor.events, ({ _tag, child, supervisor }) =>
            Effect.sync(() => void seen.push(`${_tag} ${supervisor} ${child}`))),
          { startImmediately: true }
        )
        const app = yield* Supervisor.start(Tree)
        const floor = yield* app.get("floor")
        const restarted = yield* next("Restarted", "first")
        yield* (yield* floor.get("first")).tell(Crash())
        yield* Fiber.join(restarted)
        assert.strictEqual(yield* (yield* floor.get("first")).ask(Add(1)), 11)
        assert.deepStrictEqual([...seen].sort(), [
          "Crashed app/floor first",
          "Restarted app/floor first",
          "Started app floor",
          "Started app/floor first",
          "Started app/floor inner",
          "Started app/floor pool",
          "Started app/floor second",
          "Started app/floor/inner deep"
        ])
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )

  it.live(
    "G246: a child that does not start is named by its path, and those before it are gone",
    () =>
      Effect.gen(function*() {
        yield* RegisterLive.spawn(undefined, { name: "register" })
        const Tree = Supervisor.make("app", {}, [Supervisor.placed("broken", Broken, { place })])
        const exit = yield* Effect.exit(Supervisor.start(Tree))
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        if (!(error instanceof ChildStartError)) return assert.fail(String(error))
        assert.deepStrictEqual(error.path, ["app", "broken", "bad"])
        assert.match(error.message, /on purpose/)
        assert.deepStrictEqual(yield* lives, [])
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )

  it.live(
    "G246: what its children provide, younger siblings and the Layer find",
    () => {
      const Tree = Supervisor.make("app", { intensity: 100 }, [
        Supervisor.placed("east", Giving, { place }),
        Supervisor.effect(
          "user",
          Effect.gen(function*() {
            yield* (yield* First).tell(Add(5))
          }),
          { restart: "temporary" }
        )
      ])
      return Effect.gen(function*() {
        const first = yield* First
        assert.strictEqual(first.name, "app/east/first")
        const restarted = yield* next("Restarted", "first")
        yield* first.tell(Crash())
        yield* Fiber.join(restarted)
        assert.strictEqual(yield* first.ask(Add(1)), 11)
        const pool = yield* Pool
        const one = yield* pool.start(3, { name: "of the pool" })
        assert.strictEqual(yield* one.ask(Add(1)), 4)
        assert.strictEqual((yield* Actor.whereis(Placed, "of the pool")).pid, one.pid)
        assert.throws(() => pool.startUnsafe(1), "`start` is for children of other isolates")
        const refused = yield* Effect.flip(pool.start(1, { budget: 2 }))
        assert(refused._tag === "SpawnError" && refused.reason._tag === "InvalidOption")
      }).pipe(Effect.scoped, Effect.provide(Supervisor.layer(Tree)), Effect.provide(system))
    },
    patience
  )

  it.live(
    "G246: its specs are those of its module",
    () =>
      Effect.gen(function*() {
        const app = yield* Supervisor.start(
          Supervisor.make("app", {}, [Supervisor.placed("east", Giving, { place })])
        )
        const ref = yield* (yield* app.get("east")).ref
        const refused = yield* Effect.flip(Supervisor.change(ref, Supervisor.make("east", {}, [])))
        assert.deepInclude(refused, { _tag: "InvalidSpec", field: "place" })
        yield* Supervisor.change(
          app.ref,
          Supervisor.make("app", { intensity: 3 }, [Supervisor.placed("east", Giving, { place, shutdown: 100 })])
        )
        assert.strictEqual((yield* (yield* app.get("east")).ref).pid, ref.pid)
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )

  it.live(
    "G248: killed, by a program or after its time, it is started again when nobody is left of it",
    () =>
      Effect.gen(function*() {
        yield* RegisterLive.spawn(undefined, { name: "register" })
        const Tree = Supervisor.make("app", { intensity: 100, period: "1 minute" }, [
          Supervisor.placed("floor", Floor, { place, shutdown: "brutal" })
        ])
        const app = yield* Supervisor.start(Tree)
        const floor = yield* app.get("floor")
        const restarted = yield* next("Restarted", "floor")
        const before = yield* floor.ref
        yield* Actor.kill(before)
        yield* Fiber.join(restarted)
        assert.notStrictEqual((yield* floor.ref).pid, before.pid)
        assert.sameMembers(yield* lives, ["second"])
        assert.strictEqual(yield* (yield* floor.get("first")).ask(Add(1)), 11)
        yield* app.terminate("floor")
        assert.deepStrictEqual(yield* lives, [])
        yield* app.restart("floor")
        assert.sameMembers(yield* lives, ["second"])
      }).pipe(Effect.scoped, Effect.provide(system)),
    patience
  )
})

describe.runIf(nativeLoads)("a supervisor whose isolate ends", () => {
  it.live(
    "G249: it is started again elsewhere with all its children, and none of them runs twice",
    () =>
      Effect.gen(function*() {
        yield* RegisterLive.spawn(undefined, { name: "register" })
        // As many restarts as there are ends: no start may fail because somebody was still there.
        const Tree = Supervisor.make("app", { intensity: 3, period: "1 minute" }, [
          Supervisor.placed("wide", Wide, { place: "worker" }),
          Supervisor.child("other", RegisterLive, undefined)
        ])
        const app = yield* Supervisor.start(Tree)
        const other = yield* app.get("other")
        const wide = yield* app.get("wide")
        assert.sameMembers(yield* lives, ["here", "main", "other", "second"])
        for (let round = 0; round < 3; round++) {
          const restarted = yield* next("Restarted", "wide")
          const before = yield* wide.ref
          const down = yield* Monitor.make(before)
          const main = yield* wide.get("main")
          assert.strictEqual(yield* main.ask(Lingerer.messages.Thread()), threadId)
          const here = yield* wide.get("here")
          // Of its isolate nobody can say good-bye: whoever is left of it here has to.
          yield* (yield* Actor.whereis(Register, "register")).tell(Register.messages.Ends("here"))
          yield* here.tell(Lingerer.messages.Exit())
          yield* Fiber.join(restarted)
          assert.strictEqual((yield* down)._tag, "IsolateDown")
          assert.isFalse(yield* Actor.isAlive(main))
          assert.notStrictEqual((yield* wide.get("here")).pid, here.pid)
          const floor = yield* wide.get("floor")
          assert.strictEqual(yield* (yield* floor.get("first")).ask(Add(1)), 11)
          assert.sameMembers(yield* lives, ["here", "main", "other", "second"])
        }
        assert.isTrue(yield* Actor.isAlive(other))
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 2 }))),
    patience
  )
})
