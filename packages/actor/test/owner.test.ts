/** What ends with a scope or a parent: its order, and what it holds, beyond one row of it. */
import { assert, describe, it } from "@effect/vitest"
import type { Cell } from "../src/internal/cell.ts"
import { Owner } from "../src/internal/owner.ts"

/** As much of a system as an owner asks for. */
const crowd = (size: number) => {
  const dead = new Set<Cell>()
  const host = { ended: 0, shard: { holds: (cell: Cell) => !dead.has(cell) } }
  const cells = Array.from({ length: size }, (_, index) => ({ index, host }) as unknown as Cell)
  const end = (cell: Cell): void => {
    dead.add(cell)
    host.ended++
  }
  return { cells, end }
}

describe("Owner", () => {
  it("gives out all, oldest first, and takes them out youngest first", () => {
    const { cells } = crowd(3000)
    const owner = new Owner()
    for (const cell of cells) owner.add(cell)
    assert.deepStrictEqual(owner.all(), cells)
    assert.deepStrictEqual(owner.drain(), cells.toReversed())
    assert.deepStrictEqual(owner.all(), [])
    owner.add(cells[0]!)
    assert.deepStrictEqual(owner.drain(), [cells[0]])
  })

  it("does not grow with the dead, and keeps the living in their order", () => {
    const { cells, end } = crowd(20_000)
    const owner = new Owner()
    for (const [at, cell] of cells.entries()) {
      owner.add(cell)
      if (at % 10 !== 0) end(cell)
    }
    const held = owner.all()
    assert.isBelow(held.length, 8000)
    const living = cells.filter((_, at) => at % 10 === 0)
    assert.deepStrictEqual(held.filter((cell) => living.includes(cell)), living)
  })
})
