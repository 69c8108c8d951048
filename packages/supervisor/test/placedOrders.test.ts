// Orders to supervisors that live on worker isolates: errors that are typed, further children, other specs (G285 to G287).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, SpawnError } from "@myrmidonjs/actor"
import { type Child, ChildStartError, type MovableChild, type MovableTree, Supervisor } from "@myrmidonjs/supervisor"
import { Cause, Effect, Fiber, Layer, type Scope, Stream } from "effect"
import { threadId } from "node:worker_threads"
import {
  Failing,
  FailingBelow,
  FailingPlain,
  FailingTree,
  Hall,
  HallV2,
  InnerV2,
  Lock,
  NoDisk,
  NoLicence,
  Picky,
  PickyLive,
  Unlicensed
} from "./isolates/orders.ts"
import { Placed, PlacedLive } from "./isolates/placed.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const { Add, Crash, Thread } = Placed.messages
const { Size } = Picky.messages

class ThePlaced extends Actor.Service<ThePlaced>()("test/ThePlaced", Placed) {}

const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

const next = (tag: string, child: string) =>
  Effect.forkScoped(
    Stream.runHead(Stream.filter(Supervisor.events, (event) => event._tag === tag && event.child === child)),
    { startImmediately: true }
  )

const systems = [
  ["twin, in place", ActorSystem.layerMemory(), false],
  ...nativeLoads ? [["native, on a worker", ActorSystem.layer({ isolates: 1 }), true] as const] : []
] as const

/** What whoever starts it sees. */
const failureOf = Effect.fnUntraced(function*(started: Effect.Effect<unknown, unknown, ActorSystem | Scope.Scope>) {
  const error = yield* Effect.flip(started)
  if (!(error instanceof ChildStartError)) return assert.fail(String(error))
  assert.strictEqual(error.cause.reasons.find(Cause.isFailReason)?.error, error.error)
  return { error: error.error as unknown, path: error.path.join("/") }
})

const started = (tree: MovableTree<Child.Any, unknown>, place: "here" | "worker") =>
  Supervisor.start(Supervisor.make("app", {}, [Supervisor.placed("tree", tree, { place })]))

