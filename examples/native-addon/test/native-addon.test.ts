// G196 to G199: actors in Rust, of this example's own addon, as TypeScript reaches them.
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  ActorSystem,
  ExitReason,
  HotSwap,
  Inspector,
  Link,
  Monitor,
  SharedBuffer
} from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Metric, Option, Schedule, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { addon } from "../src/addon.ts"
import { Image, Library, NoDictionary, Numbers, Subscriber, UnknownWord } from "../src/protocols.ts"

const { Count, Define, Fail, Read, Subscribe } = Library.messages

const SubscriberLive = Subscriber.behavior({
  init: (third: Deferred.Deferred<void>) => ({ seen: [] as Array<string>, third }),
  handlers: {
    Learned: ({ seen, third }, { times, word }) => {
      seen.push(`${word} ${times}`)
      return seen.length === 3 ? Effect.asVoid(Deferred.succeed(third, undefined)) : undefined
    },
    Seen: ({ seen }) => seen
  }
})

// Behaviours of TypeScript that the actor in Rust does not run.
const handlers = { Read: () => {}, Count: () => 0, Subscribe: () => {}, Define: () => "", Fail: () => {} }
const One = Library.behavior({ init: () => 0, handlers })
const Two = Library.behavior({ version: "2", init: () => 0, handlers })
const registered = HotSwap.module(import.meta.url, HotSwap.upgrade(One, Two))

const system = ActorSystem.layer({ addon, rustShards: 2 })
const run = <A, E>(program: Effect.Effect<A, E, ActorSystem>) => Effect.provide(program, system)
const library = Actor.whereis(Library, "library")

