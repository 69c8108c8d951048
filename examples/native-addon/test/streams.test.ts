// G239, G241: streams of actors in Rust, and buffers in their questions, as TypeScript has them.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, AskError, Monitor, SharedBuffer } from "@myrmidonjs/actor"
import { Effect, Exit, Fiber, Layer, Schema, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { addon } from "../src/addon.ts"
import { Filter, Image, Library, Numbers, Source, TooMuch } from "../src/protocols.ts"

const { Count, Fail, Sum, Tell, Watch, Watching } = Numbers.messages
const system = ActorSystem.layer({ addon, rustShards: 2 })
const run = <A, E>(program: Effect.Effect<A, E, ActorSystem>) => Effect.provide(program, system)
const numbers = Actor.whereis(Numbers, "numbers")
const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))
const until = (actor: Actor.Ref<typeof Numbers>, watching: number) =>
  Effect.repeat(Effect.andThen(turn, actor.ask(Watching())), { until: (count) => count === watching })

describe.runIf(process.env["MYRMIDON_NO_NATIVE"] === undefined)("streams of actors in Rust", () => {
  it.live("G239: every item arrives, in order, and then the end, however much the reader buffers", () =>
    run(Effect.gen(function*() {
      const actor = yield* numbers
      for (const to of [0, 1, 16, 17, 5000]) {
        const all = yield* Stream.runCollect(actor.stream(Count({ to })))
        assert.deepStrictEqual(all, Array.from({ length: to }, (_, at) => at + 1))
      }
      for (const bufferSize of [0, 1, Infinity]) {
        const all = yield* Stream.runCollect(actor.stream(Count({ to: 300 }), { bufferSize }))
        assert.strictEqual(all.length, 300)
      }
    })))

  it.live("G239: a failure is the protocol's own, behind the items", () =>
    run(Effect.gen(function*() {
      const actor = yield* numbers
      let seen = 0
      const all = Stream.runForEach(actor.stream(Count({ to: 10_001 })), () => Effect.sync(() => seen++))
      assert.deepStrictEqual(yield* Effect.flip(all), new TooMuch({ limit: 10_000 }))
      assert.strictEqual(seen, 10_000)
    })))

  it.live("G239: a reader that takes nothing holds up its stream alone, and one that has enough ends it", () =>
    run(Effect.gen(function*() {
      const actor = yield* numbers
      // It would not be done for long.
      const some = yield* actor.stream(Count({ to: 9999 })).pipe(Stream.take(3), Stream.runCollect)
      assert.deepStrictEqual(some, [1, 2, 3])
      const slow = yield* actor.stream(Count({ to: 9999 })).pipe(
        Stream.runForEach(() => Effect.never),
        Effect.forkChild({ startImmediately: true })
      )
      assert.strictEqual(yield* actor.ask(Watching()), 0)
      assert.strictEqual((yield* Stream.runCollect(actor.stream(Count({ to: 100 })))).length, 100)
      yield* Fiber.interrupt(slow)
    })))

  it.live("G239: a stream that has nothing to say ends with its reader", () =>
    run(Effect.gen(function*() {
      const actor = yield* numbers
      const seen: Array<number> = []
      const reader = yield* actor.stream(Watch()).pipe(
        Stream.runForEach((number) => Effect.sync(() => void seen.push(number))),
        Effect.forkChild({ startImmediately: true })
      )
      yield* until(actor, 1)
      yield* actor.tell(Tell(7))
      yield* Effect.repeat(turn, { until: () => seen.length === 1 })
      yield* Fiber.interrupt(reader)
      yield* until(actor, 0)
      assert.deepStrictEqual(seen, [7])
      // One that was given up before the actor has heard of it.
      for (let n = 0; n < 50; n++) {
        const brief = yield* Effect.forkChild(Stream.runDrain(actor.stream(Watch())), { startImmediately: true })
        if (n % 2 === 0) yield* turn
        yield* Fiber.interrupt(brief)
      }
      yield* until(actor, 0)
    })))

  it.live("G239: the end of the actor is the end of the stream, behind the items that it had sent", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const actor = yield* numbers
      const down = yield* Monitor.make(actor)
      const seen: Array<number> = []
      const reader = yield* actor.stream(Watch()).pipe(
        Stream.runForEach((number) => Effect.sync(() => void seen.push(number))),
        Effect.flip,
        Effect.forkChild({ startImmediately: true })
      )
      yield* until(actor, 1)
      yield* actor.tell(Tell(1))
      yield* actor.tell(Fail())
      const error = yield* Fiber.join(reader)
      assert.instanceOf(error, AskError)
      assert.isTrue(error.reason._tag === "ActorExited" && error.reason.reason._tag === "Crashed", error.message)
      assert.deepStrictEqual(seen, [1])
      assert.strictEqual((yield* down)._tag, "Crashed")
      const dead = yield* Effect.flip(Stream.runDrain(actor.stream(Watch())))
      assert.isTrue(dead.reason._tag === "ActorExited", dead.message)
    }))))

  it.live("G239: what Rust does not answer with a stream is a BadMessage, and the actor lives", () =>
    run(Effect.gen(function*() {
      const Other = Actor.make("Library", [Rpc.make("Count", { success: Schema.Int, stream: true })])
      const actor = yield* Actor.whereis(Library, "library")
      const other = yield* ActorRef.fromPid(Other, actor.pid)
      const error = yield* Effect.flip(Stream.runDrain(other.stream(Other.messages.Count())))
      assert.strictEqual(error.reason._tag, "BadMessage")
      assert.isTrue(yield* Actor.isAlive(actor))
    })))

  it.live("G239: a worker isolate reads one, and what it reads ends with it", () =>
    Effect.gen(function*() {
      const { ReaderLive, reading } = yield* Effect.promise(() => import("./reader.ts"))
      const actor = yield* numbers
      const reader = yield* ReaderLive.spawnOn("worker")
      assert.strictEqual(yield* reader.ask(reading.Sum({ to: 1000 })), 500_500)
      yield* reader.tell(reading.Wait())
      yield* until(actor, 1)
      yield* Actor.kill(reader)
      yield* until(actor, 0)
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ addon, rustShards: 1, isolates: 1 }))), 60_000)
})

