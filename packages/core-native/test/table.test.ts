/** The table of cells: rows, and two lives of one slot. */
import { assert, describe, it } from "vitest"
import { Table } from "../src/table.ts"

const cell = (low: number, generation = 0) => ({ low, generation, bound: { meter: undefined }, state: undefined })

describe("Table", () => {
  it("finds everyone beyond the first row, and nobody where there is none", () => {
    const table = new Table()
    const cells = Array.from({ length: 5000 }, (_, i) => cell(i + 1))
    for (const each of cells) table.add(each)
    assert.isTrue(cells.every((each) => table.at(each.low) === each && table.find(each.low, 0) === each))
    for (const low of [0, 5001, 0xfffffe]) {
      assert.isUndefined(table.at(low))
      assert.isUndefined(table.find(low, 0))
      assert.isUndefined(table.remove(low, 0))
    }
    assert.deepStrictEqual(table.clear(), cells)
    assert.isUndefined(table.at(4000))
    assert.deepStrictEqual(table.clear(), [])
  })

  it("rows between may be empty: PIDs of other generations come in any order", () => {
    const table = new Table()
    const far = cell(9000)
    table.add(far)
    assert.strictEqual(table.at(9000), far)
    assert.isUndefined(table.at(3000))
    assert.strictEqual(table.remove(9000, 0), far)
    assert.isUndefined(table.find(9000, 0))
  })

  it("who has a slot and who ends in it are both found, each by its generation", () => {
    const table = new Table()
    const ending = cell(2000)
    const next = cell(2000, 1)
    table.add(ending)
    table.add(next)
    assert.strictEqual(table.find(2000, 0), ending)
    assert.strictEqual(table.find(2000, 1), next)
    assert.strictEqual(table.remove(2000, 0), ending)
    assert.isUndefined(table.find(2000, 0))
    assert.strictEqual(table.at(2000), next)
  })
})
