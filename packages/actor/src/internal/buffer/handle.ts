/**
 * What a program holds of a buffer: the right to one block, until it is sent or released.
 *
 * Sending takes the block from the sender's handle and gives it to a new one, which travels in the payload and is of use
 * to whoever receives it. A refused send gives it back. So no two handles ever have one block.
 */
import { BufferMoved } from "../../BufferMoved.ts"
import type { SharedBuffer } from "../../SharedBuffer.ts"
import type { Block, BufferPool } from "./pool.ts"

export const State = { Held: 0, Flight: 1, Gone: 2 } as const
type State = typeof State[keyof typeof State]

export class BufferHandle implements SharedBuffer {
  readonly byteLength: number
  #block: Block
  #state: State
  #kept = false
  #view: Uint8Array<ArrayBuffer> | undefined = undefined

  constructor(block: Block, state: State) {
    this.byteLength = block.byteLength
    this.#block = block
    this.#state = state
  }

  /** By what only the constructor gives: an object made from a buffer (`Object.create`) inherits its methods, and is none. */
  static is(this: void, u: unknown): u is BufferHandle {
    return typeof u === "object" && u !== null && #block in u
  }

  get isHeld(): boolean {
    return this.#state === State.Held
  }

  // Fields, so that they can be passed on without their object.
  readonly bytes = (): Uint8Array<ArrayBuffer> => {
    if (this.#state !== State.Held) throw new BufferMoved()
    const view = this.#view ??= new Uint8Array(this.#block.attach())
    // Somebody else detached it.
    if (view.byteLength !== this.byteLength) throw new BufferMoved()
    return view
  }

  readonly retain = (): this => {
    if (this.#state !== State.Held) throw new BufferMoved()
    this.#kept = true
    return this
  }

  readonly release = (): void => {
    if (this.#state === State.Gone) return
    this.#state = State.Gone
    this.#view = undefined
    this.#block.release()
  }

  /** The handle that travels. `undefined`: this one has no block to give. */
  depart(): BufferHandle | undefined {
    if (this.#state !== State.Held || !this.#block.move()) return undefined
    this.#state = State.Gone
    this.#view = undefined
    return new BufferHandle(this.#block, State.Flight)
  }

  /** To another isolate: its number there. `undefined`: this one has no block to give. */
  leave(): number | undefined {
    const number = this.#state === State.Held ? this.#block.leave?.() : undefined
    if (number === undefined) return undefined
    this.#state = State.Gone
    this.#view = undefined
    return number
  }

  /** The send was refused: what `leave` gave away by that number is here again, unless somebody has it. */
  comeBack(number: number, pool: BufferPool): void {
    const block = pool.enter?.(number, this.byteLength)
    if (block === undefined) return
    this.#block = block
    this.#state = State.Held
  }

  /** The send was refused: what `depart` gave away is here again. */
  restore(travelling: BufferHandle): void {
    travelling.#state = State.Gone
    this.#state = State.Held
  }

  /** It is its receiver's. */
  arrive(): void {
    if (this.#state === State.Flight) this.#state = State.Held
  }

  /** The handler that received it is done. */
  handled(): void {
    if (!this.#kept) this.release()
  }
}

/** Whether it is a buffer of this package, which all of them are. */
export const isBuffer = BufferHandle.is
