// Whose crash it is, while a version is on probation: what its handlers say, and what its streams come to (G231, G232).
import { assert, describe, it } from "@effect/vitest"
import {
  Actor,
  type ActorSystem,
  AskError,
  type DeadLetter,
  ExitReason,
  HotSwap,
  Monitor,
  Reentrant,
  type SwapError
} from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Fiber, Schema, type Scope, Stream } from "effect"
import { Rpc } from "effect/rpc"
import { collectEvents, layers, testSystems, turn } from "./fixtures.ts"

const boom = new Error("boom")

const Source = Actor.make("Source", [
  Rpc.make("Add", { payload: Schema.Int, success: Schema.Int }),
  Rpc.make("Leave", {
    payload: { reason: Schema.Any, how: Schema.Literals(["answer", "throw", "wait"]) },
    success: Schema.Int
  }),
  Rpc.make("Later", { payload: { answer: Schema.Any }, success: Schema.Int }),
  Rpc.make("LaterBehind", { payload: { answer: Schema.Any, gate: Schema.Any }, success: Schema.Int }).annotate(
    Reentrant,
    true
  ),
  Rpc.make("Items", { payload: { items: Schema.Any }, success: Schema.Int, error: Schema.String, stream: true })
])
const { Add, Items, Later, LaterBehind, Leave } = Source.messages
type Items =
  | Stream.Stream<number, string>
  | ((self: { readonly stop: (reason: ExitReason) => void }) => Stream.Stream<number>)
const sourceOf = (version: string, factor: number) =>
  Source.behavior({
    version,
    init: (n: number) => ({ n }),
    handlers: {
      Add: (state, n) => (state.n += n * factor),
      Leave: (_, { how, reason }: { readonly reason: ExitReason; readonly how: string }, self) => {
        self.stop(reason)
        if (how === "throw") throw boom
        return how === "wait" ? Effect.never : 7
      },
      Later: (_, { answer }: { readonly answer: Deferred.Deferred<number> }) => answer,
      LaterBehind: (
        _,
        { answer, gate }: { readonly answer: Deferred.Deferred<number>; readonly gate: Deferred.Deferred<void> }
      ) => Effect.as(Deferred.await(gate), answer),
      Items: (_, { items }: { readonly items: Items }, self) => typeof items === "function" ? items(self) : items
    }
  })
const V1 = sourceOf("1", 1)
const V2 = sourceOf("2", 10)
const toV2 = HotSwap.upgrade(V1, V2)

const probation = (ref: Actor.Ref<typeof Source>, canary: HotSwap.Canary = {}) =>
  Effect.forkChild(Effect.exit(HotSwap.swap(ref, toV2, { canary })), { startImmediately: true })

const reasonOf = (swap: Fiber.Fiber<Exit.Exit<unknown, SwapError>>) =>
  Effect.map(Fiber.join(swap), (exit) => {
    const [reason] = Exit.isFailure(exit) ? exit.cause.reasons : []
    return reason?._tag === "Fail" ? reason.error.reason : undefined
  })

/** What a reader gets, one by one, and its end. */
const read = (ref: Actor.Ref<typeof Source>, items: Items) =>
  Effect.forkChild(Effect.exit(Stream.runCollect(ref.stream(Items({ items })))), { startImmediately: true })

/** The reason with which a question or a stream ended whose actor did, or went back. */
const exitedOf = (exit: Exit.Exit<unknown, unknown>): ExitReason | undefined => {
  const [reason] = Exit.isFailure(exit) ? exit.cause.reasons : []
  const error = reason?._tag === "Fail" ? reason.error : undefined
  return error instanceof AskError && error.reason._tag === "ActorExited" ? error.reason.reason : undefined
}

const endOf = (fiber: Fiber.Fiber<Exit.Exit<unknown, unknown>>) => Fiber.join(fiber)

