/** The children of dynamic supervisors, when their slots are given out again before the last word of them (G99). */
import type { AnyRef } from "@myrmidonjs/actor"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { Children, Entry } from "../src/internal/children.ts"
import { Roster } from "../src/internal/roster.ts"

const refOf = (slot: number, generation: number): AnyRef => ({ pid: generation * 2 ** 32 + slot }) as unknown as AnyRef

const step = Schema.Struct({
  slot: Schema.Literals([1, 2, 1023, 1024, 5000]),
  whose: Schema.Literals([0, 1]),
  ends: Schema.Boolean
})

describe("children of dynamic supervisors", () => {
  it.prop(
    "G99: each is found among its own, and taken out with what it was started with",
    { steps: Schema.Array(step) },
    ({ steps }) => {
      const roster = new Roster()
      const all = [new Children(roster), new Children(roster)] as const
      const model = [new Map<AnyRef, unknown>(), new Map<AnyRef, unknown>()] as const
      let generation = 0
      for (const { ends, slot, whose } of steps) {
        const children = all[whose]
        if (ends) {
          const ref = [...model[whose].keys()].find((ref) => (ref.pid & 0xffffff) === slot)
          if (ref === undefined) continue
          // Of an actor of another isolate there are several refs.
          const found = children.find({ pid: ref.pid } as AnyRef)
          assert.strictEqual(children.refAt(found), ref)
          assert.strictEqual(children.take(found), model[whose].get(ref))
          model[whose].delete(ref)
          assert.strictEqual(children.find(ref), -1)
        } else {
          const ref = refOf(slot, ++generation)
          const what = generation % 3 === 0 ? new Entry(ref, generation, {}) : generation
          children.add(ref, what)
          model[whose].set(ref, what)
        }
        for (const whose of [0, 1] as const) {
          assert.strictEqual(all[whose].size, model[whose].size)
          assert.sameMembers(all[whose].refs(), [...model[whose].keys()])
          for (const ref of model[1 - whose]!.keys()) assert.strictEqual(all[whose].find(ref), -1)
        }
      }
    },
    { arbitrary: { runs: 300, size: 40 } }
  )

  it("G99: thousands of them come and go, row by row", () => {
    const children = new Children(new Roster())
    const refs = Array.from({ length: 5000 }, (_, at) => refOf(at + 1, 0))
    for (const round of [1, 2]) {
      for (const [at, ref] of refs.entries()) children.add(ref, at * round)
      for (const [at, ref] of refs.entries()) {
        if (at % 7 === 0) continue
        assert.strictEqual(children.take(children.find(ref)), at * round)
      }
      assert.sameMembers(children.refs(), refs.filter((_, at) => at % 7 === 0))
      for (const [at, ref] of refs.entries()) {
        if (at % 7 === 0) assert.strictEqual(children.take(children.find(ref)), at * round)
      }
      assert.strictEqual(children.size, 0)
    }
  })
})
