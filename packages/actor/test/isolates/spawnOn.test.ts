// Actors on worker isolates: spawned, told, asked, referred to (G150 to G154).
import { assert, describe, layer } from "@effect/vitest"
import {
  Actor,
  ActorRef,
  ActorSystem,
  type AskError,
  BufferMoved,
  ExitReason,
  Link,
  Monitor,
  SharedBuffer,
  type SpawnError
} from "@myrmidonjs/actor"
import { Effect, Exit, Fiber, Layer, Option, Schema, Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { markAsUntransferable, threadId } from "node:worker_threads"
import { nativeLoads as native, turn } from "../fixtures.ts"
import {
  Counter,
  CounterLive,
  Greeter,
  GreeterLive,
  Relay,
  RelayLive,
  Slow,
  SlowLive,
  StuckLive,
  TooMuch
} from "./modules.ts"

const { Add, AddAll, BadReply, Bytes, Crash, Get, Never, Pass, Take, Thread } = Counter.messages

/** The reason of a failed ask. */
const askReason = (effect: Effect.Effect<unknown, AskError | TooMuch>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error._tag, "AskError")
    return (error as AskError).reason
  })
const spawnReason = (effect: Effect.Effect<unknown, SpawnError | TooMuch, ActorSystem | Scope.Scope>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.strictEqual(error._tag, "SpawnError")
    return (error as SpawnError).reason
  })

