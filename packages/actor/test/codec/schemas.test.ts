// What a schema adds to the bytes: which form each of its values has, and that the compiled way is the same as the other.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Schema } from "effect"
import { compile, unexpected } from "../../src/internal/codec/fast.ts"
import { msgpack } from "../../src/internal/codec/msgpack.ts"
import { decodePlain, writePlain } from "../../src/internal/codec/plain.ts"
import { reading } from "../../src/internal/codec/reader.ts"
import { toWire } from "../../src/internal/codec/wireSchema.ts"
import { begin, end } from "../../src/internal/codec/writer.ts"
import { hexOf, randomFrom } from "./vectors.ts"

const hex = (schema: Schema.Top, value: unknown): string => hexOf(Effect.runSync(msgpack.of(schema).encode(value)))
const roundTrip = (schema: Schema.Top, value: unknown): unknown =>
  Effect.runSync(Effect.flatMap(msgpack.of(schema).encode(value), msgpack.of(schema).decode))

class Point extends Schema.Class<Point>("Point")({ x: Schema.Number, y: Schema.Number }) {}
interface Tree {
  readonly value: number
  readonly children: ReadonlyArray<Tree>
}
const Tree: Schema.Codec<Tree> = Schema.Struct({
  value: Schema.Int,
  children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
})

describe("G130: the forms of a schema's values", () => {
  it.each(
    [
      [
        "fields in the order of the schema",
        Schema.Struct({ b: Schema.Int, a: Schema.Int }),
        { a: 1, b: 2 },
        "82a16202a16101"
      ],
      ["no field that the schema lacks", Schema.Struct({ a: Schema.Int }), { a: 1, z: 2 }, "81a16101"],
      ["bytes are bin", Schema.Uint8Array, new Uint8Array([1, 2]), "c4020102"],
      ["a date is its ISO string", Schema.Date, new Date(0), "b8313937302d30312d30315430303a30303a30302e3030305a"],
      ["void is nil", Schema.Void, undefined, "c0"],
      ["undefined is nil", Schema.UndefinedOr(Schema.Int), undefined, "c0"],
      ["an optional field that is absent is absent", Schema.Struct({ a: Schema.optional(Schema.Int) }), {}, "80"],
      ["NaN is a float", Schema.Number, NaN, "cb7ff8000000000000"],
      ["an Int of more than 32 bits is an int", Schema.Int, 2 ** 33, "cf0000000200000000"],
      ["a small bigint is an int of its size", Schema.BigInt, 5n, "05"],
      ["a large one takes eight bytes", Schema.BigInt, 2n ** 64n - 1n, "cfffffffffffffffff"],
      ["a class is its fields", Point, new Point({ x: 1, y: 2.5 }), "82a17801a179cb4004000000000000"],
      [
        "some bytes",
        Schema.Option(Schema.Uint8Array),
        Option.some(new Uint8Array([7])),
        "82a45f746167a4536f6d65a576616c7565c40107"
      ],
      ["a string with a byte order mark keeps it", Schema.String, "\ufeffa", "a4efbbbf61"]
    ] as const
  )("%s", (_name, schema, value, expected) => {
    assert.strictEqual(hex(schema, value), expected)
  })

  it.each(
    [
      ["a bigint of 53 bits", Schema.BigInt, 2n ** 53n - 1n],
      ["a bigint of 54", Schema.BigInt, 2n ** 53n],
      ["the least one", Schema.BigInt, -(2n ** 63n)],
      ["-0", Schema.Number, -0],
      ["a date", Schema.Struct({ at: Schema.Date }), { at: new Date(86_400_000) }],
      ["a class", Schema.Array(Point), [new Point({ x: 1, y: -2.5 })]],
      ["a tree", Tree, { value: 1, children: [{ value: 2, children: [] }] }],
      ["a record of bytes", Schema.Record(Schema.String, Schema.Uint8Array), { a: new Uint8Array([1]) }],
      [
        "a union of structs",
        Schema.Union([
          Schema.Struct({ _tag: Schema.tag("A"), a: Schema.BigInt }),
          Schema.Struct({ _tag: Schema.tag("B"), b: Schema.Uint8Array })
        ]),
        { _tag: "B", b: new Uint8Array([3]) }
      ],
      ["a map", Schema.ReadonlyMap(Schema.String, Schema.BigInt), new Map([["a", 1n]])],
      ["a tuple", Schema.Tuple([Schema.Int, Schema.Uint8Array]), [1, new Uint8Array([2])]],
      ["an option in an option", Schema.Option(Schema.Option(Schema.Date)), Option.some(Option.some(new Date(1)))],
      ["anything plain", Schema.Unknown, { a: [1, null, new Uint8Array([1])] }]
    ] as const
  )("%s comes back", (_name, schema, value) => {
    assert.deepStrictEqual(roundTrip(schema, value), value)
  })

  it("G132: what does not fit its schema is refused with its path, when it is sent and when it arrives", () => {
    const codec = msgpack.of(Schema.Struct({ a: Schema.Array(Schema.Struct({ n: Schema.Int })) }))
    const issue = `Expected an integer\n  at ["a"][1]["n"]`
    assert.deepStrictEqual(codec.encode({ a: [{ n: 1 }, { n: 1.5 }] }), Exit.fail(issue))
    begin()
    writePlain({ a: [{ n: 1 }, { n: 1.5 }] })
    assert.deepStrictEqual(codec.decode(end()), Exit.fail(issue))
  })

  it("G132: a number that would not be exact is refused, not rounded", () => {
    begin()
    writePlain(2n ** 60n)
    const bytes = end()
    assert.isTrue(Exit.isFailure(msgpack.of(Schema.Number).decode(bytes)))
    assert.deepStrictEqual(msgpack.of(Schema.BigInt).decode(bytes), Exit.succeed(2n ** 60n))
  })
})

