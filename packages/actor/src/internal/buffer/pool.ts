/**
 * Where the memory of buffers comes from: what a system needs of the half below (`memory/buffers.ts`,
 * `native/buffers.ts`).
 *
 * A block is one JavaScript object per isolate for as long as this isolate has it, in whosever hands: handles come and go
 * over it. It is in exactly one of the states held, in flight and gone; the pool counts its bytes until it is gone. One
 * that nobody reaches any more is released by a finalizer, sooner or later.
 */
export interface Block {
  readonly byteLength: number
  /** The block's bytes; the same object until it departs. Held blocks only. */
  readonly attach: () => ArrayBuffer
  /** Detaches that, and takes off. false: its memory was taken away (`ArrayBuffer.transfer`), and it stays. */
  readonly depart: () => boolean
  /** Ends the flight. */
  readonly arrive: () => void
  /** Detaches and frees it, held or in flight. A second call does nothing. */
  readonly release: () => void
}

export interface BufferPool {
  /** "limit": no room below the limit. "memory": the machine has not that much. */
  readonly allocate: (bytes: number) => Block | "limit" | "memory"
  /** Bytes of blocks that are not gone. */
  readonly bytes: () => number
  /** Views are copies: the platform refuses external memory. */
  readonly copies: () => boolean
}

/** Blocks by their memory: whoever holds a view holds the block. */
const blocks = new WeakMap<ArrayBuffer, Block>()

export const keepAlive = (memory: ArrayBuffer, block: Block): void => {
  blocks.set(memory, block)
}
