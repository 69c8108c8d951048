// Stream replies of actors in other isolates (G188 to G190).
import { assert, describe, layer } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, AskError, Monitor } from "@myrmidonjs/actor"
import { Effect, Exit, Fiber, Schema, Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { hostOf } from "../../src/internal/system.ts"
import { nativeLoads as native, turn } from "../fixtures.ts"
import { CounterLive, Summer, SummerLive, Ticker, TickerLive, TooMuch } from "./modules.ts"

const { Count, Dies, Forever, Silent, Sized, State, Wrong } = Ticker.messages
/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
const reasonOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, AskError)
    return (error as AskError).reason
  })
const until = (ticker: Actor.Ref<typeof Ticker>, stopped: number) =>
  Effect.repeat(Effect.andThen(turn, ticker.ask(State())), { until: (state) => state.stopped === stopped })

describe.runIf(native)("streams across isolates", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 2 }), { excludeTestServices: true, timeout: patience })((it) => {
    const streamsHere = Effect.map(ActorSystem, (system) => fleetOf(hostOf(system))!.team.streams)

    it.effect("G188: every item arrives, in order, and then the end", () =>
      Effect.gen(function*() {
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        for (const n of [0, 1, 15, 16, 17, 4999]) {
          const all = yield* Stream.runCollect(ticker.stream(Count(n)))
          assert.deepStrictEqual(all, Array.from({ length: n }, (_, at) => at + 1))
        }
        const one = yield* Stream.runCollect(ticker.stream(Count(300), { bufferSize: 1 }))
        assert.strictEqual(one.length, 300)
      }).pipe(Effect.scoped))

    it.effect("G188: a worker reads a stream of this isolate, and of another worker", () =>
      Effect.gen(function*() {
        const { isolates } = yield* Effect.flatMap(ActorSystem, (system) => system.info)
        const reader = yield* SummerLive.spawnOn(isolates[1]!.isolate as never, undefined)
        for (const { isolate } of [isolates[0]!, isolates[2]!]) {
          const ticker = yield* TickerLive.spawnOn(isolate as never, undefined)
          assert.strictEqual(yield* reader.ask(Summer.messages.Sum({ ticker, n: 1000 })), 500_500)
        }
      }).pipe(Effect.scoped))

    it.effect("G188: a failure of the stream comes behind its items, as its schema says", () =>
      Effect.gen(function*() {
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        let seen = 0
        const all = Stream.runForEach(ticker.stream(Count(5001)), () => Effect.sync(() => seen++))
        assert.deepStrictEqual(yield* Effect.flip(all), new TooMuch({ limit: 5000 }))
        assert.strictEqual(seen, 5001)
      }).pipe(Effect.scoped))

    it.effect("G188: items cross by their schema, large and small", () =>
      Effect.gen(function*() {
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        const sizes = [0, 1, 5000, 3, 5_000_000, 5_000_000, 7]
        const all = yield* Stream.runCollect(ticker.stream(Sized(sizes)))
        assert.deepStrictEqual(all.map(({ bytes }) => bytes.length), sizes)
        assert.deepStrictEqual(all.map(({ at }) => at.getTime()), sizes)
        const large = yield* reasonOf(Stream.runDrain(ticker.stream(Sized([1, 2 ** 26]))))
        assert.strictEqual(large._tag, "BadMessage")
        assert.include(large.message, "may cross at a time")
        assert.isTrue(yield* Actor.isAlive(ticker))
      }).pipe(Effect.scoped))

    it.effect("G188: an item that does not fit its schema, and a stream that dies, are crashes of the actor", () =>
      Effect.gen(function*() {
        const wrong = yield* TickerLive.spawnOn("worker", undefined)
        const down = yield* Monitor.make(wrong)
        assert.strictEqual((yield* reasonOf(Stream.runDrain(wrong.stream(Wrong()))))._tag, "ActorExited")
        assert.strictEqual((yield* down)._tag, "Crashed")
        const dies = yield* TickerLive.spawnOn("worker", undefined)
        const seen: Array<number> = []
        const reason = yield* reasonOf(
          Stream.runForEach(dies.stream(Dies()), (item) => Effect.sync(() => void seen.push(item)))
        )
        assert.strictEqual(reason._tag, "ActorExited")
        assert.include(reason.message, "on purpose")
        // What it sent before it died is seen before its end (G10).
        assert.deepStrictEqual(seen, [1, 2])
      }).pipe(Effect.scoped))

    it.effect("G189: a producer runs ahead by what the reader buffers, and no further", () =>
      Effect.gen(function*() {
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        let last = 0
        const gate = yield* Effect.forkChild(Stream.runForEach(
          ticker.stream(Forever(), { bufferSize: 8 }),
          (item) => {
            last = item
            return item === 100 ? Effect.never : Effect.void
          }
        ))
        yield* Effect.repeat(turn, { until: () => Effect.sync(() => last === 100) })
        const settled = yield* Effect.repeat(
          Effect.gen(function*() {
            const before = yield* ticker.ask(State())
            for (let i = 0; i < 50; i++) yield* ticker.ask(State())
            return [before.produced, (yield* ticker.ask(State())).produced] as const
          }),
          { until: ([before, after]) => before === after }
        )
        // Its buffer, what is on its way, what waits beside it.
        assert.isAtMost(settled[1], 100 + 8 + 8 + 8 + 2)
        yield* Fiber.interrupt(gate)
        yield* until(ticker, 1)
      }).pipe(Effect.scoped))

    it.effect("G190: a reader that has enough, or is interrupted, ends the producer", () =>
      Effect.gen(function*() {
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(ticker.stream(Forever()), 3)), [1, 2, 3])
        yield* until(ticker, 1)
        const silent = yield* Effect.forkChild(Stream.runDrain(ticker.stream(Silent())))
        // Behind the question in its mailbox.
        yield* turn
        yield* ticker.ask(State())
        yield* Fiber.interrupt(silent)
        yield* until(ticker, 2)
        assert.strictEqual((yield* streamsHere).size, 0)
      }).pipe(Effect.scoped))

    it.effect("G190: a reader that gives up before the question is handled starts nothing", () =>
      Effect.gen(function*() {
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        yield* Actor.suspend(ticker)
        const reader = yield* Effect.forkChild(Stream.runDrain(ticker.stream(Forever())), { startImmediately: true })
        yield* turn
        yield* Fiber.interrupt(reader)
        yield* Actor.resume(ticker)
        assert.deepStrictEqual(yield* ticker.ask(State()), { produced: 0, stopped: 0 })
      }).pipe(Effect.scoped))

    it.effect("G188: many streams of one actor do not mix, and nothing is left behind", () =>
      Effect.gen(function*() {
        const tickers = yield* Effect.forEach([1, 2, 3], () => TickerLive.spawnOn("worker", undefined))
        const sums = yield* Effect.forEach(
          Array.from({ length: 60 }, (_, at) => at),
          (at) => Stream.runSum(tickers[at % 3]!.stream(Count(at * 40), { bufferSize: 1 + at % 5 })),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(sums, Array.from({ length: 60 }, (_, at) => at * 40 * (at * 40 + 1) / 2))
        assert.strictEqual((yield* streamsHere).size, 0)
      }).pipe(Effect.scoped))

    it.effect("G153: what asks for a stream in the wrong way is BadMessage", () =>
      Effect.gen(function*() {
        const Other = Actor.make("Other", [
          Rpc.make("Count", { payload: Schema.Int, success: Schema.Int }),
          Rpc.make("Add", { payload: Schema.Int, success: Schema.Int, stream: true })
        ])
        const ticker = yield* TickerLive.spawnOn("worker", undefined)
        const mistaken = yield* ActorRef.fromPid(Other, ticker.pid)
        assert.strictEqual((yield* reasonOf(mistaken.ask(Other.messages.Count(1))))._tag, "BadMessage")
        const counter = yield* CounterLive.spawnOn("worker", 0)
        const streamed = yield* ActorRef.fromPid(Other, counter.pid)
        assert.strictEqual(
          (yield* reasonOf(Stream.runDrain(streamed.stream(Other.messages.Add(1)))))._tag,
          "BadMessage"
        )
        assert.strictEqual((yield* reasonOf(Stream.runDrain(ticker.stream(Count(1.5)))))._tag, "BadMessage")
      }).pipe(Effect.scoped))
  })

  layer(ActorSystem.layer({ isolates: 1 }), { excludeTestServices: true, timeout: patience })((it) =>
    it.effect("G190: an isolate that ends, ends its streams", () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const fleet = fleetOf(hostOf(system))!
        const scope = yield* Scope.make()
        const ticker = yield* Scope.provide(TickerLive.spawnOn("worker", undefined), scope)
        const { isolates } = yield* system.info
        const reader = yield* Effect.forkChild(Stream.runDrain(ticker.stream(Silent())), { startImmediately: true })
        yield* ticker.ask(State())
        fleet.terminate(isolates[1]!.isolate)
        const exit = yield* Fiber.await(reader)
        assert.isTrue(Exit.isFailure(exit))
        assert.strictEqual((yield* reasonOf(exit))._tag, "ActorExited")
        assert.strictEqual(fleet.team.streams.size, 0)
        assert.strictEqual((yield* reasonOf(Stream.runDrain(ticker.stream(Silent()))))._tag, "ActorExited")
      }).pipe(Effect.scoped))
  )
})
