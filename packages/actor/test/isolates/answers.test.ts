// What an isolate's agent cannot say ends the question, and nothing else (G208).
import { assert, describe, it, layer } from "@effect/vitest"
import {
  Actor,
  ActorExited,
  ActorRef,
  ActorSystem,
  AskError,
  ExitReason,
  ExitSignal,
  HotSwap,
  type Pid
} from "@myrmidonjs/actor"
import { Effect, Exit, Metric, Schedule, type Schema } from "effect"
import { Asked } from "../../src/internal/asked.ts"
import { Answer, type Border } from "../../src/internal/border.ts"
import { lookup } from "../../src/internal/opcodes.ts"
import { infosOf } from "../../src/internal/rpc.ts"
import { hostOf } from "../../src/internal/system.ts"
import { wireOf } from "../../src/internal/wire.ts"
import { nativeLoads as native } from "../fixtures.ts"
import { Odd, OddLive, Parent, ParentLive, PurseLive, refused, Unchecked } from "./unsaid.ts"

/** ms: starting a thread may take its time on a busy machine. */
const patience = 60_000

const reasonOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(effect), (error) => {
    assert.instanceOf(error, AskError)
    return (error as AskError).reason
  })

describe.runIf(native)("answers that cannot be encoded", { timeout: patience }, () => {
  layer(ActorSystem.layer({ isolates: 1 }), { excludeTestServices: true, timeout: patience })((it) => {
    const answers = Effect.gen(function*() {
      const parent = yield* ParentLive.spawnOn("worker", undefined)
      assert.strictEqual(yield* parent.ask(Parent.messages.Add(1)), 2)
    })

    it.effect("G208: of an agent's answer: its asker gets an error, and the agent answers the next question", () =>
      Effect.gen(function*() {
        const system = yield* ActorSystem
        const parent = yield* ParentLive.spawnOn("worker", undefined)
        const child = yield* ActorRef.fromPid(Parent, yield* parent.ask(Parent.messages.Start()))
        const { reason } = yield* Effect.flip(Actor.info(child))
        assert.strictEqual(reason._tag, "NodeUnreachable")
        // Left out, as of an isolate that does not answer.
        const rows = yield* system.behaviors
        assert.isTrue(rows.every(({ actors, protocol }) => protocol !== "Parent" || actors === 0))
        assert.deepStrictEqual(yield* system.top(10, "memory"), [])
        assert.isTrue(yield* Actor.isAlive(child))
        yield* answers
      }).pipe(Effect.scoped))

    it.effect("G226: of what an isolate's behaviours use: its other figures are told", () =>
      Effect.gen(function*() {
        const { boot } = hostOf(yield* ActorSystem)
        const parent = yield* ParentLive.spawnOn("worker", undefined)
        yield* parent.ask(Parent.messages.Start())
        yield* Actor.suspend(parent)
        for (let n = 0; n < 3; n++) yield* parent.tell(Parent.messages.Add(n))
        const queued = Effect.map(Metric.snapshot, (metrics) =>
          metrics.find(({ attributes, id }) =>
            id === "myrmidon_queued" && attributes?.["boot"] === boot
          )?.state)
        yield* Effect.repeat(queued, {
          until: (state) => (state as { readonly value: number }).value === 3,
          schedule: Schedule.spaced("10 millis")
        })
      }).pipe(Effect.scoped))

    it.effect("G208: of an item of an agent's stream, and of its failure", () =>
      Effect.gen(function*() {
        const purse = yield* PurseLive.spawnOn("worker", 0)
        const plan = yield* HotSwap.plan(refused)
        assert.strictEqual(plan.checked, 0)
        assert.lengthOf(plan.unreached, 1)
        const error = yield* Effect.flip(HotSwap.swap(purse, refused))
        assert.strictEqual(error._tag, "SwapError")
        assert.strictEqual(error.reason._tag, "ActorExited")
        assert.strictEqual((yield* Actor.info(purse)).version, "1")
        yield* answers
      }).pipe(Effect.scoped))

    it.effect("G208: of the words in which a question is refused: they cross without what has no encoding", () =>
      Effect.gen(function*() {
        const odd = yield* OddLive.spawnOn("worker", undefined)
        const unchecked = yield* ActorRef.fromPid(Unchecked, odd.pid)
        const reason = yield* reasonOf(unchecked.ask(Unchecked.messages.Even(3)))
        assert.strictEqual(reason._tag, "BadMessage")
        assert.include(reason.message, "odd: \ufffd")
        assert.strictEqual(yield* odd.ask(Odd.messages.Even(4)), 2)
        yield* answers
      }).pipe(Effect.scoped))
  })
})

describe("errors on their way", () => {
  it.live("G153: an end that arrives from elsewhere says the same as where it happened, with a name and without", () =>
    Effect.gen(function*() {
      const host = hostOf(yield* ActorSystem)
      const crossed = <A>(schema: Schema.Codec<A, unknown>, error: A) =>
        Effect.flatMap(host.codec.of(schema).encode(error), host.codec.of(schema).decode) as Effect.Effect<A, string>
      for (const name of [undefined, "carol", "name"]) {
        const about = { reason: ExitReason.killed, ...name === undefined ? {} : { name } }
        const sent = new AskError({ tag: "Get", reason: new ActorExited({ pid: 1 as Pid, ...about }) })
        const received = yield* crossed(AskError, sent)
        assert.strictEqual(received.message, sent.message)
        assert.strictEqual(received.reason.name, sent.reason.name)
        assert.strictEqual(Object.hasOwn(received.reason, "name"), name !== undefined)
        const signal = new ExitSignal({ from: 1 as Pid, ...about })
        assert.strictEqual((yield* crossed(ExitSignal, signal)).message, signal.message)
      }
    }).pipe(Effect.provide(ActorSystem.layerMemory())))
})

describe("answers that cannot be encoded", () => {
  it.live("G208: when nothing at all can be encoded the asker still gets an answer", () =>
    Effect.gen(function*() {
      const host = hostOf(yield* ActorSystem)
      const wire = wireOf(host, infosOf(Odd.group))
      const replies: Array<unknown> = []
      const border = { reply: (...reply: Array<unknown>) => (replies.push(reply), true) } as unknown as Border
      Object.defineProperty(wire, "askError", { get: () => ({ encode: () => Exit.fail("no") }) })
      new Asked(border, wire, lookup("Even"), 7).refuse("whatever")
      assert.deepStrictEqual(replies, [[7, Answer.AskError, undefined]])
    }).pipe(Effect.provide(ActorSystem.layerMemory())))
})
