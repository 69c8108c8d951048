// Functions that are written for a schema (G255): the bytes and values of the other ways, in a block of somebody else's.
import { assert, describe, it } from "@effect/vitest"
import { SharedBuffer } from "@myrmidonjs/actor"
import { Effect, Exit, Schema } from "effect"
import { afterEach, vi } from "vitest"
import { BufferHandle, State } from "../../src/internal/buffer/handle.ts"
import { directRead, directWrite } from "../../src/internal/codec/direct.ts"
import { unexpected } from "../../src/internal/codec/fast.ts"
import { msgpack } from "../../src/internal/codec/msgpack.ts"
import { besideIs, type Parcel, within } from "../../src/internal/codec/place.ts"
import { toWire } from "../../src/internal/codec/wireSchema.ts"
import type { Host } from "../../src/internal/host.ts"
import { hexOf, randomFrom } from "./vectors.ts"

const all = new Uint8Array(8192)
const view = new DataView(all.buffer)
const begin = 3

const Inner = Schema.Struct({
  "s": Schema.String,
  "list": Schema.Array(Schema.Int),
  "kind": Schema.Literal("k"),
  "\"quoted\"\n": Schema.Literal(7)
})
const Outer = Schema.Struct({
  id: Schema.Int,
  at: Schema.Number,
  on: Schema.Boolean,
  data: Schema.Uint8Array,
  none: Schema.Null,
  yes: Schema.Literal(true),
  inner: Inner,
  inners: Schema.Array(Inner)
})

const random = randomFrom(17)
const numbers = [0, -0, 1, -1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32, 2 ** 53 - 1, -32, -33, -128, -129, -32_769]
const floats = [0.5, NaN, Infinity, -Infinity, 2 ** 60, 1e300, -2.25]
const oneOf = <A>(items: ReadonlyArray<A>): A => items[random(items.length)]!
const text = (): string =>
  String.fromCodePoint(...Array.from({ length: random(70) }, () => random(random(8) === 0 ? 0xd800 : 128)))
const inner = (): typeof Inner.Type => ({
  "s": text(),
  "list": Array.from({ length: random(20) }, () => oneOf(numbers)),
  "kind": "k",
  "\"quoted\"\n": 7
})
const make = (): typeof Outer.Type => ({
  id: oneOf(numbers),
  at: oneOf([...numbers, ...floats]),
  on: random(2) === 0,
  data: Uint8Array.from({ length: random(random(3) === 0 ? 300 : 70) }, () => random(256)),
  none: null,
  yes: true,
  inner: inner(),
  inners: Array.from({ length: random(5) }, inner)
})

const ways = (schema: Schema.Top) => {
  const { ast } = toWire(schema)
  return { write: directWrite(ast), read: directRead(ast), codec: msgpack.of(schema) }
}

