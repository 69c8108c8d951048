// Bounds and policies, seen from outside.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorSystem, type DeadLetter, ExitReason, Inspector, type Mailbox } from "@myrmidonjs/actor"
import { Deferred, type Duration, Effect, Exit, Fiber, Metric, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Rpc } from "effect/rpc"
import { hostOf } from "../src/internal/system.ts"
import { systems, testSystems } from "./fixtures.ts"

const Gate = Actor.make("Gate", [
  Rpc.make("Hold", { success: Schema.Void }),
  Rpc.make("Put", { payload: Schema.Int }),
  Rpc.make("Seen", { success: Schema.Array(Schema.Int) }),
  Rpc.make("Each", { success: Schema.Int, stream: true })
])
const { Each, Hold, Put, Seen } = Gate.messages

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

// An actor whose handler waits, so that its mailbox fills.
const full = (mailbox: Mailbox) =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const held = yield* Deferred.make<void>()
    const two = yield* Deferred.make<void>()
    const GateLive = Gate.behavior({
      init: () => [] as Array<number>,
      handlers: {
        Hold: () => Effect.andThen(Deferred.succeed(held, undefined), Deferred.await(gate)),
        Put: (seen, n) => {
          if (seen.push(n) === 2) Deferred.doneUnsafe(two, Exit.void)
        },
        Seen: (seen) => [...seen],
        Each: (seen) => Stream.fromIterable([...seen])
      }
    })
    const ref = yield* GateLive.spawn(undefined, { mailbox })
    yield* Effect.forkChild(ref.ask(Hold()), { startImmediately: true })
    yield* Deferred.await(held)
    return { ref, open: Deferred.succeed(gate, undefined), two: Deferred.await(two) }
  })

