// G242: what is sent by name reaches an actor in Rust with that protocol, or nobody.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem } from "@myrmidonjs/actor"
import { Effect, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { addon } from "../src/addon.ts"
import { Library, Numbers } from "../src/protocols.ts"

const run = <A, E>(program: Effect.Effect<A, E, ActorSystem>) =>
  Effect.provide(program, ActorSystem.layer({ addon, rustShards: 2 }))

describe.runIf(process.env["MYRMIDON_NO_NATIVE"] === undefined)("actors in Rust, by name", () => {
  it.live("G242: a protocol of another shape is a BadMessage for each kind of send, and nothing was sent", () =>
    run(Effect.gen(function*() {
      const library = yield* ActorRef.named(Library, "library")
      yield* library.tell(Library.messages.Read({ text: "to be or not to be" }))
      const Stale = Actor.make("Library", [
        Rpc.make("Read", { payload: { text: Schema.String } }),
        Rpc.make("Count", { payload: { word: Schema.String, from: Schema.Int }, success: Schema.Int }),
        Rpc.make("Follow", { success: Schema.Int, stream: true })
      ])
      const { Count, Follow, Read } = Stale.messages
      const stale = yield* ActorRef.named(Stale, "library")
      const reasons = [
        (yield* Effect.flip(stale.tell(Read({ text: "be" })))).reason,
        (yield* Effect.flip(stale.ask(Count({ word: "be", from: 0 })))).reason,
        (yield* Effect.flip(Stream.runDrain(stale.stream(Follow())))).reason
      ]
      for (const reason of reasons) {
        assert.isTrue(reason._tag === "BadMessage" && reason.issue.includes(Actor.fingerprint(Library)), reason.message)
      }
      assert.strictEqual(stale.tellUnsafe(Read({ text: "be" })), "BadMessage")
      const other = yield* ActorRef.named(Numbers, "library")
      const wrong = yield* Effect.flip(other.tell(Numbers.messages.Tell(1)))
      assert.isTrue(wrong.reason._tag === "BadMessage" && wrong.message.includes("Library, not Numbers"), wrong.message)
      assert.strictEqual(yield* library.ask(Library.messages.Count({ word: "be" })), 2)
    })))

  it.live("G242: a name is held against what has it now", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const library = yield* ActorRef.named(Library, "library")
      const first = yield* library.current
      yield* Actor.kill(first)
      yield* Effect.repeat(Actor.isAlive(first), { until: (alive) => !alive })
      // Here nothing crosses a border: what is understood is asked message by message, as ever.
      const Other = Actor.make("Other", [Rpc.make("Read", { payload: { text: Schema.String } })])
      yield* Other.behavior({ init: () => 0, handlers: { Read: () => {} } }).spawn(undefined, { name: "library" })
      yield* library.tell(Library.messages.Read({ text: "word" }))
      const error = yield* Effect.flip(library.ask(Library.messages.Count({ word: "be" })))
      assert.isTrue(error._tag === "AskError" && error.reason._tag === "BadMessage", error.message)
    }))))
})
