// Messages of a protocol as bytes: refs and PIDs in payloads, errors with their tag, the fingerprint, and a codec of one's own.
import { assert, describe, it } from "@effect/vitest"
import { Actor, ActorRef, ActorSystem, BadMessage, Codec, Pid } from "@myrmidonjs/actor"
import { Effect, Exit, Layer, Option, Schema } from "effect"
import { Rpc } from "effect/rpc"
import { fingerprintOf, shapeOf } from "../../src/internal/codec/fingerprint.ts"
import { decodePlain } from "../../src/internal/codec/plain.ts"
import { lookup } from "../../src/internal/opcodes.ts"
import { infosOf } from "../../src/internal/rpc.ts"
import { hostOf } from "../../src/internal/system.ts"
import { Wire } from "../../src/internal/wire.ts"
import { Counter, CounterLive, systems } from "../fixtures.ts"
import { hexOf } from "./vectors.ts"

const Book = Actor.make("Book", [
  Rpc.make("Meet", { payload: { who: ActorRef.schema(Counter), pid: Pid.schema }, success: Schema.Int }),
  Rpc.make("Deep", { payload: Schema.Struct({ all: Schema.optional(Schema.Array(ActorRef.schema(Counter))) }) }),
  Rpc.make("Inside", {
    payload: Schema.Struct({ who: Schema.Option(ActorRef.schema(Counter)), pid: Schema.Option(Pid.schema) })
  }),
  Rpc.make("Any", { payload: Schema.Unknown })
])

const wireFor = Effect.map(ActorSystem, (system) => {
  const infos: Array<ReturnType<typeof infosOf>[number] | undefined> = []
  for (const info of infosOf(Book.group)) infos[lookup(info.tag)] = info
  return new Wire(hostOf(system), infos)
})

const fingerprint = (...rpcs: ReadonlyArray<Rpc.Any>): string =>
  fingerprintOf("msgpack", infosOf(Actor.make("P", rpcs).group))

