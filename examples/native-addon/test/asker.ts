// An actor of a worker isolate, which imports this module.
import { Actor } from "@myrmidonjs/actor"
import { Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { Dictionary, Library } from "../src/protocols.ts"

const Asker = Actor.make("Asker", [
  Rpc.make("Words", { payload: { text: Schema.String, word: Schema.String }, success: Schema.Int })
])
export const { messages } = Asker

export const AskerLive = Actor.module(
  import.meta.url,
  Asker.behavior({
    init: () => null,
    handlers: {
      Words: (_, { text, word }) =>
        Effect.gen(function*() {
          const library = yield* Actor.whereis(Library, "library")
          yield* library.tell(Library.messages.Read({ text }))
          return yield* library.ask(Library.messages.Count({ word }))
        }).pipe(Effect.orDie)
    }
  }),
  Layer.empty
)

/** Some words do more than being looked up. */
export const DictionaryLive = Actor.module(
  import.meta.url,
  Dictionary.behavior({
    init: (meanings: Readonly<Record<string, string>>) => meanings,
    handlers: {
      Lookup: (meanings, { word }) => {
        if (word === "crash") throw new Error("the page is torn")
        return word === "wait" ? Effect.never : Effect.succeed(meanings[word] ?? null)
      }
    }
  }),
  Layer.empty,
  { args: Schema.Record(Schema.String, Schema.String) }
)
