/**
 * Bytes of payloads that outlive their batch: copied out of the incoming arena a piece at a time, with those of the
 * messages behind them, and given out as views into it.
 *
 * V8 keeps up to 64 bytes of a typed array in its heap. Memory outside of it is an allocation, an entry in the collector's
 * account and a free by another thread for each array: ten times what a view costs. A piece lives as long as one of its
 * views, so it is small; and whoever transfers one view would take the memory of all, so no piece can be transferred.
 */
import { markAsUntransferable } from "node:worker_threads"
import { Arg } from "./binding.ts"
import type { Ring } from "./ring.ts"

/** Bytes that V8 keeps in its own heap. */
const SMALL = 64
/** From here on the copying costs as much as the memory. */
const LARGE = 2048
/** As the pool of Node's `Buffer`. */
const PIECE = 8192

const { INCOMING } = Arg

export class Pieces {
  readonly #ring: Ring
  readonly #arena: Uint8Array<ArrayBuffer>
  #piece = new ArrayBuffer(0)
  /** Which batch it is of. */
  #batch = -1
  /** What of the arena is in it. */
  #from = 0
  #to = 0

  constructor(ring: Ring, arena: Uint8Array<ArrayBuffer>) {
    this.#ring = ring
    this.#arena = arena
  }

  /** Bytes of the arena, of the present batch. */
  keep(at: number, length: number): Uint8Array<ArrayBuffer> {
    if (length <= SMALL || length > LARGE) return this.#arena.slice(at, at + length)
    if (this.#batch !== this.#ring.batch || at < this.#from || at + length > this.#to) this.#renew(at, length)
    return new Uint8Array(this.#piece, at - this.#from, length)
  }

  #renew(at: number, length: number): void {
    const { args, batch } = this.#ring
    const to = Math.max(at + length, Math.min(at + PIECE, args[INCOMING]! << 2))
    this.#piece = this.#arena.slice(at, to).buffer
    if (to > at + length) markAsUntransferable(this.#piece)
    this.#batch = batch
    this.#from = at
    this.#to = to
  }
}
