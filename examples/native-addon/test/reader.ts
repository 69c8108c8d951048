// Actors of a worker isolate: one reads streams of Rust, one produces what Rust reads.
import { Actor } from "@myrmidonjs/actor"
import { Effect, Layer, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { Numbers, Source, TooMuch } from "../src/protocols.ts"

const Reader = Actor.make("Reader", [
  Rpc.make("Sum", { payload: { to: Schema.Int }, success: Schema.Int }),
  Rpc.make("Wait")
])
export const { messages: reading } = Reader

const numbers = Actor.whereis(Numbers, "numbers")

export const ReaderLive = Actor.module(
  import.meta.url,
  Reader.behavior({
    init: () => null,
    handlers: {
      Sum: (_, { to }) =>
        Effect.flatMap(
          numbers,
          (actor) => Stream.runFold(actor.stream(Numbers.messages.Count({ to })), () => 0, (sum, n) => sum + n)
        ).pipe(Effect.orDie),
      Wait: () =>
        Effect.flatMap(numbers, (actor) => Stream.runDrain(actor.stream(Numbers.messages.Watch()))).pipe(Effect.orDie)
    }
  }),
  Layer.empty
)

/** Says how many of its streams are open. One to 13 crashes it, one to 0 says nothing. */
export const SourceLive = Actor.module(
  import.meta.url,
  Source.behavior({
    init: () => ({ open: 0 }),
    handlers: {
      Count: (state, { to }) => {
        state.open++
        const items = Stream.range(1, Math.min(to, 10_000)).pipe(
          Stream.tap((n) => n === 13 && to === 13 ? Effect.die(new Error("unlucky")) : Effect.void)
        )
        const end = to > 10_000 ? Stream.fail(new TooMuch({ limit: 10_000 })) : Stream.empty
        const silent = to === 0 ? Stream.never : Stream.concat(items, end)
        return Stream.ensuring(silent, Effect.sync(() => state.open--))
      },
      Open: (state) => state.open
    }
  }),
  Layer.empty
)