describe.each(systems)("orders to a supervisor elsewhere: %s", (_, system, isAway) => {
  const place = isAway ? "worker" : "here"
  const test = (name: string, body: Effect.Effect<void, unknown, ActorSystem | Scope.Scope>) =>
    it.live(name, () => Effect.provide(Effect.scoped(body), system), patience)

  const hall = Effect.gen(function*() {
    const app = yield* Supervisor.start(
      Supervisor.make("app", { intensity: 100 }, [Supervisor.placed("hall", Hall, { place })])
    )
    return { app, hall: yield* app.get("hall") }
  })

  test(
    "G285: what a child's init fails with arrives as what it is, by its schema or that of its tree",
    Effect.gen(function*() {
      const tree = Supervisor.make("app", {}, [Supervisor.placed("tree", Failing, { place })])
      const caught = yield* Effect.catchTag(
        Supervisor.start(tree),
        "ChildStartError",
        ({ error, path }) =>
          Effect.succeed(error?._tag === "NoDisk" ? `${path.join("/")}: ${error.free}` : String(error))
      )
      assert.strictEqual(caught, "app/tree/inner/picky: -5")
      for (
        const [tree, free, at] of [
          [FailingBelow, -5, "app/tree/failing/inner/picky"],
          [FailingTree, -6, "app/tree/picky"]
        ] as const
      ) {
        const { error, path } = yield* failureOf(started(tree, place))
        assert.instanceOf(error, NoDisk)
        assert.deepStrictEqual({ free: (error as NoDisk).free, path }, { free, path: at })
      }
    })
  )

  test(
    "G285: without a schema it is a SpawnError that says what it was, and a Layer's failure has that of the tree",
    Effect.gen(function*() {
      const plain = yield* failureOf(started(FailingPlain, place))
      assert.strictEqual(plain.path, "app/tree/picky")
      assert(plain.error instanceof SpawnError && plain.error.reason._tag === "InitCrashed")
      assert(plain.error.reason.reason._tag === "Crashed")
      assert.strictEqual(plain.error.reason.reason.error.name, "NoDisk")
      const unlicensed = yield* failureOf(started(Unlicensed, place))
      assert.strictEqual(unlicensed.path, "app/tree")
      assert.instanceOf(unlicensed.error, NoLicence)
    })
  )

  test(
    "G285: an order to start again, and a child of a dynamic supervisor, fail with it too",
    Effect.gen(function*() {
      const { hall: there } = yield* hall
      yield* there.terminate("once")
      yield* Lock.behavior({ init: () => 0, handlers: {} }).spawn(undefined, { name: "lock" })
      const { error, path } = yield* failureOf(there.restart("once"))
      assert.instanceOf(error, NoDisk)
      assert.strictEqual(path, "app/hall/once")
      const pool = yield* there.get("pool")
      const caught = yield* Effect.catchTag(pool.start(-1), "NoDisk", ({ free }) => Effect.succeed(free))
      assert.strictEqual(caught, -1)
      assert.strictEqual(yield* (yield* pool.start(3)).ask(Size()), 3)
    })
  )

  test(
    "G286: a child of a module is added there, restarted there, and stopped",
    Effect.gen(function*() {
      const { app, hall: there } = yield* hall
      const added = yield* there.start(
        Supervisor.child("added", PlacedLive, 60, { name: "added", shutdown: "3 seconds", mailbox: { capacity: 5 } })
      )
      assert.strictEqual(yield* added.ask(Add(1)), 61)
      assert.strictEqual((yield* added.ask(Thread())) !== threadId, isAway)
      assert.strictEqual((yield* there.which).at(-1)?.ref?.pid, added.pid)

      const restarted = yield* next("Restarted", "added")
      yield* added.tell(Crash())
      yield* Fiber.join(restarted)
      const again = yield* Actor.whereis(Placed, "added")
      assert.notStrictEqual(again.pid, added.pid)
      assert.strictEqual(yield* again.ask(Add(1)), 61)

      const inner = yield* there.get("inner")
      const deeper = yield* inner.start(Supervisor.child("deeper", PlacedLive, 1))
      assert.strictEqual(yield* deeper.ask(Add(1)), 2)
      const pool = yield* there.start(Supervisor.dynamic("second pool", PickyLive, { intensity: 3 }))
      assert.strictEqual(yield* (yield* pool.start(7)).ask(Size()), 7)
      const sub = yield* there.start(Supervisor.placed("sub", InnerV2, { place: "main" }))
      const only = yield* sub.get("only")
      assert.strictEqual(yield* only.ask(Thread()), threadId)
      const oneMore = yield* sub.start(Supervisor.child("one more", PlacedLive, 5))
      assert.strictEqual(yield* oneMore.ask(Add(1)), 6)

      assert.deepStrictEqual(
        (yield* there.which).map(({ id, type }) => `${id} ${type}`).slice(4),
        ["added worker", "second pool supervisor", "sub supervisor"]
      )
      yield* app.terminate("hall")
      for (const ref of [again, deeper, only, oneMore]) assert.isFalse(yield* Actor.isAlive(ref))
    })
  )

  test(
    "G286: what cannot be added says why, and leaves nothing",
    Effect.gen(function*() {
      const { hall: there } = yield* hall
      const before = yield* there.which
      assert.strictEqual(
        (yield* Effect.flip(there.start(Supervisor.child("first", PlacedLive, 1))))._tag,
        "ChildPresent"
      )
      const { error, path } = yield* failureOf(there.start(Supervisor.child("picky", PickyLive, -9)))
      assert.instanceOf(error, NoDisk)
      assert.strictEqual(path, "app/hall/picky")
      const odd = yield* failureOf(there.start(Supervisor.child("odd", PlacedLive, Symbol("odd") as never)))
      assert(odd.error instanceof SpawnError && odd.error.reason._tag === "InvalidOption")
      assert.strictEqual(odd.error.reason.option, "args")

      const untyped = (child: Child.Any) => Effect.flip(there.start(child as MovableChild<string, void, never, never>))
      const plain = Placed.behavior({
        init: (n: number) => ({ n }),
        handlers: {
          Add: (s, by) => (s.n += by),
          Thread: () => threadId,
          Crash: () => {},
          Block: () => {},
          End: () => {}
        }
      })
      for (
        const [field, child] of [
          ["behavior", Supervisor.child("x", plain, 1)],
          ["kind", Supervisor.effect("x", Effect.void)],
          ["kind", Supervisor.make("x", {}, [])],
          ["provides", Supervisor.child("x", PlacedLive, 1, { provides: ThePlaced })],
          ["restoreFrom", Supervisor.child("x", PlacedLive, 1, { restoreFrom: Supervisor.stateStore<number>() })],
          ["shutdown", Supervisor.child("x", PlacedLive, 1, { shutdown: -1 })],
          ["significant", Supervisor.child("x", PlacedLive, 1, { significant: true, restart: "transient" })]
        ] as const
      ) {
        assert.deepInclude(yield* untyped(child), { _tag: "InvalidSpec", id: "x", field })
      }
      assert.deepStrictEqual(yield* there.which, before)
    })
  )

  test(
    "G287: change gives it the specs of another tree: who is in both goes on, and it starts again with these",
    Effect.gen(function*() {
      const { app, hall: there } = yield* hall
      const ref = yield* there.ref
      const first = yield* there.get("first")
      const deep = yield* (yield* there.get("inner")).get("deep")
      const once = yield* there.get("once")
      yield* first.ask(Add(5))
      yield* Supervisor.change(ref, Supervisor.placed("hall", HallV2))
      assert.strictEqual((yield* there.ref).pid, ref.pid)
      assert.strictEqual(yield* first.ask(Add(0)), 15)
      assert.isTrue(yield* Actor.isAlive(deep))
      assert.deepStrictEqual(
        (yield* there.which).map(({ id, status }) => `${id} ${status}`),
        ["first running", "inner running", "tuned stopped"]
      )
      // What it needs comes from the Layer of the tree that it stands in.
      yield* there.restart("tuned" as never)
      const tuned: typeof first = yield* there.get("tuned" as never)
      assert.strictEqual(yield* tuned.ask(Add(1)), 1001)

      const restarted = yield* next("Restarted", "hall")
      yield* Actor.kill(ref)
      yield* Fiber.join(restarted)
      assert.isFalse(yield* Actor.isAlive(once))
      assert.strictEqual(yield* (yield* there.get("first")).ask(Add(0)), 20)
      assert.strictEqual((yield* (yield* there.get("inner")).which).length, 2)
      assert.deepStrictEqual((yield* app.count).active, 1)
    })
  )

  test(
    "G287: one further down changes as well, until the whole starts again",
    Effect.gen(function*() {
      const { hall: there } = yield* hall
      const inner = yield* there.get("inner")
      const deep = yield* inner.get("deep")
      yield* Supervisor.change(yield* inner.ref, Supervisor.placed("inner", InnerV2))
      assert.deepStrictEqual((yield* inner.which).map(({ id, status }) => `${id} ${status}`), ["only stopped"])
      assert.isTrue(yield* Actor.isAlive(deep))
      const again = yield* next("Restarted", "inner")
      yield* Actor.kill(yield* inner.ref)
      yield* Fiber.join(again)
      assert.isFalse(yield* Actor.isAlive(deep))
      assert.deepStrictEqual((yield* inner.which).map(({ id, status }) => `${id} ${status}`), ["only running"])
      const restarted = yield* next("Restarted", "hall")
      yield* Actor.kill(yield* there.ref)
      yield* Fiber.join(restarted)
      assert.deepStrictEqual((yield* inner.which).map(({ id, status }) => `${id} ${status}`), ["deep running"])
    })
  )

  test(
    "G287: specs that do not cross, and a tree that cannot be there, change nothing",
    Effect.gen(function*() {
      const { hall: there } = yield* hall
      const ref = yield* there.ref
      const before = yield* there.which
      const refused = (tree: Child.Any) =>
        Effect.flip(Supervisor.change(ref, tree as Child<string, unknown, never, unknown, never>))
      assert.deepInclude(yield* refused(Supervisor.make("hall", {}, [])), { _tag: "InvalidSpec", field: "place" })
      assert.deepInclude(yield* refused(Supervisor.placed("other", HallV2)), { _tag: "InvalidSpec", field: "id" })
      const unlicensed = yield* refused(Supervisor.placed("hall", Unlicensed))
      assert.deepInclude(unlicensed, { _tag: "InvalidSpec", field: "tree" })
      assert.match((unlicensed as Error).message, /NoLicence/)
      assert.deepStrictEqual(yield* there.which, before)
    })
  )
})
