// Who is started again, and who is not, by every strategy.
import { Actor, type ActorRef, ExitReason, Monitor } from "@myrmidonjs/actor"
import { Supervisor, type SupervisorEvent } from "@myrmidonjs/supervisor"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { Crash, Id, Journal, Leave, systems, workerOf } from "./fixtures.ts"

/** Runs `act`, and waits until so many children have been restarted. */
const restartsOf = <A, E, R>(count: number, act: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const seen: Array<SupervisorEvent> = []
    const reader = yield* Effect.forkChild(
      Supervisor.events.pipe(
        Stream.filter((event) => event._tag === "Restarted"),
        Stream.take(count),
        Stream.runForEach((event) => Effect.sync(() => void seen.push(event)))
      ),
      { startImmediately: true }
    )
    yield* act
    yield* Effect.fromFiber?.(reader) ?? Effect.void
    return seen
  })

void restartsOf
describe.each(systems)("restarts on the %s", (_, system) => {
  it.effect("starts in order and stops in reverse", () =>
    Effect.gen(function*() {
      const journal = new Journal()
      const worker = workerOf(journal)
      yield* Effect.scoped(Supervisor.start(Supervisor.make("app", {}, [
        Supervisor.child("a", worker, "a"),
        Supervisor.child("b", worker, "b"),
        Supervisor.child("c", worker, "c")
      ])))
      assert.deepStrictEqual(journal.take(), [
        "start a",
        "start b",
        "start c",
        "end c shutdown",
        "end b shutdown",
        "end a shutdown"
      ])
    }).pipe(Effect.provide(system)))
})
