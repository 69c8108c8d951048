// Worker isolates as such: their ends, new starts, silence, and the end of their system (G156 to G159).
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  ActorSystem,
  type AskError,
  Codec,
  type DeadLetter,
  type ExitSignal,
  Link,
  Monitor,
  type NativeOptions,
  type SystemEvent
} from "@myrmidonjs/actor"
import { Effect, Fiber, Layer, Option, type Scope, Stream } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fleetOf } from "../../src/internal/isolate/fleet.ts"
import { hostOf } from "../../src/internal/system.ts"
import { nativeLoads } from "../fixtures.ts"
import { Counter, CounterLive, type TooMuch } from "./modules.ts"
import { rounds } from "./rounds.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000
/** ms: the same for twenty of them and more. */
const longPatience = 300_000

const { Add, Block, Exit: EndThread, Get, Never, Thread, Throw } = Counter.messages

const run = <A, E>(options: NativeOptions, body: Effect.Effect<A, E, ActorSystem | Scope.Scope>) =>
  body.pipe(Effect.scoped, Effect.provide(ActorSystem.layer(options)))

/** The first event of a kind from now on. */
const nextEvent = <Tag extends SystemEvent["_tag"]>(tag: Tag) =>
  Effect.flatMap(ActorSystem, (system) =>
    Effect.forkScoped(
      Effect.map(
        Stream.runHead(
          Stream.filter(system.events, (event): event is Extract<SystemEvent, { _tag: Tag }> => event._tag === tag)
        ),
        Option.getOrThrow
      ),
      { startImmediately: true }
    ))

const endOf = (error: AskError | TooMuch | ExitSignal) => {
  if (error._tag === "ExitSignal") return error.reason
  assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
  return error.reason.reason
}

