/**
 * The isolate's end of the ways to other isolates of its system: payloads on their way out and in.
 *
 * Between isolates a payload is a number, nothing, or bytes (`record.rs`). What goes out is written into the outgoing
 * arena, which is read when its records are ingested; what is larger than `COPIED` bytes, or finds no room in an empty
 * arena, becomes a block of its own. What comes in is a view that holds until the next tick that delivers: whoever gets
 * it takes what it wants at once.
 *
 * A message between isolates carries the number of its tag from the table of the process (`tags.rs`), with `WIRE` set:
 * so that both ends tell it from one that never left its isolate, whose number is the isolate's own.
 */
import { Arg, type Binding } from "./binding.ts"
import { BLOCK, COPIED, Flag, Word } from "./generated/layout.ts"
import { Pieces } from "./pieces.ts"
import type { Ring } from "./ring.ts"
import { numberOf } from "./words.ts"

/**
 * A payload between isolates.
 *
 * @internal
 * @since 0.1.0
 */
export type Carried = number | Uint8Array | undefined

/** Bytes of those that have buffers on board, which are freed when nobody takes them. */
export const holdsBuffers = (bytes: Uint8Array & { readonly holdsBuffers?: true }): boolean =>
  bytes.holdsBuffers === true

/** An arena. */
export interface Arena {
  readonly all: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
}

/** The outgoing one. */
export interface Room extends Arena {
  /** Bytes that a payload may have there. */
  readonly most: number
}

/** A payload in the incoming arena, from `begin` up to `end`: the same object for each of them, and only lent. */
export class Lent implements Arena {
  readonly all: Uint8Array<ArrayBuffer>
  readonly view: DataView<ArrayBuffer>
  begin = 0
  end = 0
  readonly #pieces: Pieces

  constructor(ring: Ring) {
    const buffer = ring.incoming.buffer as ArrayBuffer
    this.all = new Uint8Array(buffer)
    this.view = new DataView(buffer)
    this.#pieces = new Pieces(ring, this.all)
  }

  /** The bytes by themselves, for as long as they are lent. */
  bytes(): Uint8Array {
    return this.all.subarray(this.begin, this.end)
  }

  /** Some bytes of it, for as long as anybody wants them. */
  keep(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.#pieces.keep(at, length)
  }
}

/** Set in the op of a message that goes to another isolate, or came from one. */
export const WIRE = 0x8000
/** Bytes of one payload at most: what is larger is for a buffer that travels by reference. */
export const MOST_BYTES = 2 ** 26

const { OUTGOING } = Arg
/** Words that a payload takes at most, with its length. */
const ROOM = 1 + (COPIED >>> 2)
const { Head: HEAD, Slot: SLOT } = Word
const { Inline: INLINE, Bytes: BYTES } = Flag

export class Border {
  readonly #binding: Binding
  readonly #ring: Ring
  readonly #outgoing: Uint32Array
  readonly #outBytes: Uint8Array
  readonly #incoming: Uint32Array
  readonly #lent: Lent
  /** The outgoing arena, for whoever has called `begin`. */
  readonly room: Room
  /** Where the payload begins that is being written; -1: none is. */
  #begun = -1
  /** Of records that wait to be buried, by their SLOT: no shard takes them any more. */
  readonly #buried = new Map<number, Uint8Array>()

