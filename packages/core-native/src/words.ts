/** PIDs as this side handles them: 53 bits in a number, or the two words of a record. */

/** A PID from its words; 0 is nobody. */
export const pidOf = (low: number, generation: number): number => generation * 4294967296 + low

/** A count from its two words; exact up to 2^53. */
export const wide = (low: number, high: number): number => high * 4294967296 + low

// Both as unsigned words: what `%` and a division leave is a boxed double, and so would be the field that keeps it.

/** Shard and index. */
export const lowOf = (pid: number): number => pid >>> 0

/** Which life of the slot is meant. */
export const generationOf = (pid: number): number => (pid / 4294967296) >>> 0

/** `<shard.index.generation>`, as in logs. */
export const printPid = (pid: number): string => {
  const low = lowOf(pid)
  return `<${Math.floor(low / 16777216)}.${low % 16777216}.${generationOf(pid)}>`
}
