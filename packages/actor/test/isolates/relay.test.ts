// What happens in workers is heard where the system was opened, also when a great deal happens at once (G154).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem, type DeadLetter } from "@myrmidonjs/actor"
import { Effect, Fiber, Stream } from "effect"
import { nativeLoads } from "../fixtures.ts"
import { Flood, FloodLive } from "./modules.ts"

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

describe.runIf(nativeLoads)("what workers tell", () => {
  it.live("G154: a flood of events and dead letters arrives in order, and neither displaces the other", () => {
    const letters: Array<DeadLetter> = []
    const count = 60_000
    return Effect.gen(function*() {
      const { events } = yield* ActorSystem
      const refused = yield* Effect.forkScoped(
        Stream.runFoldEffect(
          Stream.take(Stream.filter(events, (event) => event._tag === "TellFailed"), 1_000),
          () => [] as Array<unknown>,
          (all, event) => Effect.succeed([...all, event._tag === "TellFailed" ? event.error : event])
        ),
        { startImmediately: true }
      )
      const flood = yield* FloodLive.spawnOn("worker", undefined, { mailbox: { capacity: count } })
      yield* flood.tell(Flood.messages.Pour({ events: count - 1, letters: count }))
      // One of them finds room, and is handled.
      while (letters.length < count - 1) yield* turn
      assert.deepStrictEqual(
        letters.map(({ message, why }) => [message._tag, message.payload, why]),
        Array.from({ length: count - 1 }, (_, at) => ["Drop", (at + 1) % 1_000 === 1 ? null : at + 1, "Dropped"])
      )
      assert.deepStrictEqual(
        (yield* Fiber.join(refused)).map((error) => (error as { limit: number }).limit),
        Array.from({ length: 1_000 }, (_, n) => n)
      )
    }).pipe(
      Effect.scoped,
      Effect.provide(ActorSystem.layer({ isolates: 1, onDeadLetter: (letter) => void letters.push(letter) }))
    )
  }, 60_000)
})