describe("G255: a function that was written for a schema", () => {
  afterEach(() => void vi.unstubAllGlobals())

  it("writes the bytes that the codec writes, and reads the values that it reads", () => {
    const { codec, read, write } = ways(Outer)
    assert(write !== undefined && read !== undefined)
    for (let i = 0; i < 2000; i++) {
      const value = make()
      const end = write(value, all, view, begin, all.length)
      const expected = Effect.runSync(codec.encode(value))
      assert.strictEqual(hexOf(all.subarray(begin, end)), hexOf(expected))
      assert.deepStrictEqual(read(all, view, begin, end), value)
    }
  })

  it("reads of bytes that were changed or cut what the codec does, or nothing", () => {
    const { codec, read, write } = ways(Outer)
    assert(write !== undefined && read !== undefined)
    let refused = 0
    for (let i = 0; i < 2000; i++) {
      const end = write(make(), all, view, begin, all.length)
      const cut = random(2) === 0 ? end : begin + random(end - begin)
      for (let k = random(3); k > 0; k--) all[begin + random(end - begin)] = random(256)
      const value = read(all, view, begin, cut)
      if (value === unexpected) refused++
      else assert.deepStrictEqual(codec.decode(all.slice(begin, cut)), Exit.succeed(value))
    }
    assert.isAbove(refused, 500)
  })

  it("writes nothing behind its limit, whatever the value", () => {
    const { codec, write } = ways(Outer)
    assert(write !== undefined)
    let written = 0
    for (let i = 0; i < 500; i++) {
      const value = make()
      const limit = begin + random(600)
      all.fill(0xaa)
      const end = write(value, all, view, begin, limit)
      assert.isTrue(all.subarray(limit).every((byte) => byte === 0xaa), "behind the limit all is as it was")
      if (end < 0) continue
      written++
      assert.isAtMost(end, limit)
      assert.strictEqual(hexOf(all.subarray(begin, end)), hexOf(Effect.runSync(codec.encode(value))))
    }
    assert.isAbove(written, 50)
  })

  it("leaves to the codec what is not exactly as expected", () => {
    const { write } = ways(Outer)
    assert(write !== undefined)
    const good = make()
    for (
      const bad of [
        null,
        [],
        1,
        { ...good, id: 0.5 },
        { ...good, at: "1" },
        { ...good, on: 1 },
        { ...good, data: [1] },
        { ...good, none: undefined },
        { ...good, yes: false },
        { ...good, inner: { ...good.inner, kind: "j" } },
        { ...good, inner: { ...good.inner, s: "\ud800" } },
        { ...good, inner: { ...good.inner, s: `${"a".repeat(50)}\udc00` } },
        { ...good, inners: {} }
      ]
    ) assert.isBelow(write(bad, all, view, begin, all.length), 0)
  })

  it("names a buffer by its place among those that go beside the bytes, and leaves it to the codec where none do", () => {
    const made = (state: typeof State[keyof typeof State] = State.Held): BufferHandle => {
      const attach = () => new ArrayBuffer(1)
      return new BufferHandle({ byteLength: 1, attach, move: () => true, release: () => {} }, state)
    }
    const { codec, read, write } = ways(Schema.Struct({
      a: SharedBuffer.schema,
      n: Schema.Int,
      rest: Schema.Array(SharedBuffer.schema)
    }))
    assert(write !== undefined && read !== undefined)
    const value = { a: made(), n: 7, rest: Array.from({ length: 200 }, () => made()) }
    assert.isBelow(write(value, all, view, begin, all.length), 0)
    const beside: Parcel = [], besideCodec: Parcel = []
    const outer = besideIs(beside)
    try {
      const end = write(value, all, view, begin, all.length)
      const bytes = within({} as Host, besideCodec, () => codec.encode(value))
      assert(Exit.isSuccess(bytes))
      assert.strictEqual(hexOf(all.subarray(begin, end)), hexOf(bytes.value))
      assert.deepStrictEqual([beside, besideCodec], [[value.a, ...value.rest], [value.a, ...value.rest]])
      assert.deepStrictEqual(read(all, view, begin, end), value)
      beside.pop()
      assert.strictEqual(read(all, view, begin, end), unexpected)
      for (const a of [made(State.Gone), made(State.Flight), 0, undefined, new Uint8Array(1)]) {
        assert.isBelow(write({ ...value, a }, all, view, begin, all.length), 0)
      }
    } finally {
      besideIs(outer)
    }
    assert.strictEqual(read(all, view, begin, begin + 1), unexpected)
  })

  it("is there for the shapes that it knows alone", () => {
    const Checked = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))
    for (
      const schema of [
        Schema.Struct({ a: Schema.optional(Schema.Int) }),
        Schema.Struct({ a: Checked }),
        Schema.Union([Schema.Int, Schema.String]),
        Schema.BigInt,
        Schema.Date,
        Schema.Struct({ ["__proto__"]: Schema.Int })
      ]
    ) {
      assert.isUndefined(directWrite(toWire(schema).ast))
      assert.isUndefined(directRead(toWire(schema).ast))
    }
  })

  it("is missing where a process forbids code that is made of text", () => {
    vi.stubGlobal("Function", () => {
      throw new EvalError("Code generation from strings disallowed for this context")
    })
    assert.isUndefined(directWrite(toWire(Outer).ast))
    assert.isUndefined(directRead(toWire(Outer).ast))
  })
})