  constructor(binding: Binding, ring: Ring) {
    this.#binding = binding
    this.#ring = ring
    this.#outgoing = ring.outgoing
    const outgoing = ring.outgoing.buffer as ArrayBuffer
    this.#outBytes = new Uint8Array(outgoing)
    this.room = { all: this.#outBytes as Uint8Array<ArrayBuffer>, view: new DataView(outgoing), most: COPIED }
    this.#incoming = ring.incoming
    this.#lent = new Lent(ring)
  }

  /** The op of a tag between isolates; 0: the table of the process is full. */
  opOf(tag: string): number {
    const number = this.#binding.tagNumber(tag)
    return number === 0 ? 0 : number | WIRE
  }

  /** The reverse. Throws for an op that no isolate has. */
  tagOf(op: number): string {
    return this.#binding.tagOf(op & ~WIRE)
  }

  /**
   * The SLOT of bytes that the next record is to carry. `flush` ingests what waits: the arena is free afterwards.
   */
  put(bytes: Uint8Array, flush: () => void): number {
    const { args, gone, native } = this.#ring
    if (gone) return this.#bury(bytes)
    if (holdsBuffers(bytes)) return this.#load(bytes)
    const { length } = bytes
    const outgoing = this.#outgoing
    const words = 1 + ((length + 3) >>> 2)
    // What is sent while a payload is being written must not stand in its place.
    if (length > COPIED || words > outgoing.length || this.#begun >= 0) return native.putBlock(bytes)
    let at = args[OUTGOING]!
    if (at + words > outgoing.length) {
      flush()
      at = args[OUTGOING]!
      if (at + words > outgoing.length) return native.putBlock(bytes)
    }
    outgoing[at] = length
    this.#outBytes.set(bytes, (at + 1) << 2)
    args[OUTGOING] = at + words
    return at
  }

  // By way of the arena: what native code asks about a typed array that it is given costs more than the bytes.
  #load(bytes: Uint8Array): number {
    const ring = this.#ring
    const at = ring.args[OUTGOING]!
    const { length } = bytes
    if (this.#begun >= 0 || length > COPIED || at + ROOM > this.#outgoing.length) return ring.native.putParcel(bytes)
    this.#outBytes.set(bytes, at << 2)
    const slot = ring.loadAt(at, length)
    return slot < 0 ? this.#bury(bytes) : slot
  }

  /** Where a payload of up to `COPIED` bytes may be written, in bytes; -1: nowhere now. To be followed by `end`. */
  begin(flush: () => void): number {
    const { args, gone } = this.#ring
    if (gone || this.#begun >= 0) return -1
    if (args[OUTGOING]! + ROOM > this.#outgoing.length) flush()
    const at = args[OUTGOING]!
    if (at + ROOM > this.#outgoing.length) return -1
    this.#begun = at
    return (at + 1) << 2
  }

  /** The SLOT of what was written, of so many bytes; -1: it is not sent. */
  end(length: number): number {
    const begun = this.#begun
    this.#begun = -1
    if (length < 0 || length > COPIED) return -1
    const { args } = this.#ring
    const at = args[OUTGOING]!
    // Whoever wrote may have had the arena read meanwhile.
    if (at !== begun) this.#outBytes.copyWithin((at + 1) << 2, (begun + 1) << 2, ((begun + 1) << 2) + length)
    this.#outgoing[at] = length
    args[OUTGOING] = at + 1 + ((length + 3) >>> 2)
    return at
  }

  /** The same of what has numbers of buffers at its end, which go with it from now on: the arena is as it was before. */
  endLoaded(length: number): number {
    const begun = this.#begun
    this.#begun = -1
    const slot = this.#ring.gone ? -1 : this.#ring.loadAt(begun + 1, length)
    if (slot >= 0) return slot
    const at = (begun + 1) << 2
    return this.#bury(this.#outBytes.subarray(at, at + length))
  }

  // Its loop buries it in its next turn, so what waits is what one turn sends.
  #bury(bytes: Uint8Array): number {
    const slot = BLOCK + this.#buried.size
    // Those that are packed are nobody else's.
    this.#buried.set(slot, holdsBuffers(bytes) ? bytes : bytes.slice())
    return slot
  }

  /** All records have been buried. */
  forget(): void {
    this.#buried.clear()
  }

  /** The payload of a record that was never ingested; of a block that the shard has taken along, nothing. */
  unsent(at: number): Carried {
    const { out, outFloats } = this.#ring
    const flags = out[at + HEAD]! >>> 8
    if ((flags & INLINE) !== 0) return outFloats[(at + 6) >> 1]
    const slot = out[at + SLOT]!
    if ((flags & BYTES) === 0) return undefined
    if (slot >= BLOCK) return this.#buried.get(slot)
    return this.#outBytes.slice((slot + 1) << 2, ((slot + 1) << 2) + this.#outgoing[slot]!)
  }

  /** The payload of a message at `at`; bytes as they stand in the arena. */
  lend(at: number, number: number): Carried | Lent {
    const words = this.#ring.in
    const flags = words[at + HEAD]! >>> 8
    if ((flags & INLINE) !== 0) return numberOf(this.#ring.inFloats[(at + number) >> 1]!)
    if ((flags & BYTES) === 0) return undefined
    const slot = words[at + SLOT]!
    if (slot >= BLOCK) return this.#ring.native.block(slot) ?? undefined
    const lent = this.#lent
    lent.begin = (slot + 1) << 2
    lent.end = lent.begin + this.#incoming[slot]!
    return lent
  }

  /** The payload of a message, or an answer, at `at`; a number stands in the words from `number` on. */
  read(at: number, number: number): Carried {
    return this.readAs(at, number, ((this.#ring.in[at + HEAD]! >>> 8) & BYTES) !== 0)
  }

  /** The same where the flag BYTES says something else. */
  readAs(at: number, number: number, isBytes: boolean): Carried {
    const words = this.#ring.in
    if (((words[at + HEAD]! >>> 8) & INLINE) !== 0) return this.#ring.inFloats[(at + number) >> 1]
    if (!isBytes) return undefined
    const slot = words[at + SLOT]!
    if (slot >= BLOCK) return this.#ring.native.block(slot) ?? undefined
    const incoming = this.#incoming
    return new Uint8Array(incoming.buffer, (slot + 1) << 2, incoming[slot])
  }
}
