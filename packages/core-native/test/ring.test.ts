// A raw call that fails has ended its shard: said by the answer, and never thrown at whoever sends or looks.
import { assert, describe, it } from "vitest"
import { load } from "../src/load.ts"
import { Ring } from "../src/ring.ts"

const boom = new Error("boom")
const calls = [
  ["load", (ring: Ring) => ring.loadAt(0, 4), -1],
  ["account", (ring: Ring) => ring.reductionsOf(1, 0), -1],
  ["look", (ring: Ring) => ring.hasArrivals(), false]
] as const

describe("a ring whose shard fails", () => {
  it.each(calls)("in `%s`", (name, call, answer) => {
    const ring = new Ring(load(), { maxActors: 10, capacity: 10, seed: undefined }, () => {})
    const done = ring.native
    ring[name] = () => {
      throw boom
    }
    assert.strictEqual(call(ring), answer)
    assert.strictEqual(ring.broken, boom)
    assert.isTrue(ring.gone)
    done.close()
  })
})