describe("a codec inside of another one", () => {
  const long = "z".repeat(100_000)
  const codec = msgpack.of(Schema.Struct({ z: Schema.String }))
  const again = (): boolean => {
    const bytes = Exit.getSuccess(codec.encode({ z: long }))
    return Option.isSome(bytes) && Exit.isSuccess(codec.decode(bytes.value))
  }
  const value = { a: "aaa", all: [1, 2, 3], c: "ccc" }
  const withCheck = msgpack.of(Schema.Struct({
    a: Schema.String,
    all: Schema.Array(Schema.Int.check(Schema.makeFilter(again))),
    c: Schema.String
  }))
  const withoutCheck = msgpack.of(Schema.Struct({
    a: Schema.String,
    all: Schema.Array(Schema.Int),
    c: Schema.String
  }))

  it("G130: a check or an accessor that encodes and decodes leaves no trace in what it stands in", () => {
    const expected = Option.getOrThrow(Exit.getSuccess(withoutCheck.encode(value)))
    const bytes = Option.getOrThrow(Exit.getSuccess(withCheck.encode(value)))
    assert.strictEqual(hexOf(bytes), hexOf(expected))
    assert.deepStrictEqual(withCheck.decode(bytes), Exit.succeed(value))
    const looking = {
      ...value,
      get c() {
        return again() ? "ccc" : "no"
      }
    }
    assert.strictEqual(hexOf(Option.getOrThrow(Exit.getSuccess(withoutCheck.encode(looking)))), hexOf(expected))
    assert.deepStrictEqual(withoutCheck.encode({ ...value, a: 1 })._tag, "Failure")
    assert.strictEqual(hexOf(Option.getOrThrow(Exit.getSuccess(withCheck.encode(value)))), hexOf(expected))
  })
})

describe("a compiled codec", () => {
  const Inner = Schema.Struct({ s: Schema.String, list: Schema.Array(Schema.Int), kind: Schema.Literal("k") })
  const Outer = Schema.Struct({
    id: Schema.Int,
    at: Schema.Number,
    on: Schema.Boolean,
    big: Schema.BigInt,
    data: Schema.Uint8Array,
    port: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 })),
    none: Schema.Null,
    inner: Inner
  })
  const wire = toWire(Outer)
  const fast = compile(wire.ast)
  const random = randomFrom(6)
  const make = () => ({
    id: random(2 ** 31) - 2 ** 30,
    at: random(2) === 0 ? random(1000) / 8 : random(2 ** 31) * 2 ** 21,
    on: random(2) === 0,
    big: BigInt(random(2 ** 31)) << BigInt(random(32)),
    data: Uint8Array.from({ length: random(70) }, () => random(256)),
    port: random(65_536),
    none: null,
    inner: {
      s: String.fromCodePoint(...Array.from({ length: random(60) }, () => random(random(2) === 0 ? 128 : 0xd800))),
      list: Array.from({ length: random(20) }, () => random(100_000)),
      kind: "k" as const
    }
  })

  it("G130: writes the bytes that Schema and the plain writer do, and reads the same values", () => {
    assert(fast !== undefined)
    for (let i = 0; i < 2000; i++) {
      const value = make()
      begin()
      assert.isTrue(fast.write(value))
      const bytes = end()
      begin()
      writePlain(Schema.encodeUnknownSync(wire)(value))
      assert.strictEqual(hexOf(end()), hexOf(bytes))
      assert.deepStrictEqual(reading(bytes, fast.read), value)
      assert.deepStrictEqual(Schema.decodeUnknownSync(wire)(decodePlain(bytes)), value)
    }
  })

  it("G132: leaves to Schema whatever is otherwise", () => {
    assert(fast !== undefined)
    const good = make()
    const bad: ReadonlyArray<unknown> = [
      null,
      [],
      1,
      { ...good, id: 0.5 },
      { ...good, port: 65_536 },
      { ...good, inner: { ...good.inner, kind: "j" } },
      { ...good, data: [1] }
    ]
    for (const value of bad) {
      begin()
      assert.isFalse(fast.write(value))
      end()
    }
    // Fields in another order are none of its business either, and are read all the same.
    begin()
    writePlain({
      inner: good.inner,
      none: null,
      port: good.port,
      data: good.data,
      big: good.big,
      on: good.on,
      at: good.at,
      id: good.id
    })
    const bytes = end()
    assert.strictEqual(reading(bytes, fast.read), unexpected)
    assert.deepStrictEqual(msgpack.of(Outer).decode(bytes), Exit.succeed(good))
  })
})
