/**
 * The map as one block of memory, which an isolate is handed without a copy: how many people live where, and all roads.
 *
 * Int32, one column behind the other: [cities, ends of roads], population, then the columns of `Geography`.
 */
import { SharedBuffer } from "@myrmidonjs/actor"
import { Effect } from "effect"
import type { Cities } from "./cities.ts"
import type { Geography } from "./geography.ts"

const header = 2

/** A block of its own for one more reader. */
export const packMap = ({ population }: Pick<Cities, "population">, geography: Geography) => {
  const { first, neighbour, slot, volume } = geography
  const columns = [
    Int32Array.of(population.length, neighbour.length),
    population,
    first,
    neighbour,
    volume,
    slot
  ]
  const length = columns.reduce((sum, column) => sum + column.length, 0)
  return Effect.map(SharedBuffer.allocate(length * Int32Array.BYTES_PER_ELEMENT), (block) => {
    const words = wordsOf(block)
    let at = 0
    for (const column of columns) {
      words.set(column, at)
      at += column.length
    }
    return block
  })
}

/** Views of the block, good for as long as its holder has it. */
export const readMap = (block: SharedBuffer): { readonly population: Int32Array; readonly geography: Geography } => {
  const words = wordsOf(block)
  const [cities, ends] = words
  let at = header
  const next = (length: number): Int32Array => words.subarray(at, at += length)
  const population = next(cities)
  const first = next(cities + 1)
  return {
    population,
    geography: { first, neighbour: next(ends), volume: next(ends), slot: next(ends), roads: ends / 2 }
  }
}

const wordsOf = (block: SharedBuffer): Int32Array => {
  const { buffer, byteLength, byteOffset } = block.bytes()
  return new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT)
}
