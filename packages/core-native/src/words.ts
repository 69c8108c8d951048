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

/** A double that is a small integer, as one: else every state that adds it up would hold a boxed number. */
export const numberOf = (value: number): number => {
  const whole = value | 0
  return whole === value && (whole !== 0 || 1 / value > 0) ? whole : value
}

/** As `pidOf`, where most generations are 0: the arithmetic of a double is spared where it would bring nothing. */
export const quickPidOf = (low: number, generation: number): number =>
  generation === 0 ? low : generation * 4294967296 + low

/** `<shard.index.generation>`, as in logs. */
export const printPid = (pid: number): string => {
  const low = lowOf(pid)
  return `<${Math.floor(low / 16777216)}.${low % 16777216}.${generationOf(pid)}>`
}
