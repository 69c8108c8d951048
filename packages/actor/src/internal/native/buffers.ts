/**
 * Blocks of the native system: the memory is Rust's, and every isolate and language sees the same.
 */
import { type Block, type BufferPool, discard, keepAlive, moved } from "../buffer/pool.ts"

/** The addon's class, as `packages/core-native/src/buffer.rs` exports it. */
export interface NativeBuffers {
  allocate(bytes: number): number
  attach(target: Hops, call: Float64Array): void
  view(handle: number): ArrayBuffer
  depart(handle: number, view: ArrayBuffer | undefined): number
  release(handle: number, view: ArrayBuffer | undefined): number
  weigh(bytes: number): void
  readonly bytes: number
  readonly copies: boolean
}

export interface BuffersBinding {
  readonly NativeBuffers: new(limit: number, copies: boolean, system: number | undefined) => NativeBuffers
}

const done = 0
/** What `arrive` and `comeBack` answer. */
const cameBack = { notAtAll: 0, alone: 1 } as const

const unset = (): void => {
  throw new Error("the pool is not attached")
}

/** The calls of a hop, which cost little: what they take and what they answer stands in `call`. */
class Hops {
  readonly #call = new Float64Array(2)
  // All are set by `attach`.
  leave: () => void = unset
  arrive: () => void = unset
  comeBack: (view: ArrayBuffer) => void = unset
  moved: (view: ArrayBuffer) => void = unset

  constructor(native: NativeBuffers) {
    native.attach(this, this.#call)
  }

  /** Puts a block in flight of which there is no view that a program has seen. */
  hasLeft(handle: number): boolean {
    this.#call[0] = handle
    this.leave()
    return this.#call[1] === done
  }

  arrival(handle: number): number {
    this.#call[0] = handle
    this.arrive()
    return this.#call[1]!
  }

  arrivalUnder(handle: number, view: ArrayBuffer): number {
    this.#call[0] = handle
    this.comeBack(view)
    return this.#call[1]!
  }

  movedTo(handle: number, view: ArrayBuffer): void {
    this.#call[0] = handle
    this.moved(view)
  }
}

/**
 * Bytes of a block of which V8 is told twice while they are moved. To move them takes them out of its account of what is
 * outside of its heap, and puts them back; how far that has risen above its lowest since the last collection counts as
 * if it had been allocated since, and so each hop of a large block would bring about the next collection. A block of more
 * than that does so in any case, by V8's own limit of 64 MiB.
 */
const hefty = { least: 2 ** 22, most: 2 ** 26 } as const

/**
 * Views that an isolate keeps of blocks that have left it, and bytes in them (G311): no memory, which is the block's, but
 * V8 has them on its account. Where more are under way than that, each hop makes a view anew.
 */
const mostParked = { views: 64, bytes: 2 ** 30 } as const

/**
 * Views of blocks that are elsewhere, for when they come back: no program has them, and nobody looks through them. What
 * V8 thinks of the bytes of a new one, each time, costs more than all the rest of a hop.
 */
class Parked {
  // Both in the order in which they left. There are few, and the one that comes is mostly the first: a map costs more.
  readonly #handles: Array<number> = []
  readonly #views: Array<ArrayBuffer> = []
  #bytes = 0

  add(handle: number, view: ArrayBuffer): void {
    this.#handles.push(handle)
    this.#views.push(view)
    this.#bytes += view.byteLength
    while (this.#views.length > mostParked.views || this.#bytes > mostParked.bytes) {
      // What V8 knows of its bytes it is to forget now, and not at its next collection, which they would bring about.
      discard(this.#remove(0))
    }
  }

  take(handle: number): ArrayBuffer | undefined {
    const handles = this.#handles
    for (let at = 0; at < handles.length; at++) if (handles[at] === handle) return this.#remove(at)
    return undefined
  }

  #remove(at: number): ArrayBuffer {
    const handles = this.#handles, views = this.#views
    const view = views[at]!
    const last = views.length - 1
    for (let i = at; i < last; i++) {
      handles[i] = handles[i + 1]!
      views[i] = views[i + 1]!
    }
    handles.pop()
    views.pop()
    this.#bytes -= view.byteLength
    return view
  }
}

export class NativeBlock implements Block {
  readonly byteLength: number
  readonly #pool: NativePool
  /** 0: it is gone. */
  #handle: number
  #view: ArrayBuffer | undefined
  /** The program may have it. */
  #isSeen = false
  /** The pool's finalizer knows of it. */
  isFinalized: boolean

  /** `view`: what was kept of its memory when it left. */
  constructor(pool: NativePool, handle: number, byteLength: number, view: ArrayBuffer | undefined) {
    this.#pool = pool
    this.#handle = handle
    this.byteLength = byteLength
    this.#view = view
    this.isFinalized = view === undefined
  }

