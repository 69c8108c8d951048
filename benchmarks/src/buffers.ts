/** What all programs of `buffer` share: the sizes, how many hops each gets, and the row. */
import { now } from "./measure.ts"
import { begins, ends } from "./stretch.ts"
import type { Measured } from "./workload.ts"

const kib = 1024
const mib = 1024 * kib

/** By the field's end. */
const sizes = { "4kib": 4 * kib, "64kib": 64 * kib, "1mib": mib, "64mib": 64 * mib } as const

/** Blocks that are under way together where a field says `many_`. */
export const many = 8

/** Hops of each of so many blocks, there and back, that are no fewer than `count` in all. */
export const hopsEach = (count: number, blocks: number): number => 2 * Math.ceil(count / blocks / 2)

/** Copies take time by their size: no more bytes than so many altogether. */
const mostBytes = 4 * 1024 * mib

/** Hops of a size where each one costs by its size. */
const fewerHops = (n: number, size: number): number => Math.max(2 * many, Math.min(n, Math.floor(mostBytes / size)))

/** Does at least so many hops of blocks of a size, and gives back how many. */
export type Hops = (size: number, count: number) => Promise<number>

/**
 * Runs `hops(size, count)` for each size and gives back us a hop, by field. `prefix`: before the field's name.
 * Completed work is counted by `hops`, which checks that the block came back with every hop's mark.
 */
export const perHop = async (
  n: number,
  warm: number,
  prefix: string,
  isBySize: boolean,
  hops: Hops
): Promise<Record<string, number>> => {
  const fields: Record<string, number> = {}
  // What is compiled is compiled before the first size, which would pay for it.
  await hops(sizes["4kib"], n)
  for (const [name, size] of Object.entries(sizes)) {
    await hops(size, isBySize ? fewerHops(warm, size) : warm)
    begins()
    const start = now()
    const count = await hops(size, isBySize ? fewerHops(n, size) : n)
    fields[`${prefix}us_per_hop_${name}`] = (now() - start) * 1000 / count
    ends(`${prefix}${name}`, count)
  }
  return fields
}

/** The row: `ns_per_op` is that of 1 MiB. */
export const rowOf = (n: number, fields: Record<string, number>): Measured => ({
  completed: n,
  seconds: fields["us_per_hop_1mib"] * n / 1e6,
  extra: fields
})
