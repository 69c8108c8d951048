/** Who is told of whose end: the table, when slots are given out again before the last word of them. */
import type { Pid } from "@myrmidonjs/actor"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import type { Cell } from "../src/internal/cell.ts"
import { EndHook, EndHooks } from "../src/internal/endHooks.ts"

const shardBits = 7 * 2 ** 24

/** As much of a cell as the table asks for. */
const population = () => {
  const cells = new Map<number, Cell>()
  const host = { shard: { cellOf: (pid: Pid) => cells.get(pid) } }
  return (index: number, generation: number): Cell => {
    const low = (shardBits | index) >>> 0
    const pid = generation * 2 ** 32 + low
    const cell = { low, generation, pid, host } as unknown as Cell
    cells.set(pid, cell)
    return cell
  }
}

const ignore = (): void => {}
const step = Schema.Struct({
  slot: Schema.Literals([1, 2, 1023, 1024, 5000]),
  parent: Schema.Literals([0, 1, 2]),
  ends: Schema.Boolean
})

describe("EndHooks", () => {
  it.prop(
    "G94: finds the hook of each child once, whoever has its slot next",
    { steps: Schema.Array(step) },
    ({ steps }) => {
      const cell = population()
      const hooks = [0, 1, 2].map((at) => new EndHook(cell(100 + at, 0), ignore, undefined))
      const table = new EndHooks()
      const model = new Map<Cell, EndHook>()
      let generation = 0
      for (const { ends, parent, slot } of steps) {
        if (ends) {
          // The oldest one of that slot, as the shard tells ends.
          const child = [...model.keys()].find((child) => (child.low & 0xffffff) === slot)
          if (child === undefined) continue
          assert.strictEqual(table.take(child), model.get(child))
          model.delete(child)
          assert.isUndefined(table.take(child))
        } else {
          const child = cell(slot, ++generation)
          assert.isUndefined(table.take(child))
          table.add(child, hooks[parent]!)
          model.set(child, hooks[parent]!)
        }
      }
      const latest = new Map([...model].map(([child, hook]) => [child.low, [child.pid, hook.parent.pid]]))
      const known = [...table.byParent()].flatMap(([{ pid }, children]) => children.map((child) => [child.pid, pid]))
      assert.sameDeepMembers(known, [...latest.values()])
      for (const [child, hook] of model) assert.strictEqual(table.take(child), hook)
      assert.strictEqual(table.byParent().size, 0)
    },
    { arbitrary: { runs: 300, size: 40 } }
  )
})