  attach(): ArrayBuffer {
    this.#isSeen = true
    if (this.#view !== undefined) return this.#view
    const view = this.#view = this.#first()
    this.#pool.seen(this, view)
    return view
  }

  // The program's own: Node detaches the first one at the isolate's end, when it is to be known who has the memory.
  #first(): ArrayBuffer {
    const pool = this.#pool
    const first = pool.view(this.#handle)
    const view = pool.isWatched(this) ? pool.moved(first) ?? first : first
    pool.hops.movedTo(this.#handle, view)
    return view
  }

  // The block is this isolate's all the time, and its memory keeps its finalizer.
  move(): boolean {
    const view = this.#view
    if (view === undefined || !this.#isSeen) return true
    const next = view.byteLength === this.byteLength ? this.#pool.moved(view) : undefined
    if (next === undefined) return false
    this.#view = next
    this.#pool.seen(this, next)
    this.#pool.hops.movedTo(this.#handle, next)
    return true
  }

  // What the program has may be pinned (`markAsUntransferable` of Node), and to detach that ends the process. What nobody
  // has seen cannot be. `undefined`: it is pinned, or somebody took the memory away.
  #withdraw(): ArrayBuffer | undefined {
    const view = this.#view
    if (!this.#isSeen) return view
    return view?.byteLength === this.byteLength ? this.#pool.moved(view) : undefined
  }

  /** To another isolate: its number, for the packet. `undefined`: somebody took its memory away. */
  leave(): number | undefined {
    const handle = this.#handle
    if (handle === 0) return undefined
    const view = this.#withdraw()
    if (view === undefined && this.#view !== undefined) return undefined
    const pool = this.#pool
    const parks = view !== undefined && pool.isWatched(this)
    const hasLeft = view === undefined || parks ? pool.hops.hasLeft(handle) : pool.native.depart(handle, view) === done
    if (!hasLeft) return undefined
    if (parks) pool.parked.add(handle, view)
    this.#handle = 0
    this.#view = undefined
    pool.gone(this)
    return handle
  }

  release(): void {
    if (this.#handle === 0) return
    // Where its memory was taken away it goes with that memory; but a copy is not its memory.
    const view = this.#withdraw()
    const isTaken = view === undefined && this.#view !== undefined
    if (!isTaken || !this.#pool.isWatched(this)) this.#pool.native.release(this.#handle, view)
    this.#handle = 0
    this.#view = undefined
    this.#pool.gone(this)
  }
}

/** Whether the platform refuses external memory: what trying it has shown, once for each addon in each isolate (G228). */
const refusals = new WeakMap<BuffersBinding, boolean>()

const refuses = (binding: BuffersBinding): boolean => {
  const known = refusals.get(binding)
  if (known !== undefined) return known
  // For the pool that tries it.
  refusals.set(binding, false)
  const pool = new NativePool(binding, 1, undefined)
  const block = pool.allocate(1)
  if (typeof block === "string") return false
  block.attach()
  const found = pool.copies()
  block.release()
  refusals.set(binding, found)
  return found
}

export class NativePool implements BufferPool {
  readonly native: NativeBuffers
  readonly hops: Hops
  readonly parked = new Parked()
  /** Its views are external memory. Not known before the first one; asked once, because each hop wants to know. */
  #isExternal: boolean | undefined = undefined
  // The addon's own finalizers see the memory; a block that was never looked at has none.
  readonly #lost = new FinalizationRegistry<number>((handle) => {
    this.native.release(handle, undefined)
  })

  /** `system`: its handle, where there are more isolates than one, which are on one account. */
  constructor(binding: BuffersBinding, limit: number, system: number | undefined, copies = false) {
    this.native = new binding.NativeBuffers(limit, copies || refuses(binding), system)
    this.hops = new Hops(this.native)
  }

  readonly allocate = (bytes: number): Block | "limit" | "memory" => {
    const handle = this.native.allocate(bytes)
    if (handle <= 0) return handle === 0 ? "limit" : "memory"
    return this.#held(handle, bytes)
  }

  /** A block that came in a packet, by its number. `undefined`: it is not in flight. */
  readonly enter = (handle: number, bytes: number): NativeBlock | undefined => {
    // Nobody has seen it since it was parked.
    const view = this.parked.take(handle)
    if (view === undefined) {
      return this.hops.arrival(handle) === cameBack.notAtAll ? undefined : this.#held(handle, bytes)
    }
    const outcome = this.hops.arrivalUnder(handle, view)
    if (outcome === cameBack.notAtAll) {
      this.parked.add(handle, view)
      return undefined
    }
    return outcome === cameBack.alone ? this.#held(handle, bytes) : new NativeBlock(this, handle, bytes, view)
  }

  #held(handle: number, bytes: number): NativeBlock {
    const block = new NativeBlock(this, handle, bytes, undefined)
    this.#lost.register(block, handle, block)
    return block
  }

  gone(block: NativeBlock): void {
    if (!block.isFinalized) return
    block.isFinalized = false
    this.#lost.unregister(block)
  }

  view(handle: number): ArrayBuffer {
    const view = this.native.view(handle)
    if (view.byteLength > 0) this.#isExternal ??= !this.native.copies
    return view
  }

  /** As `moved`. */
  moved(view: ArrayBuffer): ArrayBuffer | undefined {
    const { byteLength } = view
    if (byteLength < hefty.least || byteLength > hefty.most) return moved(view)
    this.native.weigh(byteLength)
    const next = moved(view)
    this.native.weigh(-byteLength)
    return next
  }

  /** Whether the addon has a finalizer for its memory, which was looked at: of copies, and of no bytes, it has none. */
  isWatched(block: Block): boolean {
    return block.byteLength > 0 && this.#isExternal === true
  }

  /**
   * From now on its memory gives it up, and nothing else does: somebody may have taken that away (`transfer`), and keep
   * it longer than the block.
   */
  seen(block: NativeBlock, memory: ArrayBuffer): void {
    if (this.isWatched(block)) this.gone(block)
    else keepAlive(memory, block)
  }

  readonly bytes = (): number => this.native.bytes

  readonly copies = (): boolean => this.native.copies
}
