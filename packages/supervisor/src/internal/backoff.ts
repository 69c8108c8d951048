/**
 * How long a restart waits: twice as long for each attempt that still counts. It waits inside the window of the restart
 * intensity, never instead of it.
 */
import type { Rules } from "./spec.ts"

/** ms. `recent`: attempts that count, this one included. */
export const backoffOf = ({ max, min }: NonNullable<Rules["backoff"]>, recent: number): number =>
  Math.min(max, min * 2 ** (recent - 1))
