/**
 * A program whose words are counted in Rust: actors of the addon beside this file, found by name and typed by a protocol.
 */
import { Actor, ActorSystem, Monitor, SharedBuffer } from "@myrmidonjs/actor"
import { Console, Effect } from "effect"
import { addon } from "./addon.ts"
import { Dictionary, Image, Library, Subscriber } from "./protocols.ts"

const SubscriberLive = Subscriber.behavior({
  init: () => [] as Array<string>,
  handlers: {
    Learned: (seen, { times, word }) => void seen.push(`${word} ${times}`),
    Seen: (seen) => seen
  }
})

const DictionaryLive = Dictionary.behavior({
  init: () => new Map([["be", "to have a place in the world"]]),
  handlers: { Lookup: (meanings, { word }) => meanings.get(word) ?? null }
})

const program = Effect.gen(function*() {
  const library = yield* Actor.whereis(Library, "library") // NameNotFound | ProtocolMismatch
  const subscriber = yield* SubscriberLive.spawn()
  yield* library.tell(Library.messages.Subscribe(subscriber))
  yield* library.tell(Library.messages.Read({ text: "to be or not to be" }))
  const count = yield* library.ask(Library.messages.Count({ word: "be" })) // UnknownWord | AskError
  const unknown = yield* Effect.flip(library.ask(Library.messages.Count({ word: "question" })))
  yield* Console.log(`"be" was seen ${count} times; ${unknown._tag}`)
  yield* Console.log(`told by Rust: ${(yield* subscriber.ask(Subscriber.messages.Seen())).join(", ")}`)

  yield* DictionaryLive.spawn(undefined, { name: "dictionary" })
  const meaning = yield* library.ask(Library.messages.Define({ word: "be" })) // UnknownWord | NoDictionary | AskError
  yield* Console.log(`asked by Rust: "be" is ${meaning}`)

  const image = yield* Actor.whereis(Image, "image")
  const pixels = yield* SharedBuffer.allocate(16 * 2 ** 20)
  pixels.bytes().fill(1)
  const inverted = yield* image.ask(Image.messages.Invert({ pixels }))
  yield* Console.log(`16 MiB came back inverted: ${inverted.bytes().every((pixel) => pixel === 254)}`)
  inverted.release()

  const end = yield* Monitor.make(library)
  yield* library.tell(Library.messages.Fail({ text: "the shelf broke" }))
  const reason = yield* end
  yield* Console.log(reason._tag === "Crashed" ? `${reason.error.language}: ${reason.error.message}` : reason._tag)
})

await Effect.runPromise(
  program.pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ addon, rustShards: 2 })))
)