describe.each(systems)("Mailbox on the %s", (_, system) => {
  const letters = Effect.flatMap(
    ActorSystem,
    (system) => Effect.forkChild(system.deadLetters.pipe(Stream.take(2), Stream.runCollect), { startImmediately: true })
  )
  const payloads = (fiber: Fiber.Fiber<Array<DeadLetter>>) =>
    Effect.map(Fiber.join(fiber), (letters) => letters.map((letter) => [letter.message.payload, letter.why]))

  it.effect("drop-newest keeps the oldest", () =>
    Effect.gen(function*() {
      const reader = yield* letters
      const { open, ref, two } = yield* full({ capacity: 2, onFull: "drop-newest" })
      for (const n of [1, 2, 3, 4]) assert.strictEqual(ref.tellUnsafe(Put(n)), "Accepted")
      assert.deepStrictEqual(yield* payloads(reader), [[3, "Dropped"], [4, "Dropped"]])
      yield* open
      yield* two
      assert.deepStrictEqual(yield* ref.ask(Seen()), [1, 2])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("drop-oldest keeps the newest", () =>
    Effect.gen(function*() {
      const reader = yield* letters
      const { open, ref, two } = yield* full({ capacity: 2, onFull: "drop-oldest" })
      for (const n of [1, 2, 3, 4]) assert.strictEqual(ref.tellUnsafe(Put(n)), "Accepted")
      assert.deepStrictEqual(yield* payloads(reader), [[1, "Dropped"], [2, "Dropped"]])
      yield* open
      yield* two
      assert.deepStrictEqual(yield* ref.ask(Seen()), [3, 4])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("suspend: a tell from outside waits for room, the sync one is refused", () =>
    Effect.gen(function*() {
      const { open, ref, two } = yield* full({ capacity: 1, onFull: "suspend" })
      yield* ref.tell(Put(1))
      assert.strictEqual(ref.tellUnsafe(Put(9)), "MailboxFull")
      const waiting = yield* Effect.forkChild(ref.tell(Put(2)), { startImmediately: true })
      assert.isUndefined(waiting.pollUnsafe())
      yield* open
      yield* Fiber.join(waiting)
      yield* two
      assert.deepStrictEqual(yield* ref.ask(Seen()), [1, 2])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G308: an ask from outside waits for room as a tell does", () =>
    Effect.gen(function*() {
      const { open, ref } = yield* full({ capacity: 1, onFull: "suspend" })
      const held = Effect.map(Actor.info(ref), (info) => info.held)
      yield* ref.tell(Put(1))
      const asking = yield* Effect.forEach(
        [1, 2, 3],
        () => Effect.forkChild(ref.ask(Seen()), { startImmediately: true })
      )
      for (const fiber of asking) assert.isUndefined(fiber.pollUnsafe())
      assert.strictEqual(yield* held, 3)
      yield* Fiber.interrupt(asking[1]!)
      assert.strictEqual(yield* held, 2)
      yield* open
      assert.deepStrictEqual(yield* Fiber.join(asking[0]!), [1])
      assert.deepStrictEqual(yield* Fiber.join(asking[2]!), [1])
      assert.strictEqual(yield* held, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G308: a question for a stream waits for room, too, as long as somebody reads", () =>
    Effect.gen(function*() {
      const { open, ref } = yield* full({ capacity: 1, onFull: "suspend" })
      const held = Effect.map(Actor.info(ref), (info) => info.held)
      yield* ref.tell(Put(1))
      const readers = yield* Effect.forEach(
        [1, 2],
        () => Effect.forkChild(Stream.runCollect(ref.stream(Each())), { startImmediately: true })
      )
      assert.strictEqual(yield* held, 2)
      yield* Fiber.interrupt(readers[0]!)
      assert.strictEqual(yield* held, 1)
      yield* open
      assert.deepStrictEqual(yield* Fiber.join(readers[1]!), [1])
      assert.strictEqual(yield* held, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G308: who waits for room for a question learns why there will be none", () =>
    Effect.gen(function*() {
      const { ref } = yield* full({ capacity: 1, onFull: "suspend" })
      yield* ref.tell(Put(1))
      const asking = yield* Effect.forkChild(Effect.flip(ref.ask(Seen())), { startImmediately: true })
      const reading = yield* Effect.forkChild(Effect.flip(Stream.runDrain(ref.stream(Each()))), {
        startImmediately: true
      })
      yield* Actor.exit(ref, ExitReason.shutdown("over"))
      for (const error of [yield* Fiber.join(asking), yield* Fiber.join(reading)]) {
        assert(error._tag === "AskError" && error.reason._tag === "ActorExited")
        assert.deepStrictEqual(error.reason.reason, ExitReason.shutdown("over"))
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G308: also who asks with nothing else to do", () =>
    Effect.gen(function*() {
      const { open, ref } = yield* full({ capacity: 1, onFull: "suspend" })
      yield* ref.tell(Put(1))
      yield* Effect.forkChild(Effect.andThen(turn, open))
      assert.deepStrictEqual(yield* ref.ask(Seen()), [1])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G297: who is held by a full mailbox is counted, actors and others, as long as they wait", () =>
    Effect.gen(function*() {
      const { open, ref } = yield* full({ capacity: 1, onFull: "suspend" })
      const held = Effect.map(Actor.info(ref), (info) => info.held)
      const statistics = yield* Effect.provide(
        Effect.flatMap(Inspector, (inspector) => inspector.statistics(ref)),
        Inspector.layer
      )
      yield* ref.tell(Put(1))
      assert.strictEqual(yield* held, 0)
      const fibers = yield* Effect.forEach(
        [2, 3, 4],
        (n) => Effect.forkChild(ref.tell(Put(n)), { startImmediately: true })
      )
      assert.strictEqual(yield* held, 3)
      // Who gives up does not wait any more, here and in the shard.
      yield* Fiber.interrupt(fibers[1]!)
      assert.strictEqual(yield* held, 2)
      const Sender = Actor.make("Sender", [Rpc.make("Send", { payload: Schema.Int })])
      const SenderLive = Sender.behavior({
        init: () => 0,
        handlers: { Send: (_, n, self) => void self.send(ref, Put(n)) }
      })
      for (const n of [5, 6]) {
        const sender = yield* SenderLive.spawn()
        yield* sender.tell(Sender.messages.Send(n))
        yield* Effect.repeat(turn, {
          until: () => Effect.map(Actor.info(sender), ({ status }) => status === "suspended")
        })
      }
      assert.strictEqual(yield* held, 4)
      const [most] = yield* Effect.flatMap(ActorSystem, (system) => system.top(1, "mailbox"))
      assert.strictEqual(most!.held, 4)
      assert.strictEqual((yield* statistics).held, 4)
      yield* open
      yield* Fiber.join(fibers[0]!)
      yield* Fiber.join(fibers[2]!)
      const isEmpty = Effect.map(Actor.info(ref), ({ mailbox, status }) => mailbox === 0 && status === "idle")
      yield* Effect.repeat(turn, { until: () => isEmpty })
      assert.strictEqual(yield* held, 0)
      assert.deepStrictEqual((yield* ref.ask(Seen())).toSorted((a, b) => a - b), [1, 2, 4, 5, 6])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G260: a stage that forwards what it gets loses nothing to a slow one, however much it gets at once", () =>
    Effect.gen(function*() {
      const outcomes: Array<string> = []
      const { open, ref } = yield* full({ capacity: 4, onFull: "suspend" })
      const Stage = Actor.make("Stage", [Rpc.make("Item", { payload: Schema.Int }), Rpc.make("Rest")])
      const StageLive = Stage.behavior({
        init: () => 0,
        handlers: { Item: (_, n, self) => void outcomes.push(self.send(ref, Put(n))), Rest: () => {} }
      })
      const stage = yield* StageLive.spawn()
      // Proven short, so that what follows may be delivered to it on the shortest way.
      for (let i = 0; i < 200; i++) yield* stage.tell(Stage.messages.Rest())
      yield* Actor.info(stage)
      const items = Array.from({ length: 40 }, (_, n) => n)
      for (const n of items) stage.tellUnsafe(Stage.messages.Item(n))
      yield* Effect.repeat(turn, { until: () => outcomes.length >= 5 })
      yield* turn
      assert.strictEqual(outcomes.length, 5)
      yield* open
      yield* Effect.repeat(turn, { until: () => outcomes.length === items.length })
      assert.deepStrictEqual(outcomes.filter((outcome) => outcome !== "Accepted"), [])
      assert.deepStrictEqual(yield* ref.ask(Seen()), items)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G50: a handler that holds the thread is reported with its name and duration", () =>
    Effect.gen(function*() {
      const system = yield* ActorSystem
      const event = yield* Effect.forkChild(Stream.runHead(system.events), { startImmediately: true })
      const Heavy = Actor.make("Heavy", [Rpc.make("Work")])
      const HeavyLive = Heavy.behavior({
        init: () => 0,
        handlers: {
          Work: () => {
            const until = performance.now() + 110
            while (performance.now() < until) { /* the thread is held */ }
          }
        }
      })
      const heavy = yield* HeavyLive.spawn(undefined, { name: "heavy" })
      yield* heavy.ask(Heavy.messages.Work())
      const found = yield* Fiber.join(event)
      assert(found._tag === "Some" && found.value._tag === "LongSchedule")
      assert.strictEqual(found.value.name, "heavy")
      assert.strictEqual(found.value.pid, heavy.pid)
      assert.isAtLeast(found.value.millis, 100)
      assert.strictEqual(found.value.protocol, "Heavy")
      assert.include(found.value.advice, "move Heavy off the main thread")
      const { longSchedules } = hostOf(system)
      const gauges = (yield* Metric.snapshot).filter(({ id }) => id === "myrmidon_long_schedule")
      assert.isTrue(gauges.some(({ state }) => (state as { readonly value: number }).value === longSchedules))
      assert.isAtLeast(longSchedules, 1)
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(testSystems)("Mailbox under virtual time on the %s", (_, system) => {
  it.effect("a tell that waits too long gets MailboxFull", () =>
    Effect.gen(function*() {
      const { ref } = yield* full({ capacity: 1, onFull: "suspend", sendTimeout: "3 seconds" })
      yield* ref.tell(Put(1))
      const waiting = yield* Effect.forkChild(Effect.flip(ref.tell(Put(2))), { startImmediately: true })
      yield* TestClock.adjust("2900 millis")
      assert.isUndefined(waiting.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      assert.strictEqual((yield* Fiber.join(waiting)).reason._tag, "MailboxFull")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G308: an ask waits for room no longer than a tell does, and than it waits for its answer", () =>
    Effect.gen(function*() {
      const { ref } = yield* full({ capacity: 1, onFull: "suspend", sendTimeout: "3 seconds" })
      yield* ref.tell(Put(1))
      const asking = (timeout: Duration.Input) =>
        Effect.forkChild(Effect.flip(ref.ask(Seen(), { timeout })), { startImmediately: true })
      const [short, long] = [yield* asking("2 seconds"), yield* asking("1 minute")]
      yield* TestClock.adjust("1900 millis")
      assert.isUndefined(short.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      assert.strictEqual((yield* Fiber.join(short)).message, "ask Seen: no answer after 2s")
      assert.isUndefined(long.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(long)).reason._tag, "MailboxFull")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G308: a question for a stream waits for room no longer than a tell does", () =>
    Effect.gen(function*() {
      const { ref } = yield* full({ capacity: 1, onFull: "suspend", sendTimeout: "3 seconds" })
      yield* ref.tell(Put(1))
      const reading = yield* Effect.forkChild(Effect.flip(Stream.runDrain(ref.stream(Each()))), {
        startImmediately: true
      })
      yield* TestClock.adjust("2900 millis")
      assert.isUndefined(reading.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      const error = yield* Fiber.join(reading)
      assert(error._tag === "AskError")
      assert.strictEqual(error.reason._tag, "MailboxFull")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G308: what an ask has waited for room is a part of its time", () =>
    Effect.gen(function*() {
      const Slow = Actor.make("Slow", [Rpc.make("Wait", { payload: Schema.Int })])
      const { Wait } = Slow.messages
      const SlowLive = Slow.behavior({ init: () => 0, handlers: { Wait: (_, millis) => Effect.sleep(millis) } })
      const slow = yield* SlowLive.spawn(undefined, { mailbox: { capacity: 1, onFull: "suspend" } })
      yield* slow.tell(Wait(2_000))
      yield* TestClock.adjust("1 millis")
      yield* slow.tell(Wait(60_000))
      const asking = yield* Effect.forkChild(Effect.flip(slow.ask(Wait(0))), { startImmediately: true })
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Actor.info(slow)).mailbox, 1)
      yield* TestClock.adjust("2900 millis")
      assert.isUndefined(asking.pollUnsafe())
      yield* TestClock.adjust("200 millis")
      assert.strictEqual((yield* Fiber.join(asking)).message, "ask Wait: no answer after 5s")
    }).pipe(Effect.scoped, Effect.provide(system)))
})
