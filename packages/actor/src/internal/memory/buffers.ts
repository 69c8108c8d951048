/**
 * The twin's blocks: plain `ArrayBuffer`s under the rules of native ones. Whoever hands one over detaches it, as V8 does
 * when it transfers.
 */
import { type Block, type BufferPool, keepAlive, moved } from "../buffer/pool.ts"

class MemoryBlock implements Block {
  readonly byteLength: number
  readonly #pool: MemoryPool
  /** undefined: it is gone. */
  #memory: ArrayBuffer | undefined

  constructor(pool: MemoryPool, memory: ArrayBuffer) {
    this.#pool = pool
    this.#memory = memory
    this.byteLength = memory.byteLength
    keepAlive(memory, this)
  }

  attach(): ArrayBuffer {
    return this.#memory!
  }

  move(): boolean {
    const memory = this.#memory!
    const next = memory.byteLength === this.byteLength ? moved(memory) : undefined
    if (next === undefined) return false
    this.#memory = next
    keepAlive(next, this)
    return true
  }

  release(): void {
    const memory = this.#memory
    if (memory === undefined) return
    this.#memory = undefined
    if (memory.byteLength > 0) moved(memory)
    this.#pool.gone(this)
  }
}

export class MemoryPool implements BufferPool {
  readonly #limit: number
  readonly #lost = new FinalizationRegistry<number>((bytes) => {
    this.#bytes -= bytes
  })
  #bytes = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  readonly allocate = (bytes: number): Block | "limit" | "memory" => {
    if (this.#bytes + bytes > this.#limit) return "limit"
    let memory: ArrayBuffer
    try {
      memory = new ArrayBuffer(bytes)
    } catch {
      return "memory"
    }
    const block = new MemoryBlock(this, memory)
    this.#bytes += bytes
    this.#lost.register(block, bytes, block)
    return block
  }

  gone(block: Block): void {
    this.#bytes -= block.byteLength
    this.#lost.unregister(block)
  }

  readonly bytes = (): number => this.#bytes

  readonly copies = (): boolean => false
}
