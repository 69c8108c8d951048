/**
 * The deadline of a shutdown, for actors of workers (G295). Each of them would take an hour: a test that ends has seen the
 * deadline.
 */
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, Monitor, type NativeOptions, type SystemEvent } from "@myrmidonjs/actor"
import { Effect, Exit, Layer, Logger, Scope, Stream } from "effect"
import { nativeLoads, turn } from "../fixtures.ts"
import { Late, LateLive } from "./late.ts"
import { HoldoutLive, Open, OpenerLive } from "./holdouts.ts"

const options: NativeOptions = { isolates: 1, shutdownTimeout: "1 hour", shutdownDeadline: "100 millis" }

describe.runIf(nativeLoads)("the deadline of a shutdown, with workers", () => {
  it.live("G295: a scope that has actors there ends in time", () =>
    Effect.gen(function*() {
      const told: Array<SystemEvent> = []
      const { events } = yield* ActorSystem
      yield* Effect.forkScoped(
        Stream.runForEach(events, (event) => Effect.sync(() => void told.push(event))),
        { startImmediately: true }
      )
      yield* turn
      const ends = yield* Effect.scoped(Effect.gen(function*() {
        const holdouts = yield* Effect.forEach([1, 2, 3], () => HoldoutLive.spawnOn("worker", undefined))
        // Of a Scope of its own: it hears of the kill.
        const scope = yield* Scope.make()
        return yield* Effect.forEach(
          holdouts,
          (ref) => Effect.provideService(Monitor.make(ref), Scope.Scope, scope)
        )
      }))
      for (const end of ends) assert.deepStrictEqual(yield* end, { _tag: "Killed" })
      yield* turn
      const overdue = told.filter((event) => event._tag === "ShutdownOverdue")
      assert.deepStrictEqual(overdue.map(({ killed }) => killed), [3])
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(ActorSystem.layer(options), Logger.layer([])))))

  it.live("G295: a worker that closes with such actors ends in order, in time, and not by force", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(ActorSystem.layer(options), scope)
      const end = yield* Effect.gen(function*() {
        const inner = yield* Scope.make()
        const opener = yield* Effect.provideService(OpenerLive.spawnOn("worker", undefined), Scope.Scope, inner)
        const watched = yield* Effect.provideService(Monitor.make(opener), Scope.Scope, inner)
        assert.strictEqual(yield* opener.ask(Open(100)), 100)
        assert.isTrue(yield* Actor.isAlive(opener))
        return watched
      }).pipe(Effect.provideContext(context))
      yield* Scope.close(scope, Exit.void)
      // Asked to stop as the oldest, or killed at the deadline; by force it would be IsolateDown.
      assert.include(["Shutdown", "Killed"], (yield* end)._tag)
    }).pipe(Effect.provide(Logger.layer([]))))

  it.live("G310: a worker that had to be ended by force is named in the log", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
        if (logLevel === "Warn") lines.push(String(Array.isArray(message) ? message[0] : message))
      })
      const blocked: NativeOptions = { isolates: 1, shutdownTimeout: "50 millis" }
      yield* Effect.gen(function*() {
        const late = yield* LateLive.spawnOn("worker", { name: "late", delay: 0 })
        yield* late.tell(Late.messages.Forever())
      }).pipe(
        Effect.scoped,
        Effect.provide(Layer.provideMerge(ActorSystem.layer(blocked), Logger.layer([logger])))
      )
      assert.strictEqual(lines.length, 1)
      assert.match(
        lines[0]!,
        /^isolate \d+ has not ended in time, as if a handler held its thread, and is ended by force$/
      )
    }))
})
