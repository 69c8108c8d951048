// What happens in workers is heard where the system was opened, also when a great deal happens at once (G154).
import { assert, describe, it } from "@effect/vitest"
import { ActorSystem, type DeadLetter } from "@myrmidonjs/actor"
import { Effect, Fiber, Logger, Stream } from "effect"
import { relayed } from "../../src/internal/isolate/relay.ts"
import { hostOf } from "../../src/internal/system.ts"
import { nativeLoads, turn } from "../fixtures.ts"
import { Flood, FloodLive } from "./modules.ts"

describe.runIf(nativeLoads)("what workers tell", () => {
  it.live("G154: of a flood of events and dead letters none is lost on the way, and letters arrive in order", () => {
    const letters: Array<DeadLetter> = []
    // More than a way has room for.
    const count = 30_000
    return Effect.gen(function*() {
      const { events } = yield* ActorSystem
      const refused = yield* Effect.forkScoped(
        Stream.runCollect(Stream.take(Stream.filter(events, (event) => event._tag === "TellFailed"), 1_000)),
        { startImmediately: true }
      )
      const flood = yield* FloodLive.spawnOn("worker", undefined, { mailbox: { capacity: count } })
      yield* flood.tell(Flood.messages.Pour({ events: 1_000, letters: count }))
      // One of them finds room, and is handled.
      while (letters.length < count - 1) yield* turn
      const seen = letters.map(({ message, why }) => `${message._tag} ${String(message.payload)} ${why}`)
      const expected = Array.from({ length: count - 1 }, (_, at) => (at + 1) % 1_000 === 1 ? null : at + 1)
      assert.deepStrictEqual(seen, expected.map((payload) => `Drop ${payload} Dropped`))
      for (const event of yield* Fiber.join(refused)) {
        assert.deepInclude(event, { _tag: "TellFailed", tag: "Refuse" })
        assert.strictEqual(event._tag === "TellFailed" ? (event.error as Error).name : "", "TooMuch")
      }
    }).pipe(
      Effect.scoped,
      Effect.provide(ActorSystem.layer({ isolates: 1, onDeadLetter: (letter) => void letters.push(letter) }))
    )
  }, 60_000)
})

// The Rust half: `crates/myrmidon-actor/tests/supervisor_ends.rs`.
describe("what Rust shards tell", () => {
  it.effect("G309: the end of a whole tree is a line in the log, and no event", () => {
    const lines: Array<string> = []
    const logger = Logger.make<unknown, void>(({ logLevel, message }) => {
      if (logLevel === "Error") lines.push(String(Array.isArray(message) ? message[0] : message))
    })
    return Effect.gen(function*() {
      const host = hostOf(yield* ActorSystem)
      const told: Array<unknown> = []
      host.events.tap = (event) => void told.push(event)
      const end = { _tag: "myrmidon/TreeEnded", supervisor: "top", child: "a" }
      relayed(host).event({ ...end, reason: "crashed: panic: oops" })
      relayed(host).event({ ...end, reason: null })
      const ended =
        "supervisor top has ended, with all its children: its restart intensity is spent, and none is above it."
      assert.deepStrictEqual(lines, [
        `${ended} The last was a: crashed: panic: oops`,
        `${ended} The last was a: its start failed`
      ])
      assert.deepStrictEqual(told, [])
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()), Effect.provide(Logger.layer([logger])))
  })
})