describe.runIf(native)("actors on worker isolates", () => {
  layer(ActorSystem.layer({ isolates: 2 }), { excludeTestServices: true })((it) => {
    it.effect("G150: the same ref tells and asks an actor of another thread", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 1)
        yield* counter.tell(Add(2))
        yield* counter.tell(AddAll({ numbers: [3, 4], note: "ä" }))
        assert.strictEqual(yield* counter.ask(Get()), 10)
        assert.notStrictEqual(yield* counter.ask(Thread()), threadId)
      }).pipe(Effect.scoped))

    it.effect("G150: bytes of every size arrive as they were, by copy and by block", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0)
        for (const size of [0, 1, 3, 4, 4093, 4096, 4097, 300_000]) {
          const sent = Uint8Array.from({ length: size }, (_, at) => at * 7)
          assert.deepStrictEqual(yield* counter.ask(Bytes(sent)), sent.map((byte) => byte ^ 0xff), `${size} bytes`)
        }
      }).pipe(Effect.scoped))

    it.effect("G185: what a payload's own code sends while it is encoded goes out whole, and before it", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0)
        // More than fit into the ring: some of them are on their way before the payload is done.
        for (const messages of [1, 3, 3000]) {
          let inner = 0
          const outer = AddAll({
            numbers: [1],
            get note() {
              while (inner < messages) {
                inner++
                counter.tellUnsafe(inner % 2 === 0 ? Add(2) : AddAll({ numbers: [1, 1], note: "x".repeat(inner % 90) }))
              }
              return "ä".repeat(50)
            }
          })
          assert.strictEqual(counter.tellUnsafe(outer), "Accepted")
          assert.strictEqual(inner, messages, "its code has run while it was sent")
          assert.strictEqual(yield* counter.ask(Get()), 2 * messages + 1)
          yield* counter.tell(Add(-2 * messages - 1))
        }
      }).pipe(Effect.scoped))

    it.effect("G187: memory that its program has pinned is not sent to another isolate, and stays", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0)
        const buffer = yield* SharedBuffer.allocate(3)
        buffer.bytes().set([1, 2, 3])
        markAsUntransferable(buffer.bytes().buffer)
        const error = yield* Effect.flip(counter.tell(Take({ buffer })))
        assert.include(error.reason.message, "taken away")
        assert.deepStrictEqual([...buffer.bytes()], [1, 2, 3])
        buffer.release()
      }).pipe(Effect.scoped, Effect.provide(ActorSystem.layer({ isolates: 1 }))))

    it.effect("G137: a buffer is handed over and back, without a copy of its own; its sender has it no more", () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const counter = yield* CounterLive.spawnOn("worker", 0)
        const buffer = yield* SharedBuffer.allocate(1 << 20)
        buffer.bytes().fill(1)
        assert.strictEqual((yield* system.info).bufferBytes, 1 << 20)
        const back = yield* counter.ask(Pass(buffer))
        assert.throws(() => buffer.bytes(), BufferMoved)
        assert.deepStrictEqual([back.bytes()[0], back.bytes()[1], back.byteLength], [2, 1, 1 << 20])
        assert.strictEqual(yield* counter.ask(Take({ buffer: back })), (1 << 20) + 1)
        assert.throws(() => back.bytes(), BufferMoved)
        const again = yield* Effect.flip(counter.tell(Take({ buffer: back })))
        assert.include(again.reason.message, "sent or released before")
        // Of somebody who is not there any more.
        yield* Actor.kill(counter)
        const lost = yield* SharedBuffer.allocate(100)
        assert.strictEqual((yield* askReason(counter.ask(Take({ buffer: lost }))))._tag, "ActorExited")
        // The asker is told by its own isolate; the letter is dead, and its buffer free, in the other one.
        while ((yield* system.info).bufferBytes > 0) yield* turn
      }).pipe(Effect.scoped))

    it.effect("G113: a way that is full refuses whoever cannot be held, and all that was accepted is handled", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0, { mailbox: { capacity: 2 ** 20 } })
        // Without a turn of the event loop the other side has no chance to keep up.
        let accepted = 0
        while (counter.tellUnsafe(Add(1)) === "Accepted") accepted++
        assert.isAbove(accepted, 10_000)
        const total = yield* Effect.retry(Effect.tapError(counter.ask(Get()), () => turn), { times: 100_000 })
        assert.strictEqual(total, accepted)
      }).pipe(Effect.scoped))

    it.effect("G151: refs travel, work where they arrive, and forward across isolates", () =>
      Effect.gen(function*() {
        const there = yield* CounterLive.spawnOn("worker", 10)
        const here = yield* CounterLive.spawnOn("main", 100)
        const relay = yield* RelayLive.spawnOn("worker", undefined)
        yield* relay.tell(Relay.messages.To({ counter: here, by: 7 }))
        assert.strictEqual(yield* relay.ask(Relay.messages.Forward({ counter: here })), 107)
        assert.strictEqual(yield* relay.ask(Relay.messages.Forward({ counter: there })), 10)
        assert.strictEqual(yield* here.ask(Thread()), threadId)
        const again = yield* ActorRef.fromPid(Counter, there.pid)
        assert.strictEqual(yield* again.ask(Get()), 10)
      }).pipe(Effect.scoped))

    it.effect("G18: a domain error, a crash and a timeout end an ask as they do inside an isolate", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0)
        assert.deepStrictEqual(yield* Effect.flip(counter.ask(Add(2000))), new TooMuch({ limit: 1000 }))
        const late = yield* askReason(counter.ask(Never(), { timeout: 20 }))
        assert.strictEqual(late._tag, "AskTimeout")
        // It would be waited for at its end.
        yield* Actor.kill(counter)
        const other = yield* CounterLive.spawnOn("worker", 0)
        const crashed = yield* askReason(other.ask(Crash()))
        assert.strictEqual(crashed._tag, "ActorExited")
        assert.strictEqual(
          (crashed as never as { reason: { error: { message: string } } }).reason.error.message,
          "on purpose"
        )
      }).pipe(Effect.scoped))

    it.effect("G153: what cannot be encoded is the sender's error, and nothing is sent", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 5)
        const told = yield* Effect.flip(counter.tell(Add(1.5)))
        assert.strictEqual(told.reason._tag, "BadMessage")
        const asked = yield* askReason(counter.ask(AddAll({ numbers: ["1"] as never, note: "" })))
        assert.strictEqual(asked._tag, "BadMessage")
        assert.include((asked as { issue: string }).issue, "numbers")
        const large = yield* Effect.flip(counter.tell(Bytes(new Uint8Array(2 ** 26))))
        assert.include((large.reason as { issue: string }).issue, "67108864 may cross at a time")
        assert.strictEqual(yield* counter.ask(Get()), 5)
      }).pipe(Effect.scoped))

    it.effect("G153: a reply that does not fit its schema is a crash of the actor", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0)
        const down = yield* Monitor.make(counter)
        const reason = yield* askReason(counter.ask(BadReply()))
        assert.strictEqual(reason._tag, "ActorExited")
        const end = yield* down
        assert.strictEqual(end._tag, "Crashed")
        assert.include(ExitReason.print(end), "does not fit its schema")
      }).pipe(Effect.scoped))

    it.effect("G154: links, monitors, kill, names and info reach it", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0, { name: "far" })
        assert.isTrue(yield* Actor.isAlive(counter))
        const info = yield* Actor.info(counter)
        assert.deepInclude(info, { pid: counter.pid, name: "far", protocol: "Counter", mailbox: 0 })
        const found = yield* Actor.whereis(Counter, "far")
        assert.strictEqual(found.pid, counter.pid)
        assert.strictEqual((yield* Effect.flip(Actor.whereis(Relay, "far")))._tag, "ProtocolMismatch")
        const named = yield* ActorRef.named(Counter, "far")
        assert.strictEqual(yield* named.ask(Add(3)), 3)
        const taken = yield* spawnReason(CounterLive.spawnOn("worker", 0, { name: "far" }))
        assert.deepInclude(taken, { _tag: "NameTaken", name: "far", holder: counter.pid })
        const linked = yield* Effect.flip(Link.linked(Effect.andThen(Actor.kill(counter), Effect.never), counter))
        assert.deepInclude(linked, { _tag: "ExitSignal", from: counter.pid })
        assert.isFalse(yield* Actor.isAlive(counter))
        assert.strictEqual((yield* Effect.flip(Actor.info(counter)))._tag, "ActorExited")
        assert.strictEqual((yield* Effect.flip(Actor.whereis(Counter, "far")))._tag, "NameNotFound")
      }).pipe(Effect.scoped))

    it.effect("G154: it is held still and let go from here", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 0)
        yield* Actor.suspend(counter)
        yield* counter.tell(Add(1))
        assert.deepInclude(yield* Actor.info(counter), { status: "suspended", mailbox: 1 })
        yield* Actor.resume(counter)
        assert.strictEqual(yield* counter.ask(Get()), 1)
      }).pipe(Effect.scoped))

    it.effect("G155: a spawn that is given up leaves no actor behind", () =>
      Effect.gen(function*() {
        // Its `init` waits until it is interrupted: then it is not there, and its name is free.
        const slow = yield* Effect.forkChild(SlowLive.spawnOn("worker", undefined, { name: "slow" }))
        yield* Effect.repeat(turn, {
          until: () => Effect.map(Effect.exit(Actor.whereis(Slow, "slow")), Exit.isSuccess)
        })
        yield* Fiber.interrupt(slow)
        yield* Effect.repeat(turn, {
          until: () => Effect.map(Effect.exit(Actor.whereis(Slow, "slow")), Exit.isFailure)
        })
      }).pipe(Effect.scoped))

    it.effect("G153: what is none of its messages is told as an event, and dropped; events of workers are heard here", () =>
      Effect.gen(function*() {
        const { deadLetters, events } = yield* ActorSystem
        const misunderstood = yield* Effect.forkScoped(
          Stream.runHead(Stream.filter(events, (event) => event._tag === "Misunderstood")),
          { startImmediately: true }
        )
        const dropped = yield* Effect.forkScoped(Stream.runHead(deadLetters), { startImmediately: true })
        const Other = Actor.make("Other", [Rpc.make("Add", { payload: Schema.String, success: Schema.Int })])
        const counter = yield* CounterLive.spawnOn("worker", 3)
        const mistaken = yield* ActorRef.fromPid(Other, counter.pid)
        yield* mistaken.tell(Other.messages.Add("one"))
        const event = Option.getOrThrow(yield* Fiber.join(misunderstood))
        assert.deepInclude(event, { _tag: "Misunderstood", pid: counter.pid, name: undefined, tag: "Add" })
        const letter = Option.getOrThrow(yield* Fiber.join(dropped))
        assert.deepInclude(letter, { to: counter.pid, from: undefined, why: "Dropped" })
        assert.deepStrictEqual({ ...letter.message }, { _tag: "Add", payload: "one" })
        const reason = yield* askReason(mistaken.ask(Other.messages.Add("one")) as never)
        assert.deepInclude(reason, { _tag: "BadMessage", tag: "Add" })
        assert.strictEqual(yield* counter.ask(Get()), 3)
      }).pipe(Effect.scoped))

    it.effect("it ends with its scope, in order, and was counted until then", () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const scope = yield* Scope.make()
        const counter = yield* Scope.provide(CounterLive.spawnOn("worker", 0), scope)
        const down = yield* Monitor.make(counter)
        yield* counter.tell(Add(1))
        const { isolates } = yield* system.info
        assert.strictEqual(isolates.length, 3)
        yield* Scope.close(scope, Exit.void)
        assert.strictEqual((yield* down)._tag, "Shutdown")
      }).pipe(Effect.scoped))

    it.effect("\"spread\" uses every isolate, \"worker\" every worker", () =>
      Effect.gen(function*() {
        const threadsOf = (on: "spread" | "worker") =>
          Effect.map(
            Effect.forEach(
              Array.from({ length: 12 }),
              () => Effect.flatMap(CounterLive.spawnOn(on, 0), (counter) => counter.ask(Thread()))
            ),
            (threads) => new Set(threads)
          )
        assert.strictEqual((yield* threadsOf("spread")).size, 3)
        const workers = yield* threadsOf("worker")
        assert.strictEqual(workers.size, 2)
        assert.isFalse(workers.has(threadId))
      }).pipe(Effect.scoped))

    it.effect("G155: a module's Layer is built once in each isolate", () =>
      Effect.gen(function*() {
        const greeters = yield* Effect.forEach(
          Array.from({ length: 6 }),
          () => GreeterLive.spawnOn("worker", undefined)
        )
        for (const greeter of greeters) {
          assert.deepStrictEqual(yield* greeter.ask(Greeter.messages.Greet("you")), { text: "hello you", built: 1 })
        }
      }).pipe(Effect.scoped))

    it.effect("G155: a Layer that does not get built holds nobody who gives up, here or there", () =>
      Effect.gen(function*() {
        for (const on of ["main", "worker"] as const) {
          const spawned = yield* Effect.timeoutOption(StuckLive.spawnOn(on, undefined), 20)
          assert.isTrue(Option.isNone(spawned), on)
        }
      }).pipe(Effect.scoped))

    it.effect("G155: what init fails with comes back as what it is, where its schema is known", () =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(CounterLive.spawnOn("worker", -1))
        assert.deepStrictEqual(error, new TooMuch({ limit: 0 }))
        assert.deepStrictEqual(yield* Effect.flip(CounterLive.spawnOn("main", -1)), new TooMuch({ limit: 0 }))
      }).pipe(Effect.scoped))

    it.effect("a module that cannot be imported, or does not register it, is ModuleUnavailable", () =>
      Effect.gen(function*() {
        const Nowhere = Actor.make("Nowhere", [])
        const nowhere = new URL("./nowhere.ts", import.meta.url).href
        const behavior = Nowhere.behavior({ init: () => 0, handlers: {} })
        const missing = yield* spawnReason(Actor.module(nowhere, behavior, Layer.empty).spawnOn("worker", undefined))
        assert.deepInclude(missing, { _tag: "ModuleUnavailable", url: nowhere })
        const modules = new URL("./modules.ts", import.meta.url).href
        const unknown = yield* spawnReason(Actor.module(modules, behavior, Layer.empty).spawnOn("worker", undefined))
        assert.include((unknown as { issue: string }).issue, "registers no behaviour of Nowhere")
        const thrown = new URL("./throws.ts", import.meta.url).href
        const failed = yield* spawnReason(Actor.module(thrown, behavior, Layer.empty).spawnOn("worker", undefined))
        assert.include((failed as { issue: string }).issue, "this module always throws")
      }).pipe(Effect.scoped))

    it.effect("G217: bad options and arguments are typed errors, and nothing is started", () =>
      Effect.gen(function*() {
        const where = yield* spawnReason(CounterLive.spawnOn("nowhere" as never, 1))
        assert.deepInclude(where, { _tag: "InvalidOption", option: "on" })
        const gone = yield* spawnReason(CounterLive.spawnOn(99 as never, 1))
        assert.deepInclude(gone, { _tag: "IsolateUnavailable", on: "99" })
        const args = yield* spawnReason(CounterLive.spawnOn("worker", "one" as never))
        assert.deepInclude(args, { _tag: "InvalidOption", option: "args" })
        const large = yield* spawnReason(RelayLive.spawnOn("worker", new Uint8Array(2 ** 26) as never))
        assert.deepInclude(large, { _tag: "InvalidOption", option: "args" })
        assert.include((large as { issue: string }).issue, "67108864 may cross at a time")
        const capacity = yield* spawnReason(CounterLive.spawnOn("worker", 1, { mailbox: { capacity: 0 } }))
        assert.deepInclude(capacity, { _tag: "InvalidOption", option: "mailbox.capacity" })
        for (const name of ["", "\ud800", 5 as never]) {
          const reason = yield* spawnReason(CounterLive.spawnOn("worker", 1, { name }))
          assert.deepInclude(reason, { _tag: "InvalidOption", option: "name" })
        }
      }).pipe(Effect.scoped))
  })
})