describe.each(systems)("messages as bytes, on the %s", (_name, system) => {
  it.effect("G134: a ref is the number of its PID, and the same ref again", () =>
    Effect.gen(function*() {
      const wire = yield* wireFor
      const who = yield* CounterLive.spawn(7)
      const bytes = yield* wire.encode(lookup("Meet"), { who, pid: who.pid })
      assert.include(hexOf(bytes), hexOf(new Uint8Array(Buffer.from("whoX"))).slice(0, 6))
      const back = (yield* wire.decode(lookup("Meet"), bytes)) as { readonly who: typeof who; readonly pid: Pid }
      assert.strictEqual(back.who, who)
      assert.strictEqual(back.pid, who.pid)
      assert.strictEqual(yield* back.who.ask(Counter.messages.Get()), 7)
      const many = yield* wire.encode(lookup("Deep"), { all: [who, who] })
      assert.deepStrictEqual(yield* wire.decode(lookup("Deep"), many), { all: [who, who] })
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G134: so they are inside of what holds others: an Option", () =>
    Effect.gen(function*() {
      const wire = yield* wireFor
      const who = yield* CounterLive.spawn(7)
      const value = { who: Option.some(who), pid: Option.some(who.pid) }
      const bytes = yield* wire.encode(lookup("Inside"), value)
      const plain = decodePlain(bytes) as { readonly who: unknown; readonly pid: unknown }
      assert.deepStrictEqual(plain, { who: { _tag: "Some", value: who.pid }, pid: { _tag: "Some", value: who.pid } })
      assert.deepStrictEqual(yield* wire.decode(lookup("Inside"), bytes), value)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G134: a ref of another system is refused", () =>
    Effect.gen(function*() {
      const wire = yield* wireFor
      const other = yield* Layer.build(ActorSystem.layerMemory())
      const stranger = yield* Effect.provideContext(CounterLive.spawn(0), other)
      const error = yield* Effect.flip(wire.encode(lookup("Meet"), { who: stranger, pid: stranger.pid }))
      assert.include(error.message, "a ref of another system")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G132: what cannot cross is a BadMessage that names tag and path", () =>
    Effect.gen(function*() {
      const wire = yield* wireFor
      const error = yield* Effect.flip(wire.encode(lookup("Any"), { f: () => 1 }))
      assert.deepStrictEqual(error, new BadMessage({ tag: "Any", issue: `a function cannot be encoded\n  at ["f"]` }))
      const broken = yield* Effect.flip(wire.decode(lookup("Any"), new Uint8Array([0x92, 1])))
      assert.deepStrictEqual(
        broken,
        new BadMessage({ tag: "Any", issue: "malformed msgpack at byte 2: it ends early" })
      )
      assert.include((yield* Effect.flip(wire.decode(0, new Uint8Array([1])))).issue, "no such message")
    }).pipe(Effect.scoped, Effect.provide(system)))
})

describe("G135: the fingerprint of a protocol", () => {
  const A = Rpc.make("A", { payload: { x: Schema.Int, y: Schema.String }, success: Schema.Int })
  const B = Rpc.make("B", { error: Schema.String })

  it("is that of its shape alone", () => {
    assert.match(fingerprint(A, B), /^[0-9a-f]{16}$/)
    assert.strictEqual(fingerprint(A, B), fingerprint(B, A))
    assert.strictEqual(
      fingerprint(A),
      fingerprint(Rpc.make("A", {
        payload: { y: Schema.String, x: Schema.Int.check(Schema.isGreaterThan(0)).annotate({ description: "of x" }) },
        success: Schema.Int
      }))
    )
  })

  it.each(
    [
      ["another tag", Rpc.make("C", { payload: { x: Schema.Int, y: Schema.String }, success: Schema.Int })],
      ["another field", Rpc.make("A", { payload: { z: Schema.Int, y: Schema.String }, success: Schema.Int })],
      ["another form", Rpc.make("A", { payload: { x: Schema.Number, y: Schema.String }, success: Schema.Int })],
      [
        "optional",
        Rpc.make("A", { payload: { x: Schema.optional(Schema.Int), y: Schema.String }, success: Schema.Int })
      ],
      ["another reply", Rpc.make("A", { payload: { x: Schema.Int, y: Schema.String }, success: Schema.BigInt })],
      ["a stream", Rpc.make("A", { payload: { x: Schema.Int, y: Schema.String }, success: Schema.Int, stream: true })]
    ] as const
  )("changes with %s", (_name, rpc) => {
    assert.notStrictEqual(fingerprint(rpc), fingerprint(A))
  })

  it("stays what it is from release to release", () => {
    assert.strictEqual(
      shapeOf(infosOf(Actor.make("P", [A, B]).group)),
      `"A"({"x":int,"y":string})int!never\n"B"(nil)nil!string`
    )
    assert.strictEqual(fingerprint(A, B), "d8af4d11a3ecfbd5")
  })
})

describe("G57: layerTest sends everything through the codec", () => {
  it.effect("a payload that has no encoding is refused", () =>
    Effect.gen(function*() {
      const actor = yield* Book.behavior({
        init: () => 0,
        handlers: { Meet: () => 0, Deep: () => {}, Inside: () => {}, Any: () => {} }
      }).spawn(undefined)
      const error = yield* Effect.flip(actor.tell(Book.messages.Any({ f: () => 1 })))
      assert.strictEqual(error.reason._tag, "BadMessage")
      assert.include(error.message, "a function cannot be encoded")
    }).pipe(Effect.scoped, Effect.provide(ActorSystem.layerTest({ seed: 1n }))))

  it.effect("by the codec of its context", () => {
    const seen: Array<unknown> = []
    const Json = Layer.succeed(Codec, {
      format: "json",
      of: () => ({
        encode: (value) => {
          seen.push(value)
          return Exit.succeed(new TextEncoder().encode(JSON.stringify(value)))
        },
        decode: (bytes) => Exit.succeed(JSON.parse(new TextDecoder().decode(bytes)))
      })
    })
    return Effect.gen(function*() {
      const actor = yield* CounterLive.spawn(0)
      yield* actor.ask(Counter.messages.Increment({ by: 2 }))
      assert.deepStrictEqual(seen, [{ by: 2 }, 2])
    }).pipe(Effect.scoped, Effect.provide(Layer.provide(ActorSystem.layerTest({ seed: 1n }), Json)))
  })
})