describe.runIf(process.env["MYRMIDON_NO_NATIVE"] === undefined)("actors in Rust, from TypeScript", () => {
  it.live("G196: one is found by name, told, and asked: answers and domain errors are typed", () =>
    run(Effect.gen(function*() {
      const actor = yield* library
      yield* actor.tell(Read({ text: "to be or not to be" }))
      assert.strictEqual(yield* actor.ask(Count({ word: "be" })), 2)
      const error = yield* Effect.flip(actor.ask(Count({ word: "question" })))
      assert.deepStrictEqual(error, new UnknownWord({ word: "question" }))
    })))

  it.live("G196: a name that nobody has, and one that has another protocol, are typed errors", () =>
    run(Effect.gen(function*() {
      const missing = yield* Effect.flip(Actor.whereis(Library, "nobody"))
      assert.strictEqual(missing._tag, "NameNotFound")
      const mismatch = yield* Effect.flip(Actor.whereis(Library, "image"))
      assert.deepInclude(mismatch, { _tag: "ProtocolMismatch", expected: "Library", found: "Image" })
    })))

  it.live("G215: one whose half of the protocol has another shape than is declared in Rust is no match", () =>
    run(Effect.gen(function*() {
      const fingerprint = Actor.fingerprint(Library)
      const Stale = Actor.make("Library", [
        Rpc.make("Read", { payload: { text: Schema.String } }),
        Rpc.make("Count", { payload: { word: Schema.String, from: Schema.Int }, success: Schema.Int })
      ])
      const named = yield* ActorRef.named(Stale, "library")
      for (const mismatch of yield* Effect.all([Actor.whereis(Stale, "library"), named.current].map(Effect.flip))) {
        assert.deepInclude(mismatch, {
          _tag: "ProtocolMismatch",
          expected: `Library ${Actor.fingerprint(Stale)}`,
          found: `Library ${fingerprint}`
        })
      }
      // The order of tags and fields is no part of it; an actor that declares none is found by its name alone.
      const Turned = Actor.make("Library", [...Library.group.requests.values()].toReversed() as never)
      assert.strictEqual((yield* Actor.whereis(Turned, "library")).pid, (yield* library).pid)
      const Bare = Actor.make("Image", [Rpc.make("Blur")])
      assert.strictEqual((yield* Actor.whereis(Bare, "image")).pid, (yield* Actor.whereis(Image, "image")).pid)
    })))

  it.live(
    "G216: Rust asks an actor of TypeScript, here and in a worker: answers, errors and ends are typed",
    () =>
      Effect.gen(function*() {
        const { DictionaryLive } = yield* Effect.promise(() => import("./asker.ts"))
        const actor = yield* library
        const define = (word: string) => actor.ask(Define({ word }))
        const none = yield* Effect.flip(define("ant"))
        assert.deepStrictEqual(none, new NoDictionary({ why: "nobody has the name" }))
        for (const on of ["main", "worker"] as const) {
          const open = DictionaryLive.spawnOn(on, { ant: "it carries" }, { name: "dictionary" })
          yield* open
          assert.strictEqual(yield* define("ant"), "it carries")
          assert.deepStrictEqual(yield* Effect.flip(define("bee")), new UnknownWord({ word: "bee" }))
          const crashed = yield* Effect.flip(define("crash"))
          assert.isTrue(crashed._tag === "NoDictionary" && crashed.why.includes("the page is torn"), crashed.message)
          const second = yield* open
          const waiting = yield* Effect.forkChild(Effect.flip(define("wait")), { startImmediately: true })
          yield* Effect.repeat(Actor.info(second), { until: ({ status }) => status === "busy" })
          // The library goes on while it waits for its answer.
          assert.strictEqual((yield* Effect.flip(actor.ask(Count({ word: "ant" }))))._tag, "UnknownWord")
          yield* Actor.kill(second)
          const ended = yield* Fiber.join(waiting)
          assert.isTrue(ended._tag === "NoDictionary" && ended.why.includes("killed"), ended.message)
        }
        // What its protocol does not read is BadMessage, in words.
        const Wrong = Actor.make("Dictionary", [Rpc.make("Lookup", { payload: { word: Schema.Int } })])
        yield* Wrong.behavior({ init: () => null, handlers: { Lookup: () => {} } }).spawn(undefined, {
          name: "dictionary"
        })
        const unread = yield* Effect.flip(define("ant"))
        assert.isTrue(unread._tag === "NoDictionary" && unread.why.includes("does not fit"), unread.message)
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ addon, rustShards: 1, isolates: 1 }))),
    60_000
  )

  it.live("G196: what the actor cannot read is a BadMessage for who asks, and the actor lives", () =>
    run(Effect.gen(function*() {
      const Other = Actor.make("Library", [
        Rpc.make("Count", { payload: { word: Schema.Int }, success: Schema.Int }),
        Rpc.make("Burn", { success: Schema.Int })
      ])
      // By its PID: by its name it would be a ProtocolMismatch.
      const actor = yield* Effect.flatMap(library, ({ pid }) => ActorRef.fromPid(Other, pid))
      const wrong = yield* Effect.flip(actor.ask(Other.messages.Count({ word: 3 })))
      const unknown = yield* Effect.flip(actor.ask(Other.messages.Burn()))
      assert.strictEqual(wrong.reason._tag, "BadMessage")
      assert.include(wrong.message, "string")
      assert.strictEqual(unknown.reason._tag, "BadMessage")
      assert.include(unknown.message, "does not know")
      assert.isTrue(yield* Actor.isAlive(actor))
      assert.deepInclude(yield* Actor.info(actor), {
        name: "library",
        protocol: "Library",
        version: "rust example_native_addon::library::Library"
      })
    })))

  it.live("G197: Rust tells an actor of TypeScript, which its protocol reads", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const third = yield* Deferred.make<void>()
      const subscriber = yield* SubscriberLive.spawn(third)
      const actor = yield* library
      yield* actor.tell(Subscribe(subscriber))
      yield* actor.tell(Read({ text: "a b a" }))
      yield* Deferred.await(third)
      assert.deepStrictEqual(yield* subscriber.ask(Subscriber.messages.Seen()), ["a 1", "b 1", "a 2"])
    }))))

  it.live("G197: what TypeScript cannot read of it is Misunderstood, with tag and issue, and a dead letter", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const Stranger = Actor.make("Subscriber", [Rpc.make("Learned", { payload: { word: Schema.Int } })])
      const stranger = yield* Stranger.behavior({ init: () => 0, handlers: { Learned: () => {} } }).spawn()
      const { deadLetters, events } = yield* ActorSystem
      const misunderstood = yield* events.pipe(
        Stream.filter((event) => event._tag === "Misunderstood"),
        Stream.runHead,
        Effect.forkChild({ startImmediately: true })
      )
      const letter = yield* Effect.forkChild(Stream.runHead(deadLetters), { startImmediately: true })
      const Loose = Actor.make("Library", [
        Rpc.make("Subscribe", { payload: Schema.Number }),
        Rpc.make("Read", { payload: { text: Schema.String } })
      ])
      const actor = yield* Effect.flatMap(library, ({ pid }) => ActorRef.fromPid(Loose, pid))
      yield* actor.tell(Loose.messages.Subscribe(stranger.pid))
      yield* actor.tell(Loose.messages.Read({ text: "word" }))
      const event = Option.getOrThrow(yield* Fiber.join(misunderstood))
      assert.deepInclude(event, { pid: stranger.pid, tag: "Learned" })
      const dead = Option.getOrThrow(yield* Fiber.join(letter))
      assert.deepInclude(dead, { to: stranger.pid, from: actor.pid, why: "Dropped" })
      assert.deepStrictEqual(dead.message.payload, { word: "word", times: 1 })
    }))))

  it.live("G198: a buffer goes to Rust and comes back, its bytes in place", () =>
    run(Effect.gen(function*() {
      const { info } = yield* ActorSystem
      const image = yield* Actor.whereis(Image, "image")
      const pixels = yield* SharedBuffer.allocate(1 << 20)
      pixels.bytes().fill(1)
      const before = pixels.bytes()
      const inverted = yield* image.ask(Image.messages.Invert({ pixels }))
      assert.strictEqual(before.length, 0)
      assert.throws(() => pixels.bytes())
      assert.isTrue(inverted.bytes().every((pixel) => pixel === 254))
      inverted.release()
      assert.strictEqual((yield* info).bufferBytes, 0)
    })))

  it.live("G198: a buffer whose message Rust does not know, or that comes to a dead actor, is freed", () =>
    run(Effect.gen(function*() {
      const { info } = yield* ActorSystem
      const Other = Actor.make("Image", [
        Rpc.make("Blur", { payload: { pixels: SharedBuffer.schema }, success: Schema.Int })
      ])
      const image = yield* Actor.whereis(Other, "image")
      const blur = Effect.flatMap(SharedBuffer.allocate(1000), (pixels) => image.ask(Other.messages.Blur({ pixels })))
      const unknown = yield* Effect.flip(blur)
      assert.isTrue(unknown._tag === "AskError" && unknown.reason._tag === "BadMessage")
      assert.strictEqual((yield* info).bufferBytes, 0)
      yield* Actor.kill(image)
      const dead = yield* Effect.flip(blur)
      assert.isTrue(dead._tag === "AskError" && dead.reason._tag === "ActorExited")
      assert.strictEqual((yield* info).bufferBytes, 0)
    })))

  it.live("G199: a panic is a Crashed of language rust for who watches, is linked, and asks", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const actor = yield* library
      const end = yield* Monitor.make(actor)
      const linked = yield* Effect.forkChild(Effect.flip(Link.exit(actor)), { startImmediately: true })
      yield* actor.tell(Fail({ text: "the shelf broke" }))
      const reason = yield* end
      assert.isTrue(reason._tag === "Crashed" && reason.error.language === "rust")
      assert.isTrue(reason._tag === "Crashed" && reason.error.message === "the shelf broke")
      assert.strictEqual((yield* Fiber.join(linked)).reason._tag, "Crashed")
      const late = yield* Effect.flip(actor.ask(Count({ word: "be" })))
      assert.isTrue(late._tag === "AskError" && late.reason._tag === "ActorExited")
      assert.strictEqual((yield* Effect.flip(library))._tag, "NameNotFound")
    }))))

  it.live("G199, G301: its crash is an event, and what it does not get or cannot read is a dead letter, with its name", () =>
    run(Effect.gen(function*() {
      const { deadLetters, events } = yield* ActorSystem
      const crashed = yield* events.pipe(
        Stream.filter((event) => event._tag === "Crashed"),
        Stream.runHead,
        Effect.forkChild({ startImmediately: true })
      )
      const letters = yield* Effect.forkChild(Stream.runCollect(Stream.take(deadLetters, 3)), {
        startImmediately: true
      })
      const Other = Actor.make("Library", [Rpc.make("Burn"), Rpc.make("Shelve", { payload: SharedBuffer.schema })])
      const actor = yield* library
      const other = yield* ActorRef.fromPid(Other, actor.pid)
      yield* other.tell(Other.messages.Burn())
      yield* actor.tell(Fail({ text: "the shelf broke" }))
      const event = Option.getOrThrow(yield* Fiber.join(crashed))
      assert.deepInclude(event, { _tag: "Crashed", pid: actor.pid, name: "library" })
      assert.strictEqual(
        event._tag === "Crashed" ? ExitReason.print(event.reason) : "",
        "crashed: panic: the shelf broke"
      )
      yield* actor.tell(Read({ text: "too late" }))
      yield* other.tell(Other.messages.Shelve(yield* SharedBuffer.allocate(10)))
      const found = (yield* Fiber.join(letters)).map((letter) => [
        letter.message._tag,
        letter.message.payload,
        letter.to,
        letter.name,
        letter.why,
        letter.asked
      ])
      assert.deepStrictEqual(found, [
        ["Burn", null, actor.pid, "library", "Dropped", false],
        ["Read", { text: "too late" }, actor.pid, "library", "NotAlive", false],
        ["Shelve", 0, actor.pid, "library", "NotAlive", false]
      ])
    })))

  it.live("G199: it is held, let go and killed like any other, and its isolates say which they are", () =>
    run(Effect.gen(function*() {
      const { info } = yield* ActorSystem
      assert.deepStrictEqual((yield* info).isolates.map(({ language }) => language), ["typescript", "rust", "rust"])
      const actor = yield* library
      yield* Actor.suspend(actor)
      yield* actor.tell(Read({ text: "word" }))
      assert.deepInclude(yield* Actor.info(actor), { status: "suspended" })
      yield* Actor.resume(actor)
      assert.strictEqual(yield* actor.ask(Count({ word: "word" })), 1)
      const end = yield* Effect.scoped(
        Effect.flatMap(Monitor.make(actor), (down) => Effect.andThen(Actor.kill(actor), down))
      )
      assert.strictEqual(end._tag, "Killed")
    })))

  it.live("G193: top and behaviors are of actors in Rust, too, by actor and by type", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const system = yield* ActorSystem
      const subscriber = yield* SubscriberLive.spawn(yield* Deferred.make<void>())
      const actor = yield* library
      for (let n = 0; n < 20; n++) yield* actor.tell(Read({ text: "word" }))
      yield* actor.ask(Count({ word: "word" }))
      const image = yield* Actor.whereis(Image, "image")
      const numbers = yield* Actor.whereis(Numbers, "numbers")
      yield* subscriber.ask(Subscriber.messages.Seen())
      const busiest = yield* system.top(2, "reductions")
      assert.deepStrictEqual(busiest.map(({ pid }) => pid), [actor.pid, subscriber.pid])
      assert.deepInclude(busiest[0], {
        name: "library",
        protocol: "Library",
        version: "rust example_native_addon::library::Library",
        reductions: 21
      })
      for (const by of ["time", "mailbox", "memory"] as const) {
        const pids = (yield* system.top(10, by)).map(({ pid }) => pid)
        assert.sameMembers(pids, [actor.pid, subscriber.pid, image.pid, numbers.pid])
      }
      const rowOf = (protocol: string) =>
        Effect.map(system.behaviors, (rows) => rows.find((row) => row.protocol === protocol))
      const row = yield* rowOf("Library")
      assert.deepInclude(row, { version: busiest[0]!.version, actors: 1, reductions: 21, mailbox: 0 })
      assert.isAbove(row!.memory, 0)
      const end = yield* Monitor.make(actor)
      yield* Actor.kill(actor)
      yield* end
      assert.deepInclude(yield* rowOf("Library"), { actors: 0, reductions: 21, memory: 0 })
    }))))

  it.live("G226: a crash of an actor in Rust is counted", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const crashes = Effect.map(Metric.snapshot, (metrics) => {
        const found = metrics.find(({ id }) => id === "myrmidon_crashes")
        return Number((found?.state as { readonly value: number } | undefined)?.value ?? 0)
      })
      const before = yield* crashes
      yield* (yield* library).tell(Fail({ text: "the shelf broke" }))
      yield* Effect.repeat(crashes, { until: (count) => count === before + 1, schedule: Schedule.spaced("10 millis") })
    }))))

  it.live("G226: the accounts of actors in Rust are metrics, read now and then", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const actor = yield* library
      for (let n = 0; n < 20; n++) yield* actor.tell(Read({ text: "word" }))
      yield* actor.ask(Count({ word: "word" }))
      const handled = Effect.map(
        Metric.snapshot,
        (metrics) =>
          metrics.flatMap(({ attributes, id, state }) =>
            id === "myrmidon_behavior_reductions" && attributes?.["protocol"] === "Library"
              ? [Number((state as { readonly count: number }).count)]
              : []
          )
      )
      yield* Effect.repeat(handled, { until: ([count]) => count === 21, schedule: Schedule.spaced("10 millis") })
    }))))

  it.live("G201: to swap it, to look into it or to trace it from TypeScript is ActorElsewhere, and it goes on", () =>
    run(
      Effect.gen(function*() {
        const actor = yield* library
        const elsewhere = { _tag: "ActorElsewhere", pid: actor.pid } as const
        for (const upgrade of [HotSwap.upgrade(One, Two), registered]) {
          const swap = yield* Effect.flip(HotSwap.swap(actor, upgrade))
          assert.deepInclude(swap.reason, elsewhere)
        }
        assert.deepInclude((yield* Effect.flip(HotSwap.rollback(actor))).reason, elsewhere)
        const inspector = yield* Inspector
        assert.deepInclude(yield* Effect.flip(inspector.getState(actor, One)), elsewhere)
        assert.deepInclude(yield* Effect.flip(inspector.replaceState(actor, One, () => 1)), elsewhere)
        assert.deepInclude(yield* Effect.flip(Stream.runDrain(inspector.trace(actor))), elsewhere)
        yield* actor.tell(Read({ text: "word" }))
        assert.strictEqual(yield* actor.ask(Count({ word: "word" })), 1)
      }).pipe(Effect.provide(Inspector.layer))
    ))

  it.live("G196: worker isolates reach it, too", () =>
    Effect.gen(function*() {
      const { AskerLive, messages } = yield* Effect.promise(() => import("./asker.ts"))
      const asker = yield* AskerLive.spawnOn("worker")
      assert.strictEqual(yield* asker.ask(messages.Words({ text: "one two two", word: "two" })), 2)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ addon, rustShards: 1, isolates: 1 }))), 60_000)

  it.live("options that do not fit are typed errors", () =>
    Effect.gen(function*() {
      const opened = (options: Parameters<typeof ActorSystem.layer>[0]) =>
        Effect.flip(Effect.provide(Effect.void, ActorSystem.layer(options)))
      for (const rustShards of [-1, 1.5, 65]) {
        assert.deepInclude(yield* opened({ addon, rustShards }), { _tag: "InvalidOption", option: "rustShards" })
      }
      const none = yield* opened({ rustShards: 1 })
      assert.isTrue(none._tag === "InvalidOption" && none.issue.includes("no behaviours"))
      const nowhere = yield* opened({ addon: "nowhere/none.node", rustShards: 1 })
      assert.isTrue(nowhere._tag === "NativeUnavailable" && nowhere.tried[0]!.includes("nowhere/none.node"))
      assert.strictEqual((yield* opened({ addon: "" }))._tag, "InvalidOption")
      const twin = yield* Effect.exit(Effect.provide(Effect.void, ActorSystem.layerMemory({ rustShards: 1 } as {})))
      assert.isTrue(Exit.isFailure(twin))
    }))

  it.live("the program prints what it says, and ends by itself", () =>
    Effect.gen(function*() {
      const main = fileURLToPath(new URL("../src/main.ts", import.meta.url))
      const { stdout } = yield* Effect.promise(() => promisify(execFile)(process.execPath, [main]))
      assert.strictEqual(
        stdout,
        "\"be\" was seen 2 times; UnknownWord\n"
          + "told by Rust: to 1, be 1, or 1, not 1, to 2, be 2\n"
          + "asked by Rust: \"be\" is to have a place in the world\n"
          + "16 MiB came back inverted: true\n"
          + "rust: the shelf broke\n"
      )
    }), 30_000)
})
