// The stack of a crash: a text for whoever looks at it, and no work for an actor at whose end nobody does.
import { Actor, type ExitReason, ExitReasonSchema, type ExitSignal, Monitor } from "@myrmidonjs/actor"
import { afterEach, assert, describe, expect, it } from "@effect/vitest"
import { Cause, Effect, Equal, Exit, Formatter, Hash, Schema } from "effect"
import { Rpc } from "effect/rpc"
import * as nodeAssert from "node:assert"
import { format, inspect, isDeepStrictEqual } from "node:util"
import { deserialize, serialize } from "node:v8"
import { writePlain } from "../src/internal/codec/plain.ts"
import { msgpack } from "../src/internal/codec/msgpack.ts"
import { copyPlain } from "../src/internal/copy.ts"
import { collectEvents, testSystems, turn } from "./fixtures.ts"

type Crashed = Extract<ExitReason, { readonly _tag: "Crashed" }>

const { prepareStackTrace } = Error

afterEach(() => {
  Object.assign(Error, { prepareStackTrace })
})

/** Counts the stacks that are made texts from now on. */
const countTexts = (): { texts: number } => {
  const counted = { texts: 0 }
  Error.prepareStackTrace = (error) => {
    counted.texts++
    return `${String(error)}\n    at test`
  }
  return counted
}

let failure = (): unknown => new TypeError("boom")
const Child = Actor.make("Child", [Rpc.make("Crash"), Rpc.make("Fail")])
const { Crash, Fail } = Child.messages
const ChildLive = Child.behavior({
  init: () => ({}),
  handlers: {
    Crash: () => {
      throw failure()
    },
    Fail: () => Effect.die(failure())
  }
})

afterEach(() => {
  failure = () => new TypeError("boom")
})

/** The reasons of children that crash, one after the other, as their parent's `onEnd` gets them. */
const ends = (count: number) =>
  Effect.gen(function*() {
    const reasons: Array<Crashed> = []
    const onEnd = (_: unknown, reason: ExitReason): void => {
      assert(reason._tag === "Crashed")
      reasons.push(reason)
    }
    const refs: Array<Actor.Ref<typeof Child>> = []
    yield* Actor.make("Parent", []).behavior({
      init: (_: undefined, self) => {
        for (let i = 0; i < count; i++) refs.push(self.spawnUnsafe(ChildLive, undefined, { link: false, onEnd }))
        return {}
      },
      handlers: {}
    }).spawn(undefined)
    for (const ref of refs) {
      const before = reasons.length
      yield* ref.tell(Crash())
      while (reasons.length === before) yield* turn
    }
    return reasons
  })

const isPlain = (reason: ExitReason): void => {
  assert(reason._tag === "Crashed")
  const { stack } = Object.getOwnPropertyDescriptors(reason.error)
  assert.match(stack!.value as string, /^TypeError: boom\n {4}at /)
  assert.sameMembers(Reflect.ownKeys(reason.error), ["name", "message", "language", "stack"])
}

const equals: ReadonlyArray<readonly [how: string, equal: (a: unknown, b: unknown) => void]> = [
  ["chai", (a, b) => assert.deepEqual(a, b)],
  ["vitest", (a, b) => expect(a).toStrictEqual(b)],
  ["vitest, loosely", (a, b) => expect(a).toEqual(b)],
  ["node:assert", nodeAssert.deepStrictEqual],
  ["node:assert, the other way round", (a, b) => nodeAssert.deepStrictEqual(b, a)],
  ["node:assert, loosely", nodeAssert.deepEqual],
  ["node:util", (a, b) => assert.isTrue(isDeepStrictEqual(a, b))],
  ["Equal", (a, b) => assert.isTrue(Equal.equals(a, b))]
]

