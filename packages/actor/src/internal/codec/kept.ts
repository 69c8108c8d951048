/**
 * Bytes in a value that is read: a copy, made as whoever lends them does that best.
 */

/** Bytes that are only lent, as the membrane has them. */
export interface Lender {
  readonly all: Uint8Array
  /** Some of them, for as long as anybody wants them. */
  readonly keep: (at: number, length: number) => Uint8Array
}

/** The last one that was read from. */
let lender: Lender | undefined = undefined

export const readsOf = (of: Lender): void => {
  lender = of
}

export const keptAt = (bytes: Uint8Array, at: number, length: number): Uint8Array =>
  lender !== undefined && bytes === lender.all ? lender.keep(at, length) : bytes.slice(at, at + length)
