// Bytes and values of the codec below its schemas: golden vectors, another implementation, and bytes of anybody.
import { assert, describe, it } from "@effect/vitest"
import { Decoder, Encoder } from "@msgpack/msgpack"
import { Effect, Exit } from "effect"
import { Malformed } from "../../src/internal/codec/issues.ts"
import { msgpack } from "../../src/internal/codec/msgpack.ts"
import { decodePlain } from "../../src/internal/codec/plain.ts"
import { anyPlain, bytesOf, hexOf, Plain, randomFrom, valueOf, vectors } from "./vectors.ts"

const codec = msgpack.of(Plain)
const encode = (value: unknown): Uint8Array => Effect.runSync(codec.encode(value))

describe("G131: golden vectors", () => {
  it.each(vectors.values.map((vector) => [vector.name, vector] as const))("%s", (_name, vector) => {
    const value = valueOf(vector.value)
    const bytes = encode(value)
    if (vector.hex !== undefined) assert.strictEqual(hexOf(bytes), vector.hex)
    if (vector.head !== undefined) {
      assert.strictEqual(hexOf(bytes.subarray(0, 6)), vector.head)
      assert.strictEqual(bytes.length, vector.length)
    }
    assert.deepStrictEqual(decodePlain(bytes), value)
  })

  it.each(vectors.loose.map((vector) => [vector.name, vector] as const))("reads: %s", (_name, { hex, value }) => {
    assert.deepStrictEqual(decodePlain(bytesOf(hex)), valueOf(value))
  })

  it.each(vectors.malformed.map((vector) => [vector.name, vector] as const))("refuses: %s", (_name, { hex }) => {
    assert.throws(() => decodePlain(bytesOf(hex)), Malformed)
    assert.isTrue(Exit.isFailure(codec.decode(bytesOf(hex))))
  })
})

describe("G131: plain msgpack", () => {
  it("is what another implementation writes and reads", () => {
    const other = new Encoder(), reader = new Decoder()
    const random = randomFrom(1)
    // What that one cannot: it loses -0 and a byte order mark, and refuses the key __proto__.
    const passes = (value: unknown): boolean => {
      const text = JSON.stringify(
        value,
        (_key, item: unknown) => item instanceof Uint8Array ? null : Object.is(item, -0) ? "__proto__" : item
      )
      return !text.includes("\ufeff") && !text.includes("__proto__")
    }
    let compared = 0
    for (let i = 0; i < 3000; i++) {
      const value = anyPlain(random, 3)
      if (!passes(value)) continue
      const bytes = encode(value)
      assert.strictEqual(hexOf(bytes), hexOf(other.encode(value)))
      assert.deepStrictEqual(reader.decode(bytes), value)
      compared++
    }
    assert.isAbove(compared, 1000)
  })

  it("any plain value comes back", () => {
    const random = randomFrom(2)
    for (let i = 0; i < 3000; i++) {
      const value = anyPlain(random, 4)
      assert.deepStrictEqual(decodePlain(encode(value)), value)
    }
  })

  it("what was given out is not written again", () => {
    const random = randomFrom(3)
    const values = Array.from({ length: 500 }, () => anyPlain(random, 3))
    const all = values.map(encode)
    values.forEach((value, i) => assert.deepStrictEqual(decodePlain(all[i]!), value))
  })

  it("a decoded value holds nothing of its bytes", () => {
    const bytes = encode({ a: new Uint8Array([1, 2, 3]) })
    const value = decodePlain(bytes)
    bytes.fill(0)
    assert.deepStrictEqual(value, { a: new Uint8Array([1, 2, 3]) })
  })
})

describe("G132: what has no encoding", () => {
  const cyclic: Record<string, unknown> = {}
  cyclic["again"] = cyclic
  it.each(
    [
      ["a function", { a: [0, { b: () => 1 }] }, `a function cannot be encoded\n  at ["a"][1]["b"]`],
      ["a symbol", [Symbol.iterator], "a symbol cannot be encoded\n  at [0]"],
      ["a bigint of 65 bits", { n: 2n ** 64n }, `a bigint of more than 64 bits cannot be encoded\n  at ["n"]`],
      ["one below", -(2n ** 63n) - 1n, "a bigint of more than 64 bits cannot be encoded"],
      ["a lone surrogate", { s: "\ud800" }, `a string with a lone surrogate cannot be encoded\n  at ["s"]`],
      ["an instance", { m: new Map() }, `an instance of Map cannot be encoded: its schema does not say how\n  at ["m"]`]
    ] as const
  )("%s is refused with its path", (_name, value, issue) => {
    const exit = codec.encode(value)
    assert.deepStrictEqual(exit, Exit.fail(issue))
    // And nothing of it is left in front of the next.
    assert.strictEqual(hexOf(encode(1)), "01")
  })

  it("a value that holds itself ends", () => {
    // Its path is as long as the bound, and says nothing after its first steps.
    const path = `${`["again"]`.repeat(8)}… and 249 more`
    assert.deepStrictEqual(
      codec.encode(cyclic),
      Exit.fail(`more than 256 levels cannot be encoded: does it hold itself?\n  at ${path}`)
    )
  })
})

describe("G133: bytes of anybody", () => {
  const outcome = (bytes: Uint8Array): "value" | "malformed" => {
    try {
      decodePlain(bytes)
      return "value"
    } catch (error) {
      assert.instanceOf(error, Malformed)
      return "malformed"
    }
  }

  it("random bytes are a value or malformed", () => {
    const random = randomFrom(4)
    const seen = { value: 0, malformed: 0 }
    for (let i = 0; i < 20_000; i++) {
      seen[outcome(Uint8Array.from({ length: random(40) }, () => random(256)))]++
    }
    assert.isAbove(seen.value, 100)
    assert.isAbove(seen.malformed, 100)
  })

  it("so are good ones with a byte changed, or cut short", () => {
    const random = randomFrom(5)
    for (let i = 0; i < 5000; i++) {
      const bytes = encode(anyPlain(random, 3)).slice()
      if (random(2) === 0) bytes[random(bytes.length)] = random(256)
      assert.include(["value", "malformed"], outcome(random(2) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes))
    }
  })

  it("a header that claims more than there is allocates nothing", () => {
    // 200 arrays in each other, each of which claims what is left of a megabyte.
    const bytes = new Uint8Array(1_000_000)
    const view = new DataView(bytes.buffer)
    for (let i = 0; i < 200; i++) {
      bytes[i * 5] = 0xdd
      view.setUint32(i * 5 + 1, bytes.length - (i + 1) * 5)
    }
    const before = process.memoryUsage().heapUsed
    assert.strictEqual(outcome(bytes), "malformed")
    // Reserved at once they would be 1.6 GB; the zeros behind them are a million small integers.
    assert.isBelow(process.memoryUsage().heapUsed - before, 64 * 2 ** 20)
  })
})
