import { assert, it } from "vitest"
import { KEPT, QUIET, Slots } from "../src/slots.ts"

it("a slot gives back what was put, once, and is used again", () => {
  const slots = new Slots()
  const payloads = [{ a: 1 }, "text", null, 5, Number.NaN, 0]
  const taken = payloads.map((payload) => slots.put(payload))
  assert.strictEqual(new Set(taken).size, payloads.length)
  assert.notInclude(taken, 0)
  assert.deepStrictEqual(taken.map((slot) => slots.take(slot)), payloads)
  assert.strictEqual(slots.used, 0)
  assert.includeMembers(taken, payloads.map((payload) => slots.put(payload)))
})

it("undefined needs no slot", () => {
  const slots = new Slots()
  assert.strictEqual(slots.put(undefined), 0)
  assert.isUndefined(slots.take(0))
  assert.strictEqual(slots.used, 0)
})

it("what a burst made it hold is given back when it is empty and quiet, and not before", () => {
  const slots = new Slots()
  const burst = (): ReadonlyArray<number> => Array.from({ length: 2 * KEPT }, (_, i) => slots.put(i))
  const rest = (): void => {
    for (let i = 0; i < 2 * QUIET; i++) slots.idle(true)
  }
  const taken = burst()
  rest()
  assert.isAbove(slots.size, 2 * KEPT, "it is in use")
  taken.forEach((slot, i) => assert.strictEqual(slots.take(slot), i))
  for (let i = 1; i < QUIET; i++) slots.idle(true)
  assert.isAbove(slots.size, 2 * KEPT, "the next burst may need it")
  rest()
  assert.strictEqual(slots.size, 1)
  const again = burst()
  assert.strictEqual(new Set(again).size, again.length)
  again.forEach((slot, i) => assert.strictEqual(slots.take(slot), i))
  assert.strictEqual(slots.used, 0)
})

it("random puts and takes agree with a map", () => {
  const slots = new Slots()
  const held = new Map<number, number>()
  let seed = 1
  for (let i = 0; i < 20_000; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    if ((seed >>> 16) % 2 === 0 || held.size === 0) {
      const slot = slots.put(i)
      assert.isFalse(held.has(slot))
      held.set(slot, i)
    } else {
      const [slot, value] = [...held][(seed >>> 16) % held.size]!
      held.delete(slot)
      assert.strictEqual(slots.take(slot), value)
    }
    if (held.size > 64) {
      for (const [slot, value] of held) {
        assert.strictEqual(slots.take(slot), value)
        held.delete(slot)
      }
    }
    assert.strictEqual(slots.used, held.size)
  }
})
