/**
 * How long a scope, and a system, may take to close: G295. Who is stuck here would hold it up for an hour each, so that a
 * test which ends has seen the deadline.
 */
import { assert, describe, it } from "@effect/vitest"
import { Actor, type ActorRef, ActorSystem, Monitor, type SystemEvent, type SystemOptions } from "@myrmidonjs/actor"
import { Effect, Exit, Layer, Logger, Schema, Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { type AnyLayer, layers, turn } from "./fixtures.ts"

const Worker = Actor.make("Worker", [Rpc.make("Hang"), Rpc.make("Name", { success: Schema.String })])
const { Hang, Name } = Worker.messages

/** Writes down that it was asked to end; by `stuck` it never comes to an end. */
const workerOf = (log: Array<string>) =>
  Worker.behavior({
    init: (name: string) => ({ name }),
    handlers: { Hang: () => Effect.never, Name: ({ name }) => name },
    terminate: ({ name }) => {
      log.push(name)
      return name.startsWith("stuck") ? Effect.never : Effect.void
    }
  })

const options: SystemOptions = { shutdownTimeout: "1 hour", shutdownDeadline: "100 millis" }

/** What it tells of those whose time was over, until it ends. */
const overdue = Effect.gen(function*() {
  const told: Array<SystemEvent & { readonly _tag: "ShutdownOverdue" }> = []
  const { events } = yield* ActorSystem
  yield* Effect.forkDetach(
    Stream.runForEach(events, (event) =>
      Effect.sync(() => {
        if (event._tag === "ShutdownOverdue") told.push(event)
      })),
    { startImmediately: true }
  )
  yield* turn
  return told
})

/** In a system that is closed by hand. */
const inSystem = <A>(
  layer: AnyLayer,
  use: (scope: Scope.Scope) => Effect.Effect<A, unknown, ActorSystem | Scope.Scope>
) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(layer, scope)
    const result = yield* Effect.provideContext(use(scope), context)
    yield* Scope.close(scope, Exit.void)
    yield* turn
    return result
  }).pipe(Effect.scoped, Effect.provide(Logger.layer([])))

/** How many behaved. A slow machine may come to fewer of them before the time is over, in the same order. */
const inOrder = (log: ReadonlyArray<string>, expected: ReadonlyArray<string>): number => {
  assert.deepStrictEqual(log, expected.slice(0, log.length))
  return log.filter((name) => name !== "stuck").length
}

