// Buffers wherever they stand in a payload (G136): what is above one is copied, all else stays what it is.
import { assert, describe, it } from "@effect/vitest"
import { BufferHandle, isBuffer, State } from "../src/internal/buffer/handle.ts"
import { buffersIn, depart, issueOfBuffers } from "../src/internal/buffer/payload.ts"

const made = (move = true): BufferHandle =>
  new BufferHandle({ byteLength: 1, attach: () => new ArrayBuffer(1), move: () => move, release: () => {} }, State.Held)

class Letter {
  readonly page: BufferHandle
  readonly note = "n"
  constructor(page: BufferHandle) {
    this.page = page
  }
}

const key = Symbol("key")

const forms: ReadonlyArray<readonly [name: string, of: (...buffers: ReadonlyArray<BufferHandle>) => unknown]> = [
  ["alone", (a) => a],
  ["in an object", (a) => ({ data: a, left: 1, none: undefined, nil: null, [key]: 7 })],
  ["deep", (a, b) => ({ x: { y: [{ a }, [b, 1]] }, other: { is: "kept" } })],
  ["in an instance", (a) => new Letter(a)],
  ["in a map and a set", (a, b) => ({ map: new Map([[a, "a"], [b, "b"]]), set: new Set([1, 2]) })],
  ["in a set", (a) => new Set([a, "x"])],
  ["under an odd name", (a) => Object.defineProperty({ n: 1 }, "__proto__", { value: a, enumerable: true })],
  ["behind a getter", (a) => ({
    get data() {
      return a
    },
    n: 1
  })],
  ["in what is frozen", (a) => Object.freeze({ data: a, list: Object.freeze([a, 1].slice(1)) })],
  ["many of them", (...all) => ({ all, first: 1 })]
]

const countOf: Readonly<Record<string, number>> = { "deep": 2, "in a map and a set": 2, "many of them": 100 }

describe("G136: a buffer departs", () => {
  it.each(forms)("%s", (name, of) => {
    const buffers = Array.from({ length: countOf[name] ?? 1 }, () => made())
    const payload = of(...buffers)
    const leaving = depart(payload)
    assert(leaving !== undefined)
    const travelling = buffersIn(leaving.payload)
    assert.strictEqual(travelling.length, buffers.length)
    assert.isTrue(travelling.every((each) => !buffers.includes(each)))
    assert.isTrue(buffers.every(({ isHeld }) => !isHeld))
    // In the same places, and the sender's own payload is as it was.
    assert.deepStrictEqual(buffersIn(payload), buffers)
    assert.deepStrictEqual(leaving.payload, of(...travelling))
    leaving.arrive()
    assert.isTrue(travelling.every(({ isHeld }) => isHeld))
    leaving.undo()
    assert.isTrue(buffers.every(({ isHeld }) => isHeld) && travelling.every(({ isHeld }) => !isHeld))
  })

  it("but not what was made from one: it has no block", () => {
    const buffer = made()
    const payload = { data: Object.create(buffer) as BufferHandle }
    assert.isFalse(isBuffer(payload.data))
    assert.deepStrictEqual(buffersIn(payload), [])
    assert.isDefined(depart(payload))
    assert.isTrue(buffer.isHeld)
  })

  it("but not out of what cannot be read: that is said, and it stays", () => {
    const buffer = made()
    const payload = {
      data: buffer,
      get odd(): never {
        throw new Error("boom")
      }
    }
    assert.isUndefined(depart(payload))
    assert.include(issueOfBuffers(payload), "it cannot be read: ")
    assert.include(issueOfBuffers(payload), "boom")
    assert.isTrue(buffer.isHeld)
  })

  it("and what is beside it stays the same", () => {
    const [beside, deep] = [{ n: 1 }, { list: [1, 2] }]
    const leaving = depart({ data: made(), beside, nested: { deep, more: [made(), beside] } })
    const payload = leaving?.payload as { beside: object; nested: { deep: object; more: ReadonlyArray<unknown> } }
    assert.strictEqual(payload.beside, beside)
    assert.strictEqual(payload.nested.deep, deep)
    assert.strictEqual(payload.nested.more[1], beside)
    assert.strictEqual(depart(deep)?.payload, deep)
  })

  it("from what holds itself, which stays as it is", () => {
    const self: Record<string, unknown> = { data: made() }
    self["self"] = self
    const payload = depart(self)?.payload as typeof self
    assert.notStrictEqual(payload["data"], self["data"])
    assert.strictEqual(payload["self"], self)
  })

  it("or none does", () => {
    for (const count of [1, 30]) {
      const good = Array.from({ length: count }, () => made())
      assert.isUndefined(depart({ good, bad: made(false) }))
      assert.isUndefined(depart({ good, again: good[0] }))
      assert.isTrue(good.every(({ isHeld }) => isHeld))
    }
  })
})
