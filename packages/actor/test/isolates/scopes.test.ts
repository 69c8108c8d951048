/** The end of a Scope that has actors of other isolates (G302). */
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem, Monitor } from "@myrmidonjs/actor"
import { Effect, Exit, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import { nativeLoads, turn } from "../fixtures.ts"
import { HoldoutLive } from "./holdouts.ts"
import { Late, LateLive } from "./late.ts"
import { LeaverLive, Log, LogLive } from "./leavers.ts"

describe.runIf(nativeLoads)("a Scope that has actors elsewhere", () => {
  it.live("G302: its close asks one after the other, youngest first, and waits for each to have ended in order", () =>
    Effect.gen(function*() {
      const log = yield* LogLive.spawn()
      const scope = yield* Scope.make()
      const workers = (yield* (yield* ActorSystem).info).isolates.slice(1).map(({ isolate }) => isolate)
      for (const [at, name] of ["first", "second", "third"].entries()) {
        yield* Scope.provide(LeaverLive.spawnOn(workers[at % 2]!, { name, log }), scope)
      }
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* log.ask(Log.messages.Said()), [
        "third left",
        "third closed",
        "second left",
        "second closed",
        "first left",
        "first closed"
      ])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 2, shutdownTimeout: "1 minute" }))))

  it.live("G302: one that does not end in its time is killed, as here", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const holdout = yield* Scope.provide(HoldoutLive.spawnOn("worker", undefined), scope)
      const down = yield* Monitor.make(holdout)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* down, { _tag: "Killed" })
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.merge(
        ActorSystem.layer({ isolates: 1, shutdownTimeout: "50 millis", shutdownDeadline: "1 hour" }),
        Logger.layer([])
      ))
    ))

  it.live("G302: those of an isolate that is blocked are waited for together, once that is known", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const late = yield* Effect.forEach(
        ["1", "2", "3", "4", "5"],
        (name) => Scope.provide(LateLive.spawnOn("worker", { name, delay: 0 }), scope)
      )
      yield* late[0]!.tell(Late.messages.Forever())
      const times = yield* Effect.gen(function*() {
        const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
        // The youngest alone, asked and then killed; then the others.
        for (let times = 0;; times++) {
          yield* turn
          if (closing.pollUnsafe() !== undefined) return times
          yield* TestClock.adjust("50 millis")
        }
      }).pipe(Effect.provide(TestClock.layer()))
      assert.strictEqual(times, 4)
    }).pipe(
      Effect.scoped,
      Effect.provide(Layer.merge(
        ActorSystem.layer({ isolates: 1, shutdownTimeout: "50 millis", shutdownDeadline: "1 hour" }),
        Logger.layer([])
      ))
    ))
})