/** It stays silent until it is told how to end. */
const held = (gate: Deferred.Deferred<number, string>) =>
  Stream.concat(Stream.succeed(1), Stream.fromEffect(Deferred.await(gate)))

describe.each(testSystems)("self.stop in a canary on the %s", (_, system) => {
  it.effect("G231: a stop with Crashed is the canary's crash; the message whose handler said so is finished", () =>
    Effect.gen(function*() {
      const events = yield* collectEvents
      const source = yield* V1.spawn(1)
      const end = yield* Effect.forkScoped(Effect.flatten(Monitor.make(source)), { startImmediately: true })
      // The message is the only one that it has to handle: it has not passed by it.
      const swap = yield* probation(source, { messages: 1 })
      const reason = ExitReason.crashed(boom)
      assert.strictEqual(yield* source.ask(Leave({ reason, how: "answer" })), 7)
      const back = yield* reasonOf(swap)
      assert(back?._tag === "RolledBack")
      assert.deepStrictEqual(back.reason, reason)
      assert.deepStrictEqual(back.handled.map(({ answered, tag }) => [tag, answered]), [["Leave", true]])
      assert.strictEqual(yield* source.ask(Add(1)), 2)
      yield* turn
      assert.isUndefined(end.pollUnsafe())
      assert.deepStrictEqual(events.map(({ _tag }) => _tag), ["Swapped", "SwapRolledBack"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G231: also when a stream of it says so, which ends with it", () =>
    Effect.gen(function*() {
      const source = yield* V1.spawn(1)
      const swap = yield* probation(source)
      const reason = ExitReason.crashed(boom)
      const reader = yield* read(source, (self) =>
        Stream.concat(
          Stream.make(1),
          Stream.fromEffect(Effect.andThen(turn, Effect.sync(() => (self.stop(reason), 2))))
        ))
      assert.deepStrictEqual(exitedOf(yield* Fiber.join(reader)), reason)
      assert.strictEqual((yield* reasonOf(swap))?._tag, "RolledBack")
      assert.strictEqual(yield* source.ask(Add(1)), 2)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G231: any other reason ends it, as ever", () =>
    Effect.gen(function*() {
      for (const reason of [ExitReason.normal, ExitReason.shutdown("enough"), ExitReason.killed]) {
        const source = yield* V1.spawn(1)
        const end = yield* Monitor.make(source)
        const swap = yield* probation(source)
        yield* source.tell(Leave({ reason, how: "answer" }))
        assert.deepStrictEqual(yield* end, reason)
        assert.strictEqual((yield* reasonOf(swap))?._tag, "ActorExited")
      }
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G231: a stop that has not acted when the version goes back goes with it", () =>
    Effect.gen(function*() {
      const reason = ExitReason.normal
      const threw = yield* V1.spawn(1)
      const swap = yield* probation(threw)
      yield* threw.tell(Leave({ reason, how: "throw" }))
      assert.strictEqual((yield* reasonOf(swap))?._tag, "RolledBack")
      assert.strictEqual(yield* threw.ask(Add(1)), 2)
      const waits = yield* V1.spawn(1)
      const second = yield* probation(waits)
      yield* waits.tell(Leave({ reason, how: "wait" }))
      yield* turn
      yield* HotSwap.rollback(waits)
      assert.strictEqual((yield* reasonOf(second))?._tag, "RolledBack")
      assert.strictEqual(yield* waits.ask(Add(1)), 2)
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(testSystems)("streams and late answers beside a canary on the %s", (_, system) => {
  // Each begins under a version, and comes to a defect when it is told.
  const kinds = [
    ["a stream", (ref: Actor.Ref<typeof Source>, gate: Deferred.Deferred<number, string>) => read(ref, held(gate))],
    ["a stream whose error its protocol does not allow", (
      ref: Actor.Ref<typeof Source>,
      gate: Deferred.Deferred<number, string>
    ) => read(ref, Stream.mapError(held(gate), () => 5 as never))],
    [
      "a late answer",
      (ref: Actor.Ref<typeof Source>, answer: Deferred.Deferred<number, string>) =>
        Effect.forkChild(Effect.exit(ref.ask(Later({ answer }))), { startImmediately: true })
    ]
  ] as const
  const spoil = (kind: string, gate: Deferred.Deferred<number, string>) =>
    Deferred.doneUnsafe(gate, kind.includes("error") ? Exit.fail("no") : Exit.die(boom))

  it.effect.each(kinds)(
    "G232: %s of the version before that crashes ends the actor, as without a canary",
    ([kind, begin]) =>
      Effect.gen(function*() {
        const gate = Deferred.makeUnsafe<number, string>()
        const source = yield* V1.spawn(1)
        const end = yield* Monitor.make(source)
        const begun = yield* begin(source, gate)
        yield* turn
        const swap = yield* probation(source)
        assert.strictEqual(yield* source.ask(Add(1)), 11)
        spoil(kind, gate)
        assert.strictEqual((yield* end)._tag, "Crashed")
        assert.strictEqual((yield* reasonOf(swap))?._tag, "ActorExited")
        assert.strictEqual(exitedOf(yield* endOf(begun))?._tag, "Crashed")
      }).pipe(Effect.scoped, Effect.provide(system))
  )

  it.effect.each(kinds)(
    "G232: %s of the canary that crashes takes it back, and not what came after it",
    ([kind, begin]) =>
      Effect.gen(function*() {
        const gate = Deferred.makeUnsafe<number, string>()
        const source = yield* V1.spawn(1)
        const swap = yield* probation(source)
        const begun = yield* begin(source, gate)
        yield* turn
        spoil(kind, gate)
        assert.strictEqual((yield* reasonOf(swap))?._tag, "RolledBack")
        assert.strictEqual(exitedOf(yield* endOf(begun))?._tag, "Crashed")
        assert.strictEqual(yield* source.ask(Add(1)), 2)
      }).pipe(Effect.scoped, Effect.provide(system))
  )

  it.effect("G77, G224: of several late answers in one Deferred, those are answered whose askers have got one", () =>
    Effect.gen(function*() {
      const answer = Deferred.makeUnsafe<number>()
      const source = yield* V1.spawn(1)
      const swap = yield* probation(source)
      const ask = Effect.forkChild(Effect.exit(source.ask(Later({ answer }))), { startImmediately: true })
      const [first, second, third] = [yield* ask, yield* ask, yield* ask]
      yield* turn
      // Whoever gives up has no answer, whatever comes of it.
      yield* Fiber.interrupt(second)
      Deferred.doneUnsafe(answer, Exit.succeed(4))
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(third)], [Exit.succeed(4), Exit.succeed(4)])
      yield* HotSwap.rollback(source)
      const back = yield* reasonOf(swap)
      assert(back?._tag === "RolledBack")
      assert.deepStrictEqual(back.handled.map(({ answered }) => answered), [true, false, true])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G76, G224: one Deferred that fails several askers is answered to none of them", () =>
    Effect.gen(function*() {
      const answer = Deferred.makeUnsafe<number>()
      const source = yield* V1.spawn(1)
      const swap = yield* probation(source)
      const ask = Effect.forkChild(Effect.exit(source.ask(Later({ answer }))), { startImmediately: true })
      const askers = [yield* ask, yield* ask, yield* ask]
      yield* turn
      Deferred.doneUnsafe(answer, Exit.die(boom))
      for (const asker of askers) assert.strictEqual(exitedOf(yield* Fiber.join(asker))?._tag, "Crashed")
      const back = yield* reasonOf(swap)
      assert(back?._tag === "RolledBack")
      assert.deepStrictEqual(back.handled.map(({ answered }) => answered), [false, false])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G232: a late answer of a version that has gone back may still come; that it fails is nobody's crash", () =>
    Effect.gen(function*() {
      const [good, bad] = [Deferred.makeUnsafe<number>(), Deferred.makeUnsafe<number>()]
      const source = yield* V1.spawn(1)
      const swap = yield* probation(source)
      const ask = (answer: Deferred.Deferred<number>) =>
        Effect.forkChild(Effect.exit(source.ask(Later({ answer }))), { startImmediately: true })
      const [first, second] = [yield* ask(good), yield* ask(bad)]
      yield* turn
      yield* HotSwap.rollback(source)
      assert.strictEqual((yield* reasonOf(swap))?._tag, "RolledBack")
      Deferred.doneUnsafe(good, Exit.succeed(4))
      Deferred.doneUnsafe(bad, Exit.die(boom))
      assert.deepStrictEqual(yield* Fiber.join(first), Exit.succeed(4))
      assert.strictEqual(exitedOf(yield* Fiber.join(second))?._tag, "Crashed")
      assert.strictEqual(yield* source.ask(Add(1)), 2)
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe.each(layers)("messages of streams in a report on the %s", (_, layer) => {
  /** Runs `program` with all dead letters. */
  const withLetters = <A, E>(
    program: (letters: Array<DeadLetter>) => Effect.Effect<A, E, ActorSystem | Scope.Scope>
  ) => {
    const letters: Array<DeadLetter> = []
    return program(letters).pipe(
      Effect.scoped,
      Effect.provide(layer({ onDeadLetter: (letter) => letters.push(letter) }))
    )
  }
  const tagged = (letters: ReadonlyArray<DeadLetter>) => letters.map(({ message, why }) => [message._tag, why])

  it.live("G76, G232: the one whose stream crashed the canary is a dead letter, and not among the finished", () =>
    withLetters(Effect.fnUntraced(function*(letters) {
      const source = yield* V1.spawn(1)
      const swap = yield* probation(source)
      const done = yield* read(source, Stream.make(1, 2))
      const failed = yield* read(source, Stream.fail("no"))
      assert.deepStrictEqual(yield* Fiber.join(done), Exit.succeed([1, 2]))
      assert.deepStrictEqual(yield* Fiber.join(failed), Exit.fail("no"))
      // One whose reader has gone was handled, and nobody has its end.
      yield* Stream.runDrain(Stream.take(source.stream(Items({ items: Stream.forever(Stream.make(1)) })), 1))
      yield* turn
      yield* read(source, Stream.die(boom))
      const back = yield* reasonOf(swap)
      assert(back?._tag === "RolledBack")
      assert.deepStrictEqual(back.handled.map(({ answered, tag }) => [tag, answered]), [
        ["Items", true],
        ["Items", true],
        ["Items", false]
      ])
      assert.deepStrictEqual(tagged(letters), [["Items", "SwapRolledBack"]])
    })))

  it.live("G76, G224: of two that share a Deferred, the one whose answer it was that crashed is the dead letter", () => {
    const letters: Array<DeadLetter> = []
    const validating = layer({ onDeadLetter: (letter) => letters.push(letter), validate: true })
    return Effect.gen(function*() {
      const source = yield* V1.spawn(1)
      const swap = yield* probation(source)
      const [answer, gate, soon] = [
        Deferred.makeUnsafe<number>(),
        Deferred.makeUnsafe<void>(),
        Deferred.makeUnsafe<void>()
      ]
      Deferred.doneUnsafe(soon, Exit.void)
      const ask = (gate: Deferred.Deferred<void>) =>
        Effect.forkChild(Effect.exit(source.ask(LaterBehind({ answer, gate }))), { startImmediately: true })
      // The first to be asked is the last whose handler returns, and the only one that still has an asker.
      const first = yield* ask(gate)
      yield* turn
      const second = yield* ask(soon)
      yield* turn
      Deferred.doneUnsafe(gate, Exit.void)
      yield* turn
      yield* Fiber.interrupt(second)
      Deferred.doneUnsafe(answer, Exit.succeed("four" as never))
      assert.strictEqual(exitedOf(yield* Fiber.join(first))?._tag, "Crashed")
      assert.strictEqual((yield* reasonOf(swap))?._tag, "RolledBack")
      assert.deepStrictEqual(letters.map(({ message }) => (message.payload as { readonly gate: unknown }).gate), [gate])
    }).pipe(Effect.scoped, Effect.provide(validating))
  })

  it.live("G76, G232: the one whose late answer crashed the canary is a dead letter, also when that was there at once", () =>
    withLetters(Effect.fnUntraced(function*(letters) {
      for (const early of [true, false]) {
        const source = yield* V1.spawn(1)
        const swap = yield* probation(source)
        const answer = Deferred.makeUnsafe<number>()
        if (early) Deferred.doneUnsafe(answer, Exit.die(boom))
        const asker = yield* Effect.forkChild(Effect.exit(source.ask(Later({ answer }))), { startImmediately: true })
        yield* turn
        if (!early) Deferred.doneUnsafe(answer, Exit.die(boom))
        assert.strictEqual(exitedOf(yield* Fiber.join(asker))?._tag, "Crashed")
        const back = yield* reasonOf(swap)
        assert(back?._tag === "RolledBack")
        assert.deepStrictEqual([back.handled, tagged(letters.splice(0))], [[], [["Later", "SwapRolledBack"]]])
      }
    })))

  it.live("G76, G232: a stream that runs when its canary goes back ends with it, and its message is a letter", () =>
    withLetters(Effect.fnUntraced(function*(letters) {
      const source = yield* V1.spawn(1)
      const old = Deferred.makeUnsafe<number, string>()
      const before = yield* read(source, held(old))
      yield* turn
      const swap = yield* probation(source)
      const closed = Deferred.makeUnsafe<void>()
      const running = yield* read(
        source,
        Stream.ensuring(Stream.concat(Stream.make(1), Stream.never), Deferred.succeed(closed, undefined))
      )
      yield* turn
      yield* HotSwap.rollback(source)
      yield* Deferred.await(closed)
      assert.isDefined(exitedOf(yield* Fiber.join(running)))
      const back = yield* reasonOf(swap)
      assert(back?._tag === "RolledBack")
      assert.deepStrictEqual([back.handled, tagged(letters)], [[], [["Items", "SwapRolledBack"]]])
      // What began before the swap is not its.
      Deferred.doneUnsafe(old, Exit.succeed(9))
      assert.deepStrictEqual(yield* Fiber.join(before), Exit.succeed([1, 9]))
    })))

  it.live("G74, G232: a stream that runs does not keep a canary on probation; what it comes to later is no canary's", () =>
    withLetters(Effect.fnUntraced(function*(letters) {
      const source = yield* V1.spawn(1)
      const gate = Deferred.makeUnsafe<number, string>()
      const swap = yield* probation(source, { messages: 1, within: "1 hour" })
      const reader = yield* read(source, held(gate))
      assert.isTrue(Exit.isSuccess(yield* Fiber.join(swap)))
      const end = yield* Monitor.make(source)
      Deferred.doneUnsafe(gate, Exit.die(boom))
      assert.strictEqual((yield* end)._tag, "Crashed")
      assert.strictEqual(exitedOf(yield* Fiber.join(reader))?._tag, "Crashed")
      assert.deepStrictEqual(letters, [])
    })))

  it.live("G76, G232: a handler of streams that returns none crashes its canary, also with the last message that it needs", () =>
    withLetters(Effect.fnUntraced(function*(letters) {
      const source = yield* V1.spawn(1)
      const swap = yield* probation(source, { messages: 1 })
      const reader = yield* read(source, 3 as never)
      assert.strictEqual(exitedOf(yield* Fiber.join(reader))?._tag, "Crashed")
      const back = yield* reasonOf(swap)
      assert(back?._tag === "RolledBack")
      assert.deepStrictEqual([back.handled, tagged(letters)], [[], [["Items", "SwapRolledBack"]]])
    })))
})