describe.runIf(process.env["MYRMIDON_NO_NATIVE"] === undefined)("streams that actors in Rust read", () => {
  it.live("G240: of an actor of TypeScript, here and in a worker", () =>
    Effect.gen(function*() {
      const { SourceLive } = yield* Effect.promise(() => import("./reader.ts"))
      const actor = yield* numbers
      const sum = (to: number, most = 1_000_000) => actor.ask(Sum({ to, most }))
      assert.strictEqual((yield* Effect.flip(sum(1)) as Effect.Effect<AskError>).reason._tag, "BadMessage")
      for (const on of ["main", "worker"] as const) {
        const source = yield* SourceLive.spawnOn(on, undefined, { name: "source" })
        const closed = Effect.repeat(Effect.andThen(turn, source.ask(Source.messages.Open())), {
          until: (open) => open === 0
        })
        for (const to of [1, 16, 17, 5000]) assert.strictEqual(yield* sum(to), to * (to + 1) / 2)
        assert.deepStrictEqual(yield* Effect.flip(sum(10_001)), new TooMuch({ limit: 10_000 }))
        // One that has enough ends the producer.
        assert.strictEqual(yield* sum(9999, 4), 10)
        yield* closed
        assert.strictEqual(yield* sum(5), 15)
        const down = yield* Monitor.make(source)
        // Behind the watch: what makes it crash comes another way.
        yield* source.ask(Source.messages.Open())
        const crashed = yield* Effect.flip(sum(13)) as Effect.Effect<AskError>
        assert.strictEqual(crashed.reason._tag, "BadMessage")
        assert.strictEqual((yield* down)._tag, "Crashed")
      }
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ addon, rustShards: 2, isolates: 1 }))), 60_000)

  it.live("G240: a reader that ends, ends a producer that has nothing to say", () =>
    Effect.gen(function*() {
      const { SourceLive } = yield* Effect.promise(() => import("./reader.ts"))
      const actor = yield* numbers
      const source = yield* SourceLive.spawn(undefined, { name: "source" })
      const open = Effect.andThen(turn, source.ask(Source.messages.Open()))
      const waiting = yield* Effect.forkChild(Effect.exit(actor.ask(Sum({ to: 0, most: 1 }))), {
        startImmediately: true
      })
      yield* Effect.repeat(open, { until: (count) => count === 1 })
      yield* Actor.kill(actor)
      yield* Effect.repeat(open, { until: (count) => count === 0 })
      assert.isTrue(Exit.isFailure(yield* Fiber.join(waiting)))
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.runIf(process.env["MYRMIDON_NO_NATIVE"] === undefined)("buffers in questions of Rust", () => {
  const FilterLive = Actor.module(
    import.meta.url,
    Filter.behavior({
      init: () => null,
      handlers: {
        Apply: (_, { pixels }) => {
          pixels.bytes().fill(9)
          return pixels
        }
      }
    }),
    Layer.empty
  )

  it.live("G241: a buffer goes to TypeScript with a question of Rust, and comes back with the answer", () =>
    run(Effect.scoped(Effect.gen(function*() {
      const { info } = yield* ActorSystem
      const image = yield* Actor.whereis(Image, "image")
      const ask = Effect.flatMap(
        Effect.orDie(SharedBuffer.allocate(1 << 20)),
        (pixels) => image.ask(Image.messages.Filter({ pixels }))
      )
      // Nobody has the name, and the buffer is freed.
      assert.strictEqual((yield* Effect.flip(ask)).reason._tag, "BadMessage")
      assert.strictEqual((yield* info).bufferBytes, 0)
      const filter = yield* FilterLive.spawn(undefined, { name: "filter" })
      const filtered = yield* ask
      assert.strictEqual(filtered.byteLength, 1 << 20)
      assert.isTrue(filtered.bytes().every((pixel) => pixel === 9))
      filtered.release()
      assert.strictEqual((yield* info).bufferBytes, 0)
      yield* Actor.suspend(filter)
      const waiting = yield* Effect.forkChild(Effect.flip(ask), { startImmediately: true })
      yield* Effect.repeat(Effect.andThen(turn, Actor.info(filter)), { until: ({ mailbox }) => mailbox === 1 })
      yield* Actor.kill(filter)
      assert.strictEqual((yield* Fiber.join(waiting)).reason._tag, "BadMessage")
      assert.strictEqual((yield* info).bufferBytes, 0)
    }))))
})
