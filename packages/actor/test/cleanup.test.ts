// Cleanups that fail: what they change, and who hears of it (G28, G233).
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, ExitReason, Monitor } from "@myrmidonjs/actor"
import { Effect, Fiber, Layer, Logger, Option, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { layers, systems } from "./fixtures.ts"

const Worker = Actor.make("Worker", [Rpc.make("Leave", { payload: { reason: Schema.Any } })])
const { Leave } = Worker.messages
const boom = new Error("boom")

const workerOf = (log: Array<string>, terminate: () => unknown) =>
  Worker.behavior({
    init: () => Effect.addFinalizer(() => Effect.sync(() => void log.push("closed"))),
    handlers: { Leave: (_, { reason }: { readonly reason: ExitReason }, self) => self.stop(reason) },
    terminate: terminate as () => Effect.Effect<void>
  })

/** Each way in which a cleanup can fail. */
const ways: ReadonlyArray<readonly [how: string, terminate: () => unknown]> = [
  ["throws", () => {
    throw boom
  }],
  ["fails", () => Effect.fail(boom)],
  ["dies", () => Effect.andThen(Effect.yieldNow, Effect.die(boom))],
  ["rejects", () => Promise.reject(boom)],
  ["has a finalizer that dies", () => Effect.addFinalizer(() => Effect.die(boom))]
]

/** The first event of a failed cleanup. */
const firstFailure = Effect.gen(function*() {
  const { events } = yield* ActorSystem
  return yield* Effect.forkScoped(
    Stream.runHead(Stream.filter(events, (event) => event._tag === "CleanupFailed")),
    { startImmediately: true }
  )
})

describe.each(systems)("cleanups on the %s", (_, system) => {
  const quiet = Layer.merge(system, Logger.layer([]))

  it.effect.each(ways)(
    "G233: one that %s: the reason stays, the Scope closes, an event tells why",
    ([, terminate]) =>
      Effect.gen(function*() {
        for (
          const reason of [ExitReason.normal, ExitReason.shutdown("enough"), ExitReason.crashed(new Error("first"))]
        ) {
          yield* Effect.scoped(Effect.gen(function*() {
            const log: Array<string> = []
            const failure = yield* firstFailure
            yield* Effect.yieldNow
            const worker = yield* workerOf(log, terminate).spawn(undefined, { name: "worker" })
            const end = yield* Monitor.make(worker)
            yield* worker.tell(Leave({ reason }))
            assert.deepStrictEqual(yield* end, reason)
            assert.deepStrictEqual(log, ["closed"])
            const event = Option.getOrThrow(yield* Fiber.join(failure))
            assert.deepInclude(event, { pid: worker.pid, name: "worker" })
            assert(event.reason._tag === "Crashed")
            assert.strictEqual(event.reason.error.message, "boom")
          }))
        }
      }).pipe(Effect.provide(quiet))
  )

  it.effect("G233: a finalizer of the actor's Scope that dies is told too, also after a kill", () =>
    Effect.gen(function*() {
      const Live = Worker.behavior({
        init: () => Effect.addFinalizer(() => Effect.die(boom)),
        handlers: { Leave: (_, { reason }: { readonly reason: ExitReason }, self) => self.stop(reason) }
      })
      for (const end of [Actor.stop, Actor.kill]) {
        yield* Effect.scoped(Effect.gen(function*() {
          const failure = yield* firstFailure
          yield* Effect.yieldNow
          const worker = yield* Live.spawn(undefined)
          yield* end(worker)
          assert.strictEqual(Option.getOrThrow(yield* Fiber.join(failure)).pid, worker.pid)
        }))
      }
    }).pipe(Effect.provide(quiet)))

  it.effect("G233: one that succeeds tells nothing", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach((yield* ActorSystem).events, ({ _tag }) => Effect.sync(() => void events.push(_tag))),
        { startImmediately: true }
      )
      yield* Effect.yieldNow
      const log: Array<string> = []
      yield* Actor.stop(yield* workerOf(log, () => Effect.yieldNow).spawn(undefined))
      yield* Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
      assert.deepStrictEqual([log, events], [["closed"], []])
    }).pipe(Effect.scoped, Effect.provide(quiet)))
})

describe.each(layers)("closing the %s system", (_, layer) => {
  const turns = Effect.repeat(Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve))), { times: 3 })
  const Hanging = Actor.make("Hanging", [Rpc.make("Hang")])
  const hangingOf = (finalizer: Effect.Effect<unknown>) =>
    Hanging.behavior({ init: () => Effect.addFinalizer(() => finalizer), handlers: { Hang: () => Effect.never } })

  it.live("G262: waits for the Scopes of actors that had to be killed, and of those that ended just before", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const slowly = (name: string) => hangingOf(Effect.andThen(turns, Effect.sync(() => log.push(name))))
      yield* Effect.scoped(Effect.provide(
        Effect.gen(function*() {
          const stuck = yield* slowly("stuck").spawnDetached(undefined)
          yield* stuck.tell(Hanging.messages.Hang())
          yield* Actor.info(stuck)
          yield* Actor.kill(yield* slowly("killed").spawnDetached(undefined))
        }),
        Layer.fresh(layer({ shutdownTimeout: "1 second" }))
      ))
      assert.deepStrictEqual(log.toSorted(), ["killed", "stuck"])
    }))

  it.live("G262: for those that never close it waits no longer than for an actor", () =>
    Effect.gen(function*() {
      const program = Effect.flatMap(hangingOf(Effect.never).spawnDetached(undefined), Actor.kill)
      yield* Effect.scoped(Effect.provide(program, Layer.fresh(layer({ shutdownTimeout: 5 }))))
    }))
})
