/**
 * The least that an isolate is: a shard of a system over the addon's raw face, its rings, its arenas, and a loop that the
 * doorbell wakes. No payload but bytes and numbers, one function for every record that comes in.
 */
import { Arg, type Binding, type NativeShard } from "../src/binding.ts"
import { BLOCK, Completion, Control, Flag, RECORD_WORDS, Submission, Word } from "../src/generated/layout.ts"
import { load } from "../src/load.ts"

const { To, ToGeneration, From, FromGeneration, Head, Slot, A, B } = Word
const WORDS = RECORD_WORDS

/** A record that came in, with its bytes already read. */
export interface Arrived {
  readonly kind: number
  readonly flags: number
  readonly op: number
  readonly to: number
  readonly from: number
  readonly slot: number
  readonly a: number
  readonly b: number
  readonly bytes: string | undefined
  readonly number: number
}

export interface Outgoing {
  readonly kind: number
  readonly flags?: number
  readonly op?: number
  readonly to?: number
  readonly from?: number
  readonly slot?: number
  readonly a?: number
  readonly b?: number
  readonly bytes?: string
}

const pidOf = (low: number, generation: number): number => generation * 2 ** 32 + low

export class Isolate {
  readonly native: NativeShard
  readonly #out = new Uint32Array(65 * WORDS)
  readonly #in = new Uint32Array(256 * WORDS)
  readonly #inFloats = new Float64Array(this.#in.buffer)
  readonly #control = new Int32Array(Control.Words)
  readonly #reserve = new Uint32Array(2)
  readonly #call = new Float64Array(8)
  readonly #outgoing = new Uint32Array(256)
  readonly #incoming = new Uint32Array(256)
  readonly #hot = { tick: (): void => {}, admit: (): void => {} }
  readonly #handle: (record: Arrived, isolate: Isolate) => void
  #pending = 0
  #used = 0
  #awake = false
  #closed = false

  constructor(system: number, handle: (record: Arrived, isolate: Isolate) => void, binding: Binding = load()) {
    this.#handle = handle
    this.native = new binding.NativeShard(
      { maxActors: 100, capacity: 1000, inbox: 16, system },
      {
        submissions: this.#out,
        completions: this.#in,
        control: this.#control,
        congested: new Uint32Array(4),
        reserve: this.#reserve,
        call: this.#call,
        outgoing: this.#outgoing,
        incoming: this.#incoming
      },
      () => this.wake()
    )
    this.native.attach(this.#hot)
  }

  spawn(name?: string): number {
    this.native.reserve(1)
    const pid = pidOf(this.#reserve[0]!, this.#reserve[1]!)
    this.submit({ kind: Submission.Spawn, to: pid })
    if (name !== undefined) {
      this.#pending--
      const holder = this.native.openNamed(this.#pending, name)
      if (holder !== null) throw new Error(`taken by ${holder}`)
    }
    this.wake()
    return pid
  }

  submit(record: Outgoing): void {
    if (this.#pending === 64 || this.#used + 70 > this.#outgoing.length) this.#tick(0)
    const at = this.#pending * WORDS
    const out = this.#out
    const { to = 0, from = 0, bytes } = record
    let { flags = 0, slot = 0 } = record
    if (bytes !== undefined) {
      flags |= Flag.Bytes
      slot = this.#block(new TextEncoder().encode(bytes))
    }
    out[at + To] = to
    out[at + ToGeneration] = Math.floor(to / 2 ** 32)
    out[at + From] = from
    out[at + FromGeneration] = Math.floor(from / 2 ** 32)
    out[at + Head] = record.kind | (flags << 8) | ((record.op ?? 0) << 16)
    out[at + Slot] = slot
    out[at + A] = record.a ?? 0
    out[at + B] = record.b ?? 0
    this.#pending++
    this.wake()
  }

  /** What does not fit into the arena goes by handle. */
  #block(bytes: Uint8Array): number {
    if (bytes.length > 200) return this.native.putBlock(bytes)
    const at = this.#used
    this.#outgoing[at] = bytes.length
    new Uint8Array(this.#outgoing.buffer, (at + 1) * 4, bytes.length).set(bytes)
    this.#used += 1 + Math.ceil(bytes.length / 4)
    return at
  }

  wake(): void {
    if (this.#awake || this.#closed) return
    this.#awake = true
    setImmediate(() => this.turn())
  }

  #tick(max: number): number {
    this.#call[Arg.NOW] = performance.now()
    this.#call[Arg.SUBMITTED] = this.#pending
    this.#call[Arg.MAX] = max
    this.#call[Arg.OUTGOING] = this.#used
    this.#pending = 0
    this.#used = 0
    this.#hot.tick()
    return this.#call[Arg.ANSWER]!
  }

  /** Works until there is nothing to do. */
  turn(): void {
    this.#awake = true
    while (!this.#closed) {
      const written = this.#tick(64)
      this.#read(written)
      if (written === 0 && this.#pending === 0 && this.#control[Control.Runnable] === 0) break
    }
    this.#awake = false
  }

  #read(written: number): void {
    let header = 0
    for (let record = 0; record < written; record++) {
      const at = record * WORDS
      const kind = this.#in[at + Head]! & 0xff
      if (kind === Completion.Slice) header = at
      else {
        if (kind < Completion.Terminate) this.#in[header + B]!++
        this.#handle(this.#arrived(at), this)
      }
    }
  }

  #arrived(at: number): Arrived {
    const words = this.#in
    const head = words[at + Head]!
    const kind = head & 0xff
    const flags = (head >>> 8) & 0xff
    const isLetter = kind === Completion.DeadLetter || kind === Completion.DeadLetterBytes
    const hasBytes = kind === Completion.DeadLetterBytes || (!isLetter && (flags & Flag.Bytes) !== 0)
    return {
      kind,
      flags,
      op: head >>> 16,
      to: pidOf(words[at + To]!, words[at + ToGeneration]!),
      from: pidOf(words[at + From]!, words[at + FromGeneration]!),
      slot: words[at + Slot]!,
      a: words[at + A]!,
      b: words[at + B]!,
      bytes: hasBytes ? this.#bytes(words[at + Slot]!) : undefined,
      number: this.#inFloats[at / 2 + 3]!
    }
  }

  #bytes(slot: number): string {
    const decode = (bytes: Uint8Array | null): string => bytes === null ? "no block" : new TextDecoder().decode(bytes)
    if (slot >= BLOCK) return decode(this.native.block(slot))
    return decode(new Uint8Array(this.#incoming.buffer, (slot + 1) * 4, this.#incoming[slot]!))
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (let written = this.native.close(); written > 0; written = this.native.close()) this.#read(written)
  }
}
