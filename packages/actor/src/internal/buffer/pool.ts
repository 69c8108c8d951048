/**
 * Where the memory of buffers comes from: what a system needs of the half below (`memory/buffers.ts`,
 * `native/buffers.ts`).
 *
 * A block is one JavaScript object per isolate for as long as this isolate has it, in whosever hands: handles come and go
 * over it. The pool counts its bytes until it is gone. One that nobody reaches any more is released by a finalizer,
 * sooner or later.
 */
export interface Block {
  readonly byteLength: number
  /** The block's bytes; the same object until it is moved. */
  readonly attach: () => ArrayBuffer
  /** From one holder of this isolate to the next: detaches the first one's memory. false: somebody took it away. */
  readonly move: () => boolean
  /** To another isolate, where memory is shared: its number, for the message. `undefined`: somebody took it away. */
  readonly leave?: () => number | undefined
  /** Detaches and frees it. A second call does nothing. */
  readonly release: () => void
}

export interface BufferPool {
  /** "limit": no room below the limit. "memory": the machine has not that much. */
  readonly allocate: (bytes: number) => Block | "limit" | "memory"
  /** A block that came from another isolate, by its number. `undefined`: it is not in flight. */
  readonly enter?: (number: number, bytes: number) => Block | undefined
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

interface Transferring {
  readonly transfer?: (length?: number) => ArrayBuffer
}

/** Takes the memory from an object that no program has seen. */
export const discard = (memory: ArrayBuffer): void => {
  const { transfer } = memory as Transferring
  transfer?.call(memory, 0)
}

/**
 * The same memory under another object; whoever had the first one has nothing. Copies nothing. `undefined`: the program
 * has forbidden that (`markAsUntransferable` of Node), and then it is as if it had taken the memory away.
 */
export const moved = (memory: ArrayBuffer): ArrayBuffer | undefined => {
  const { transfer } = memory as Transferring
  try {
    return transfer === undefined ? structuredClone(memory, { transfer: [memory] }) : transfer.call(memory)
  } catch {
    return undefined
  }
}