describe.each(testSystems)("G271 on the %s", (_, system) => {
  it.effect("a stack at which nobody looks is not made a text; one that is read is, once", () =>
    Effect.gen(function*() {
      const counted = countTexts()
      const [reason] = yield* ends(3)
      assert.strictEqual(counted.texts, 0)
      assert.match(reason!.error.stack!, /^TypeError: boom\n {4}at test$/)
      assert.strictEqual(reason!.error.stack, reason!.error.stack)
      assert.strictEqual(counted.texts, 1)
      isPlain(reason!)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("printed, copied, cloned and encoded it is there", () =>
    Effect.gen(function*() {
      const [printed, copied, cloned, encoded, spread] = yield* ends(5)
      assert.match(inspect(printed), /stack: 'TypeError: boom\\n/)
      isPlain(printed!)
      isPlain(copyPlain(copied) as ExitReason)
      isPlain(structuredClone(cloned)!)
      isPlain(JSON.parse(JSON.stringify(encoded)) as ExitReason)
      isPlain({ _tag: "Crashed", error: { ...spread!.error } })
    }).pipe(Effect.scoped, Effect.provide(system)))

  const looks: ReadonlyArray<readonly [how: string, look: (reason: Crashed) => unknown]> = [
    ["structuredClone", (reason) => structuredClone(reason)],
    ["serialize", (reason) => deserialize(serialize(reason)) as unknown],
    ["JSON", (reason) => JSON.parse(JSON.stringify(reason)) as unknown],
    ["Object.entries", ({ _tag, error }) => ({ _tag, error: Object.fromEntries(Object.entries(error)) })],
    ["Object.assign", ({ _tag, error }) => ({ _tag, error: Object.assign({}, error) })],
    ["Schema", (reason) => Schema.encodeSync(ExitReasonSchema)(reason)],
    ["Schema, to JSON", (reason) => Schema.encodeSync(Schema.fromJsonString(ExitReasonSchema))(reason)],
    ["Schema, decoded", (reason) => Schema.decodeUnknownSync(ExitReasonSchema)(reason)],
    ["the codec", (reason) => {
      const { decode, encode } = msgpack.of(ExitReasonSchema)
      return Effect.runSync(Effect.flatMap(encode(reason), decode))
    }]
  ]
  for (const [how, look] of looks) {
    it.effect(`it is whole by ${how}`, () =>
      Effect.gen(function*() {
        const [reason] = yield* ends(1)
        const seen = look(reason!)
        isPlain((typeof seen === "string" ? JSON.parse(seen) : seen) as ExitReason)
        assert.deepStrictEqual((typeof seen === "string" ? JSON.parse(seen) : seen) as ExitReason, reason)
      }).pipe(Effect.scoped, Effect.provide(system)))
  }

  const texts: ReadonlyArray<readonly [how: string, print: (reason: Crashed) => string]> = [
    ["inspect", inspect],
    ["inspect of what has it", (reason) => inspect({ deep: [reason] }, { depth: 5 })],
    ["format", (reason) => format("%O", reason)],
    ["Cause.pretty, failed", (reason) => Cause.pretty(Cause.fail(reason))],
    ["Cause.pretty, died", (reason) => Cause.pretty(Cause.die(reason))],
    ["Cause.pretty of its error", ({ error }) => Cause.pretty(Cause.fail(error))],
    ["Formatter", (reason) => Formatter.format(reason)],
    ["Formatter, as JSON", (reason) => Formatter.formatJson(reason)]
  ]
  for (const [how, print] of texts) {
    it.effect(`it is whole as the text of ${how}`, () =>
      Effect.gen(function*() {
        const [reason] = yield* ends(1)
        const text = print(reason!)
        assert.include(text, "TypeError: boom")
        assert.match(text, / at .*crashReasons\.test\.ts:/)
        isPlain(reason!)
      }).pipe(Effect.scoped, Effect.provide(system)))
  }

  it.effect.each(equals)(
    "it equals the plain data that it will be, for whoever compares first: %s",
    ([, equal]) =>
      Effect.gen(function*() {
        const error = new TypeError("boom")
        failure = () => error
        const [reason] = yield* ends(1)
        const plain: Crashed = {
          _tag: "Crashed",
          error: { name: "TypeError", message: "boom", language: "typescript", stack: error.stack! }
        }
        equal(reason, plain)
      }).pipe(Effect.scoped, Effect.provide(system))
  )

  it.effect("to Effect it is the plain data that it will be, whoever looks first", () =>
    Effect.gen(function*() {
      const error = new TypeError("boom")
      failure = () => error
      const [reason] = yield* ends(1)
      const plain = { name: "TypeError", message: "boom", language: "typescript", stack: error.stack }
      assert.strictEqual(Hash.hash(reason!.error), Hash.hash(plain))
      isPlain(reason!)
      failure = () => new TypeError("boom")
      const [other] = yield* ends(1)
      assert.isFalse(Equal.equals(other, reason))
      isPlain(other!)
      assert.isTrue(Equal.equals(other, structuredClone(other)))
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("it is copied and encoded also where its stack cannot be read, and where somebody has frozen it", () =>
    Effect.gen(function*() {
      const [copied, encoded, frozen] = yield* ends(3)
      Object.freeze(frozen!.error)
      isPlain(copyPlain(frozen) as ExitReason)
      Error.prepareStackTrace = () => {
        throw new Error("trap")
      }
      const bare = { _tag: "Crashed", error: { name: "TypeError", message: "boom", language: "typescript" } }
      assert.deepStrictEqual(copyPlain(copied), bare)
      writePlain(encoded)
      assert.deepStrictEqual(Reflect.ownKeys(encoded!.error), ["name", "message", "language"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("watchers, askers, events, cleanups and scopes are told plain data", () =>
    Effect.gen(function*() {
      const events = yield* collectEvents
      const told: Array<ExitReason> = []
      const cleaning = Child.behavior({
        init: () =>
          Effect.as(
            Effect.addFinalizer((exit) => {
              assert(Exit.isFailure(exit))
              const [die] = exit.cause.reasons
              assert(die?._tag === "Die")
              return Effect.sync(() => told.push(die.defect as ExitReason))
            }),
            {}
          ),
        handlers: {
          Crash: () => {
            throw failure()
          },
          Fail: () => {}
        },
        terminate: (_, reason) => void told.push(reason)
      })
      const child = yield* cleaning.spawn(undefined)
      const watch = yield* Monitor.make(child)
      const asked = yield* Effect.flip(child.ask(Crash()))
      assert(asked._tag === "AskError" && asked.reason._tag === "ActorExited")
      told.push(asked.reason.reason, yield* watch)
      const gone = yield* Effect.flip(Actor.info(child))
      told.push(gone.reason)
      yield* turn
      for (const event of events) if (event._tag === "Crashed") told.push(event.reason)
      assert.strictEqual(told.length, 6)
      told.forEach(isPlain)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("a linked actor that traps has it, also printed", () =>
    Effect.gen(function*() {
      const seen: Array<ExitSignal> = []
      let child: Actor.Ref<typeof Child> | undefined
      yield* Actor.make("Trap", []).behavior({
        init: (_: undefined, self) => {
          child = self.spawnUnsafe(ChildLive, undefined)
          return {}
        },
        handlers: {},
        signals: { exit: (_, signal) => void seen.push(signal) }
      }).spawn(undefined)
      const counted = countTexts()
      yield* child!.tell(Fail())
      while (seen.length === 0) yield* turn
      assert.strictEqual(counted.texts, 0, "nobody has looked at it yet")
      assert.match(inspect(seen[0]!.reason), /stack: 'TypeError: boom\\n/)
      isPlain(seen[0]!.reason)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("name and message are those of the end, whatever becomes of the error", () =>
    Effect.gen(function*() {
      const error = new TypeError("boom")
      failure = () => error
      const [first, again] = yield* ends(2)
      assert.strictEqual(first, again, "the same, said the same way, is one reason")
      error.message = "later"
      const [later] = yield* ends(1)
      assert.deepStrictEqual([first!.error.message, later!.error.message], ["boom", "later"])
      error.stack = "at another place"
      const [other] = yield* ends(1)
      assert.strictEqual(other!.error.stack, "at another place")
      error.stack = "at a third"
      const [third] = yield* ends(1)
      assert.deepStrictEqual([other!.error.stack, third!.error.stack], ["at another place", "at a third"])
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("what throws when it is looked at leaves no stack, and hurts nobody", () =>
    Effect.gen(function*() {
      const hostile = (): Error => {
        const error = new TypeError("boom")
        return Object.defineProperty(error, "stack", {
          get: () => {
            throw new Error("trap")
          }
        })
      }
      failure = hostile
      const [eager] = yield* ends(1)
      assert.isUndefined(eager!.error.stack)
      failure = () =>
        new Proxy(new TypeError("boom"), {
          get: (error, key) => {
            if (key === "stack") throw new Error("trap")
            return Reflect.get(error, key) as unknown
          }
        })
      const [behind] = yield* ends(1)
      assert.isUndefined(behind!.error.stack)
      assert.deepStrictEqual(Reflect.ownKeys(behind!.error), ["name", "message", "language"])
      failure = () => new TypeError("boom")
      const [unprepared] = yield* ends(1)
      Error.prepareStackTrace = () => {
        throw new Error("trap")
      }
      assert.isUndefined(unprepared!.error.stack)
      const frozen = (yield* ends(1))[0]!
      Object.assign(Error, { prepareStackTrace })
      Object.freeze(frozen.error)
      assert.match(frozen.error.stack!, /^TypeError: boom/)
    }).pipe(Effect.scoped, Effect.provide(system)))
})
