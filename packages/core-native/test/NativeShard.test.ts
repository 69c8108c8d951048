// The addon's own face, as a wrong caller would use it.
import { assert, it } from "vitest"
import { Arg, type SharedArrays } from "../src/binding.ts"
import { Control } from "../src/generated/layout.ts"
import { load } from "../src/load.ts"

const arrays = (): SharedArrays => ({
  submissions: new Uint32Array(64),
  completions: new Uint32Array(64),
  control: new Int32Array(Control.Words),
  congested: new Uint32Array(4),
  reserve: new Uint32Array(8),
  call: new Float64Array(8)
})
const options = { maxActors: 100, capacity: 10, inbox: 16 }
const make = (over: object, shared: object = {}) => {
  const { NativeShard } = load()
  return new NativeShard({ ...options, ...over }, { ...arrays(), ...shared }, () => {})
}

it.each([
  [{ maxActors: 0 }, /maxActors/],
  [{ maxActors: 2 ** 24 }, /maxActors/],
  [{ capacity: 0 }, /capacity/],
  [{ inbox: 0 }, /inbox/],
  [{ seed: -1n }, /seed/],
  [{ seed: 2n ** 64n }, /seed/]
])("refuses the options %o", (over, message) => {
  assert.throws(() => make(over), message)
})

it.each([
  [{ submissions: new Uint32Array(2) }, /submissions must be a Uint32Array/],
  [{ completions: new Float64Array(64) }, /completions must be a Uint32Array/],
  [{ control: new Int32Array(2) }, /control must be a Int32Array/],
  [{ congested: new Uint32Array(3) }, /congested must be a Uint32Array of at least 4/],
  [{ reserve: {} }, /reserve/],
  [{ call: "no" }, /call/]
])("refuses arrays of the wrong kind or size", (shared, message) => {
  assert.throws(() => make({}, shared), message)
})

it("a closed shard throws and does not crash; closing again is nothing", () => {
  const shard = make({})
  const target = { tick: () => {}, admit: () => {} }
  shard.attach(target)
  target.tick()
  assert.strictEqual(shard.close(), 0)
  assert.strictEqual(shard.close(), 0)
  assert.throws(() => target.tick(), /closed/)
  assert.throws(() => target.admit(), /closed/)
  assert.throws(() => shard.reserve(1), /closed/)
  assert.throws(() => shard.whereis("x"), /closed/)
})

it.each([false, true])(
  "G280: what comes from another thread wakes a shard that sleeps (a function: %s)",
  async (functionBell) => {
    const shared = arrays()
    let wakes = 0
    let woken = (): void => {}
    const shard = new (load().NativeShard)({ ...options, functionBell }, shared, () => {
      wakes++
      woken()
    })
    const target = { tick: () => {}, admit: () => {} }
    shard.attach(target)
    assert.strictEqual(shard.reserve(1), 1)
    const pid = shared.reserve[1]! * 2 ** 32 + shared.reserve[0]!
    for (let sleep = 1; sleep <= 3; sleep++) {
      // Nothing is delivered, so it sleeps.
      shared.call[Arg.MAX] = 8
      target.tick()
      const next = new Promise<void>((resolve) => {
        woken = resolve
      })
      load().flood(pid, 1, 1, 1)
      await next
      assert.strictEqual(wakes, sleep)
      // Takes it in: there is no such actor, so that it is a dead letter.
      target.tick()
      while (shared.call[Arg.ANSWER]! > 0) target.tick()
    }
    while (shard.close() > 0) { /* dead letters */ }
  }
)

it("counts of records that cannot be are cut to what there is", () => {
  const shared = arrays()
  const shard = new (load().NativeShard)(options, shared, () => {})
  const target = { tick: () => {}, admit: () => {} }
  shard.attach(target)
  shared.call[Arg.SUBMITTED] = 1e9
  shared.call[Arg.MAX] = 1e18
  target.tick()
  assert.strictEqual(shared.call[Arg.ANSWER], 0)
  shared.call[Arg.SUBMITTED] = 1e9
  assert.throws(() => target.admit(), /no record/)
  shared.call[Arg.SUBMITTED] = Number.NaN
  target.tick()
  shard.close()
})

it("no reason that is none is interned", () => {
  const shard = make({})
  assert.throws(() => shard.internReason({ code: 99 }), /code/)
  assert.throws(() => shard.internReason({ code: 3 }), /name/)
  assert.throws(() => shard.internReason({ code: 5, node: "n" }), /because/)
  assert.throws(() => shard.internReason({ code: 7, isolate: 300 }), /isolate/)
  const word = shard.internReason({ code: 5, node: "n", because: "silent" })
  assert.deepStrictEqual(JSON.parse(JSON.stringify(shard.reason(word))), { code: 5, node: "n", because: "silent" })
  shard.close()
})