describe.each(layers)("the deadline of a shutdown on the %s", (_name, layer) => {
  it.live("G295: the system ends in time, in order as far as that goes, and tells whom it has killed", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const { ends, pids, told } = yield* inSystem(layer(options), () =>
        Effect.gen(function*() {
          const live = workerOf(log)
          const told = yield* overdue
          // The youngest come first: two that behave, a stuck one, and a thousand that nobody comes to any more.
          const left: Array<ActorRef<never>> = []
          for (let n = 0; n < 1_000; n++) left.push(yield* live.spawnDetached(`stuck ${n}`))
          left.push(yield* live.spawnDetached("last"))
          const stuck = yield* live.spawnDetached("stuck")
          const second = yield* live.spawnDetached("second")
          const first = yield* live.spawnDetached("first")
          const ends = yield* Effect.forEach([left[0]!, stuck], Monitor.make)
          return { ends, pids: [first, second, stuck, ...left.reverse()].map(({ pid }) => pid), told }
        }))
      const behaved = inOrder(log, ["first", "second", "stuck"])
      const killed = pids.slice(behaved)
      assert.deepStrictEqual(told, [
        { _tag: "ShutdownOverdue", killed: killed.length, actors: killed.slice(0, 100), millis: 100 }
      ])
      for (const end of ends) assert.strictEqual((yield* end)._tag, "Killed")
    }))

  it.live("G295: so does a scope, and its system goes on", () =>
    inSystem(layer(options), () =>
      Effect.gen(function*() {
        const log: Array<string> = []
        const live = workerOf(log)
        const told = yield* overdue
        const other = yield* live.spawnDetached("other")
        const refs = yield* Effect.scoped(Effect.forEach(["last", "stuck", "first"], (name) => live.spawn(name)))
        yield* turn
        const behaved = inOrder(log, ["first", "stuck"])
        for (const ref of refs) assert.isFalse(yield* Actor.isAlive(ref))
        assert.deepStrictEqual(told.map(({ killed }) => killed), [3 - behaved])
        assert.strictEqual(yield* other.ask(Name()), "other")
      })))

  it.live("G295: whoever takes its own time, and ends within the deadline, is not among them", () =>
    // Time enough on a machine that is busy: who is killed before its cleanup has begun is not in the log.
    inSystem(layer({ shutdownTimeout: "250 millis", shutdownDeadline: "1 hour" }), () =>
      Effect.gen(function*() {
        const log: Array<string> = []
        const live = workerOf(log)
        const told = yield* overdue
        // Each is killed by its own timeout; the others still end in order.
        yield* Effect.scoped(Effect.forEach(["last", "stuck 2", "stuck 1", "first"], (name) => live.spawn(name)))
        assert.deepStrictEqual(log, ["first", "stuck 1", "stuck 2", "last"])
        assert.deepStrictEqual(told, [])
      })))

  it.live("G295: actors without a cleanup are asked together, and killed together", () =>
    inSystem(layer(options), () =>
      Effect.gen(function*() {
        const told = yield* overdue
        const bare = Worker.behavior({
          init: () => "",
          handlers: { Hang: () => Effect.never, Name: (name) => name }
        })
        yield* Effect.scoped(Effect.gen(function*() {
          for (let n = 0; n < 100; n++) yield* (yield* bare.spawn(undefined)).tell(Hang())
        }))
        yield* turn
        assert.deepStrictEqual(told.map(({ killed }) => killed), [100])
      })))

  it.live("G295: without an option it is the larger of 20 s and the timeout; infinity has to be written", () =>
    Effect.gen(function*() {
      for (
        const [given, deadline] of [
          [{}, 20_000],
          [{ shutdownTimeout: "1 minute" }, 60_000],
          [{ shutdownTimeout: "1 minute", shutdownDeadline: "1 second" }, 1_000],
          [{ shutdownDeadline: Infinity }, Infinity]
        ] as const
      ) {
        const { hostOf } = yield* Effect.promise(() => import("../src/internal/system.ts"))
        const system = yield* Effect.provide(Effect.scoped(Effect.service(ActorSystem)), layer(given))
        assert.strictEqual(hostOf(system).options.shutdownDeadline, deadline)
      }
      const wrong = yield* Effect.flip(Layer.build(layer({ shutdownDeadline: 0 })))
      assert.include(String(wrong), "shutdownDeadline")
    }).pipe(Effect.scoped))
})

describe.each(layers)("G236 on the %s", (_, layer) => {
  it.live.each([0, 1] as const)(
    "those who are killed together do not go on with each other's end: asker %s",
    (asker) =>
      Effect.gen(function*() {
        const said: Array<string> = []
        const Party = Actor.make("Party", [Rpc.make("Ask"), Rpc.make("Hang")])
        const scope = yield* Scope.make()
        const parties: Array<Actor.Ref<typeof Party>> = []
        const party = Party.behavior({
          init: () => 0,
          handlers: {
            Ask: () =>
              parties[1 - asker]!.ask(Party.messages.Hang(), { timeout: Infinity }).pipe(
                Effect.exit,
                Effect.andThen(Effect.sync(() => void said.push("went on"))),
                Effect.onInterrupt(() => Effect.sync(() => void said.push("interrupted")))
              ),
            Hang: () => Effect.never
          }
        })
        for (let n = 0; n < 2; n++) parties.push(yield* Scope.provide(party.spawn(), scope))
        yield* parties[asker]!.tell(Party.messages.Ask())
        yield* turn
        yield* Scope.close(scope, Exit.void)
        yield* turn
        assert.deepStrictEqual(said, ["interrupted"])
      }).pipe(Effect.scoped, Effect.provide(layer({ shutdownTimeout: "10 millis" })))
  )
})
