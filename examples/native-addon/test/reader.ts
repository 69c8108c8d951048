// An actor of a worker isolate that reads streams of Rust.
import { Actor } from "@myrmidonjs/actor"
import { Effect, Layer, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { Numbers } from "../src/protocols.ts"

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
