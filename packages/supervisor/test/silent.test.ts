// Children on an isolate that does not answer (G291).
import { assert, describe, it } from "@effect/vitest"
import { type Actor, ActorSystem, type IsolateId, Monitor } from "@myrmidonjs/actor"
import { Supervisor, type SupervisorEvent } from "@myrmidonjs/supervisor"
import { Effect, Exit, Fiber, Layer, type Option, Scope, Stream } from "effect"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Placed, PlacedLive } from "./isolates/placed.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const { Add, Block, Crash } = Placed.messages

const nativeLoads = await Effect.runPromise(
  Effect.scoped(Layer.build(ActorSystem.layer())).pipe(Effect.as(true), Effect.orElseSucceed(() => false))
)

const turn = Effect.promise(() => new Promise<void>((resolve) => void setImmediate(resolve)))

/** A file that is not there until `go`; whatever fails, a thread that waits for it goes on. */
const gate = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "myrmidon-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
).pipe(Effect.flatMap((folder) => {
  const file = join(folder, "go")
  const go = Effect.sync(() => writeFileSync(file, ""))
  return Effect.as(Effect.addFinalizer(() => go), { file, go })
}))

/** Its thread is held from now on. */
const block = Effect.fnUntraced(function*(ref: Actor.Ref<typeof Placed>, file: string) {
  yield* ref.tell(Block(file))
  while (!existsSync(`${file}.begun`)) yield* turn
})

const next = (tag: SupervisorEvent["_tag"], child: string) =>
  Effect.forkScoped(
    Stream.runHead(Stream.filter(Supervisor.events, (event) => event._tag === tag && event.child === child)),
    { startImmediately: true }
  )

const reasonOf = (event: Fiber.Fiber<Option.Option<SupervisorEvent>>) =>
  Effect.map(Fiber.join(event), (event) => event._tag === "Some" ? event.value.reason : undefined)

/** By both workers: what is silent afterwards is blocked. */
const imported = Effect.scoped(
  Effect.flatMap(
    ActorSystem,
    ({ info }) =>
      Effect.flatMap(info, ({ isolates }) => Effect.forEach(isolates, ({ isolate }) => PlacedLive.spawnOn(isolate, 0)))
  )
)

/** By the order to stop, or by the kill behind it. */
const ends = ["Shutdown", "Killed"]

describe.runIf(nativeLoads)("children on an isolate that is blocked", () => {
  const system = ActorSystem.layer({ isolates: 2, isolateSilence: 2_000, shutdownTimeout: 1_000 })
  const test = (name: string, body: Effect.Effect<void, unknown, ActorSystem | Scope.Scope>) =>
    it.live(
      name,
      () => Effect.andThen(imported, body).pipe(Effect.scoped, Effect.provide(system)),
      patience
    )

  test(
    "G291: an order to stop one ends by its time, says why, and leaves nothing; the supervisor goes on",
    Effect.gen(function*() {
      const { file, go } = yield* gate
      const scope = yield* Scope.make()
      const app = yield* Scope.provide(
        Supervisor.start(Supervisor.make("app", { intensity: 10 }, [
          Supervisor.child("far", PlacedLive, 5, { place: "worker", shutdown: 100 }),
          Supervisor.child("near", PlacedLive, 1)
        ])),
        scope
      )
      const far = yield* app.get("far")
      const down = yield* Monitor.make(far)
      yield* block(far, file)

      const crashed = yield* next("Crashed", "far")
      const stopping = yield* Effect.forkChild(app.terminate("far"), { startImmediately: true })
      assert.strictEqual(yield* (yield* app.get("near")).ask(Add(1)), 2)
      assert.strictEqual((yield* app.which).length, 2)
      yield* Fiber.join(stopping)
      assert.isFalse(existsSync(file), "it is blocked still")
      assert.deepInclude(yield* reasonOf(crashed), { _tag: "NodeUnreachable", because: "silent" })
      assert.deepStrictEqual((yield* app.which).map(({ id, status }) => `${id} ${status}`), [
        "far stopped",
        "near running"
      ])

      // What its siblings need is done, and so is an order to start it again, where somebody answers.
      const restarted = yield* next("Restarted", "near")
      yield* (yield* app.get("near")).tell(Crash())
      yield* Fiber.join(restarted)
      yield* app.restart("far")
      const again = yield* app.get("far")
      assert.strictEqual(yield* again.ask(Add(1)), 6)

      yield* go
      assert.include(ends, (yield* down)._tag)
      assert.strictEqual((yield* app.get("far")).pid, again.pid)
      assert.strictEqual(yield* again.ask(Add(1)), 7)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* (yield* ActorSystem).info).actors, 0)
    })
  )

  test(
    "G291: a supervisor that ends does so by the times of its children, dynamic ones included",
    Effect.gen(function*() {
      const { file, go } = yield* gate
      const place = 1 as IsolateId
      const scope = yield* Scope.make()
      const app = yield* Scope.provide(
        Supervisor.start(Supervisor.make("app", {}, [
          Supervisor.child("first", PlacedLive, 5, { place, shutdown: "brutal" }),
          Supervisor.dynamic("pool", PlacedLive, { place, shutdown: 100 })
        ])),
        scope
      )
      const first = yield* app.get("first")
      const pool = yield* app.get("pool")
      const one = yield* pool.start(1)
      const others = yield* Effect.replicateEffect(pool.start(2), 3)
      const downs = yield* Effect.forEach([first, one, ...others], Monitor.make)
      yield* block(first, file)
      yield* pool.terminate(one)
      assert.strictEqual(yield* pool.count, 3)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(existsSync(file), "it is blocked still")
      yield* go
      for (const down of downs) assert.include(ends, (yield* down)._tag)
      assert.strictEqual((yield* (yield* ActorSystem).info).actors, 0)
    })
  )
})