describe.runIf(nativeLoads)("worker isolates", () => {
  it.live("G156: one that ends takes its actors with it, tells all that are tied to them, and starts again", () =>
    run(
      { isolates: 1 },
      Effect.gen(function*() {
        const down = yield* nextEvent("IsolateDown")
        const up = yield* nextEvent("IsolateUp")
        const counter = yield* CounterLive.spawnOn("worker", 0)
        const other = yield* CounterLive.spawnOn("worker", 0)
        const watched = yield* Monitor.make(counter)
        const asked = yield* Effect.forkScoped(Effect.flip(counter.ask(Never(), { timeout: "1 minute" })), {
          startImmediately: true
        })
        const linked = yield* Effect.forkScoped(Effect.flip(Link.linked(Effect.never, other)), {
          startImmediately: true
        })
        assert.strictEqual(yield* other.ask(Get()), 0)
        yield* other.tell(EndThread(3))
        const gone = { _tag: "IsolateDown", isolate: 1 } as const
        assert.deepStrictEqual(yield* watched, gone)
        assert.deepStrictEqual(endOf(yield* Fiber.join(asked)), gone)
        assert.deepStrictEqual(endOf(yield* Fiber.join(linked)), gone)
        assert.strictEqual((yield* Fiber.join(down)).isolate, 1)
        // It waits for the new one, if that is not ready yet.
        const again = yield* CounterLive.spawnOn("worker", 7)
        assert.strictEqual(yield* again.ask(Get()), 7)
        assert.strictEqual((yield* Fiber.join(up)).isolate, 2)
        assert.deepStrictEqual(endOf(yield* Effect.flip(counter.ask(Get()))), gone)
      })
    ), patience)

  it.live(
    "G156: an error that nobody catches in a worker ends that worker alone, and its event says what it was",
    () =>
      run(
        { isolates: 2 },
        Effect.gen(function*() {
          const down = yield* nextEvent("IsolateDown")
          const counters = yield* Effect.forEach([0, 1], () => CounterLive.spawnOn("worker", 0))
          yield* counters[0]!.tell(Throw())
          assert.include((yield* Fiber.join(down)).error, "outside of any handler")
          assert.strictEqual(yield* counters[1]!.ask(Add(1)), 1)
        })
      ),
    patience
  )

  it.live("G114: what the program had sent to a worker that is lost is all among the dead letters", () => {
    const letters: Array<DeadLetter> = []
    return run(
      { isolates: 1, onDeadLetter: (letter) => letters.push(letter) },
      Effect.gen(function*() {
        const fleet = fleetOf(hostOf(yield* ActorSystem))!
        const folder = mkdtempSync(join(tmpdir(), "myrmidon-"))
        const counter = yield* CounterLive.spawnOn("worker", 0)
        const down = yield* Monitor.make(counter)
        yield* counter.tell(Block(join(folder, "never")))
        for (let n = 0; n < 500; n++) yield* counter.tell(Add(n))
        fleet.terminate(1)
        yield* down
        yield* Effect.repeat(Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve))), {
          // What its agent was asked may be among them.
          until: () => letters.filter(({ to }) => to === counter.pid).length === 501
        })
        const told = letters.flatMap(({ message, to }) =>
          to === counter.pid && message._tag === "Add" ? [message.payload as number] : []
        )
        assert.deepStrictEqual(told.toSorted((a, b) => a - b), Array.from({ length: 500 }, (_, n) => n))
        assert.isAtMost(letters.filter(({ why }) => why === "Interrupted").length, 1)
        rmSync(folder, { recursive: true })
      })
    )
  }, patience)

  it.live("G130: a Codec that workers do not have is refused, and nobody waits for them", () => {
    const Other = Layer.succeed(Codec, { format: "json", of: () => assert.fail("nothing is encoded") })
    return Effect.gen(function*() {
      const error = yield* Effect.flip(Layer.build(Layer.provide(ActorSystem.layer({ isolates: 1 }), Other)))
      assert.deepInclude(error, { _tag: "IsolateUnavailable", on: "worker" })
      assert.include(error.message, "json")
    }).pipe(Effect.scoped)
  }, patience)

  it.live("G157: one that is blocked is reported and keeps nobody else waiting; asks to it end in time", () =>
    run(
      { isolates: 2, isolateSilence: 1_500, shutdownTimeout: 200 },
      Effect.gen(function*() {
        const silent = yield* nextEvent("IsolateSilent")
        const { events } = yield* ActorSystem
        const isOfCounter = (event: SystemEvent) => event._tag === "LongSchedule" && event.protocol === "Counter"
        const long = yield* Effect.forkScoped(Stream.runHead(Stream.filter(events, isOfCounter)), {
          startImmediately: true
        })
        const [blocked, free] = yield* Effect.forEach(
          ["blocked", "free"],
          (name) => CounterLive.spawnOn("worker", 0, { name })
        )
        const here = yield* CounterLive.spawnOn("main", 0)
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "myrmidon-"))),
          (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
        )
        const release = Effect.sync(() => writeFileSync(join(folder, "go"), ""))
        yield* Effect.addFinalizer(() => release)
        yield* blocked!.tell(Block(join(folder, "go")))
        const ask = yield* Effect.flip(blocked!.ask(Get(), { timeout: 50 }))
        assert(ask._tag === "AskError" && ask.reason._tag === "AskTimeout")
        assert.strictEqual(yield* free!.ask(Add(1)), 1)
        assert.strictEqual(yield* here.ask(Add(1)), 1)
        const { isolate, millis } = yield* Fiber.join(silent)
        assert.isAbove(millis, 1_500)
        assert.strictEqual(yield* free!.ask(Add(1)), 2)
        const unanswered = yield* Effect.flip(CounterLive.spawnOn(isolate as never, 0))
        assert(unanswered._tag === "SpawnError" && unanswered.reason._tag === "IsolateUnavailable")
        // Somebody has that name (G209): who, nobody can say.
        const lookup = Effect.flip(Actor.whereis(Counter, "blocked"))
        const current = Effect.flip(Effect.flatMap(ActorRef.named(Counter, "blocked"), (named) => named.current))
        for (const unknown of yield* Effect.all([lookup, current], { concurrency: 2 })) {
          assert.deepInclude(unknown, { _tag: "IsolateUnavailable", on: String(isolate) })
          assert.include(unknown.message, "1s 500ms")
        }
        assert.strictEqual((yield* Actor.whereis(Counter, "free")).pid, free!.pid)
        // Blocked, it has handled least of all; but whoever may go elsewhere does.
        const thread = yield* free!.ask(Thread())
        for (let n = 0; n < 4; n++) {
          const counter = yield* CounterLive.spawnOn("worker", 0)
          assert.strictEqual(yield* counter.ask(Thread()), thread)
        }
        // It was never ended for it.
        yield* release
        assert.strictEqual((yield* Actor.whereis(Counter, "blocked")).pid, blocked!.pid)
        assert.strictEqual(yield* blocked!.ask(Get(), { timeout: "10 seconds" }), 0)
        // Where it is, it is right.
        assert.deepInclude(Option.getOrThrow(yield* Fiber.join(long)), { pid: blocked!.pid, advice: undefined })
      })
    ), patience)

  it.live(
    "G159: ten systems, each started, loaded and closed in the middle of it; every other one loses a worker first",
    () => rounds(10),
    longPatience
  )

  it.effect("an option out of range is InvalidOption", () =>
    Effect.gen(function*() {
      for (const isolates of [-1, 1.5, 129, "2" as never]) {
        const error = yield* Effect.flip(run({ isolates }, Effect.void))
        assert.deepInclude(error, { _tag: "InvalidOption", option: "isolates" })
      }
      const silence = yield* Effect.flip(run({ isolates: 1, isolateSilence: 0 }, Effect.void))
      assert.deepInclude(silence, { _tag: "InvalidOption", option: "isolateSilence" })
    }))
})