describe("without worker isolates", () => {
  layer(ActorSystem.layerMemory())((it) =>
    it.effect("the twin starts it here, through the codec", () =>
      Effect.gen(function*() {
        const counter = yield* CounterLive.spawnOn("worker", 41)
        assert.strictEqual(yield* counter.ask(Add(1)), 42)
        const args = yield* spawnReason(CounterLive.spawnOn("worker", "one" as never))
        assert.deepInclude(args, { _tag: "InvalidOption", option: "args" })
        assert.deepStrictEqual(yield* Effect.flip(CounterLive.spawnOn("spread", -1)), new TooMuch({ limit: 0 }))
        assert.deepStrictEqual(yield* (yield* GreeterLive.spawn()).ask(Greeter.messages.Greet("me")), {
          text: "hello me",
          built: 1
        })
      }).pipe(Effect.scoped))
  )

  describe.runIf(native)("on the native system", () => {
    layer(ActorSystem.layer())((it) =>
      it.effect("\"worker\" says which option it wants; \"main\" and \"spread\" are here", () =>
        Effect.gen(function*() {
          const reason = yield* spawnReason(CounterLive.spawnOn("worker", 1))
          assert.strictEqual(reason._tag, "IsolateUnavailable")
          assert.include(reason.message, "isolates: 1")
          const counter = yield* CounterLive.spawnOn("spread", 1)
          assert.strictEqual(yield* counter.ask(Thread()), threadId)
          const { isolates } = yield* Effect.flatMap(ActorSystem, (system) => system.info)
          assert.deepStrictEqual(isolates, [])
        }).pipe(Effect.scoped))
    )
  })
})
