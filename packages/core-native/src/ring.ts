/**
 * The isolate's end of the rings: typed arrays that this side allocates and both sides read and write, the records that
 * wait to be ingested, and the raw calls.
 *
 * Touched on the isolate's own thread only. Native code reads and writes the arrays inside these calls and at no
 * other time, so nothing here is atomic.
 */
import { Arg, type Binding, type HotCalls, type NativeShard, type SharedArrays } from "./binding.ts"
import { Doubts } from "./doubts.ts"
import { Control, RECORD_WORDS, Word } from "./generated/layout.ts"
import { numberOf } from "./words.ts"

/** Records that may wait in the submission ring. */
export const SUBMISSIONS = 1024
/** Records of the completion ring: a slice of one message takes two. */
export const COMPLETIONS = 2048
/** PIDs that are taken at a time, so that a spawn is one record and no call. */
export const RESERVE = 256
/** Words of the arena of bytes in each direction. */
const ARENA = 65_536
/** Records that may wait from other threads. */
const INBOX = 65_536

const {
  To: TO,
  ToGeneration: TO_GENERATION,
  From: FROM,
  FromGeneration: FROM_GENERATION,
  Head: HEAD,
  Slot: SLOT,
  A,
  B
} = Word
// A constant of this module is part of the code; an imported one would be read each time.
const WORDS = RECORD_WORDS
const { NOW, SUBMITTED, MAX, ANSWER, RESULT, CONGESTED } = Arg

const unset = (): void => {
  throw new Error("the shard is not attached")
}

export class Ring implements HotCalls {
  readonly native: NativeShard
  /** The shard's number. */
  readonly shard: number
  /** What waits to be ingested. The record behind the last one is for the question of `admit`. */
  readonly out: Uint32Array
  readonly outFloats: Float64Array
  /** The batch that the last tick wrote. */
  readonly in: Uint32Array
  readonly inFloats: Float64Array
  readonly control: Int32Array
  readonly congested: Uint32Array
  /** Whose messages have to go through the shard. */
  readonly doubts: Doubts
  readonly reserve: Uint32Array
  readonly args: Float64Array
  /** Bytes to and from other isolates; of a shard that is in no system, nothing. */
  readonly outgoing: Uint32Array
  readonly incoming: Uint32Array
  /** Mailboxes that are marked in `congested`: what native code said last, where a send reads it without a look at `args`. */
  marked = 0
  /** Records in `out`. */
  pending = 0
  /** Grows with every record but a plain message, and with every ingest. */
  epoch = 0
  /** The epoch of the last ingest: while it is this one, all that waits are plain messages. */
  ingested = 0
  /** The token of a call that was delivered and stands in `out` at `askedAt`, unseen by the shard; 0: none does. */
  asked = 0
  askedAt = 0
  /** A message waits in `out` that may enter while a handler of its receiver waits. */
  entering = false
  /** Grows when the incoming arena gets other bytes. */
  batch = 0
  /** The last tick has waited for what it delivers: the clock has moved. */
  waited = false
  /** Deliveries are out that the shard may not have counted yet. */
  unsettled = false
  /** Records that may wait in all before the shard of the last `ask` is full, and which that is. */
  #credit = 0
  #creditOf = 0
  /** An error of the native side: the shard is gone. */
  broken: Error | undefined = undefined
  /** No record is ingested any more: it has closed, or is broken. */
  gone = false
  // All are set by `attach`.
  tick: () => void = unset
  admit: () => void = unset
  account: () => void = unset
  look: () => void = unset
  load: () => void = unset

  constructor(
    binding: Binding,
    options: {
      readonly maxActors: number
      readonly capacity: number
      readonly seed: bigint | undefined
      /** The handle of its system. */
      readonly system?: number | undefined
    },
    wake: () => void
  ) {
    const out = new ArrayBuffer((SUBMISSIONS + 1) * WORDS * 4)
    const completions = new ArrayBuffer(COMPLETIONS * WORDS * 4)
    this.out = new Uint32Array(out)
    this.outFloats = new Float64Array(out)
    this.in = new Uint32Array(completions)
    this.inFloats = new Float64Array(completions)
    this.control = new Int32Array(Control.Words)
    this.congested = new Uint32Array(Math.ceil((options.maxActors + 1) / 32))
    this.doubts = new Doubts(options.maxActors)
    this.reserve = new Uint32Array(RESERVE * 2)
    this.args = new Float64Array(8)
    const arena = options.system === undefined ? 0 : ARENA
    this.outgoing = new Uint32Array(arena)
    this.incoming = new Uint32Array(arena)
    const arrays: SharedArrays = {
      submissions: this.out,
      completions: this.in,
      control: this.control,
      congested: this.congested,
      reserve: this.reserve,
      call: this.args,
      ...(arena === 0 ? {} : { outgoing: this.outgoing, incoming: this.incoming })
    }
    const { maxActors, capacity, seed, system } = options
    this.native = new binding.NativeShard(
      {
        maxActors,
        capacity,
        inbox: INBOX,
        ...(seed === undefined ? {} : { seed }),
        ...(system === undefined ? {} : { system })
      },
      arrays,
      wake
    )
    this.native.attach(this)
    this.shard = this.native.shard
  }

  #fail(error: Error): void {
    this.broken = error
    this.gone = true
  }

  /** Makes a raw call, which asks for no `this`. false: the shard has failed in it, and is gone. */
  #does(call: () => void): boolean {
    try {
      call()
      return true
    } catch (error) {
      this.#fail(error as Error)
      return false
    }
  }

  /** Whether a mailbox may be near its bound; nobody's is while `marked` is 0. */
  isCongested(low: number): boolean {
    const index = low & 0xffffff
    return (this.congested[index >>> 5]! & (1 << (index & 31))) !== 0
  }

  /** Marks one, as the shard will when it ingests its spawn: a send may come before that. */
  mark(low: number): void {
    const index = low & 0xffffff
    this.congested[index >>> 5]! |= 1 << (index & 31)
    this.marked++
  }

  /** The number that a record carries, as its receiver gets it. */
  numberAt(record: number): number {
    return numberOf(this.outFloats[(record >> 1) | 3]!)
  }

  /** Writes one record about an actor of this isolate; the caller has made sure that there is room. */
  put(
    kind: number,
    low: number,
    generation: number,
    fromLow: number,
    fromGeneration: number,
    slot: number,
    a: number,
    b: number
  ): void {
    this.doubts.add(low)
    this.putAway(kind, low, generation, fromLow, fromGeneration, slot, a, b)
  }

  /** The same of a record that says nothing about an actor of this isolate: its receiver is elsewhere, or it has none. */
  putAway(
    kind: number,
    low: number,
    generation: number,
    fromLow: number,
    fromGeneration: number,
    slot: number,
    a: number,
    b: number
  ): void {
    const out = this.out
    const at = this.pending * WORDS
    out[at + TO] = low
    out[at + TO_GENERATION] = generation
    out[at + FROM] = fromLow
    out[at + FROM_GENERATION] = fromGeneration
    out[at + HEAD] = kind
    out[at + SLOT] = slot
    out[at + A] = a
    out[at + B] = b
    this.pending++
    this.epoch++
  }

  /** Ingests what waits and delivers nothing: allowed inside a handler. */
  flush(now: number): void {
    this.run(now, 0)
  }

  /** Ingests what waits, and fills `in` with up to `max` deliveries. Returns the records written. */
  run(now: number, max: number): number {
    if (this.broken !== undefined) return 0
    const args = this.args
    args[NOW] = now
    args[SUBMITTED] = this.pending
    args[MAX] = max
    this.pending = 0
    this.asked = 0
    this.entering = false
    this.#credit = 0
    this.ingested = ++this.epoch
    if (max > 0) this.batch++
    try {
      this.tick()
    } catch (error) {
      this.#fail(error as Error)
      return 0
    }
    const written = args[ANSWER]!
    this.marked = args[CONGESTED]! | 0
    this.waited = args[MAX] < 0
    if (max > 0) this.unsettled = written > 0
    return written
  }

  /** Ingests what waits, and asks whether the record behind it would be accepted: a send outcome. */
  ask(now: number, low: number, generation: number, fromLow: number, fromGeneration: number): number {
    if (this.broken !== undefined) return 0
    const out = this.out
    const at = this.pending * WORDS
    out[at + TO] = low
    out[at + TO_GENERATION] = generation
    out[at + FROM] = fromLow
    out[at + FROM_GENERATION] = fromGeneration
    const args = this.args
    args[NOW] = now
    args[SUBMITTED] = this.pending
    this.pending = 0
    this.asked = 0
    this.ingested = ++this.epoch
    try {
      this.admit()
    } catch (error) {
      this.#fail(error as Error)
      return 0
    }
    const answer = args[ANSWER]!
    this.marked = args[CONGESTED]! | 0
    this.#credit = answer >>> 3
    this.#creditOf = low >>> 24
    return answer & 7
  }

  /** Whether the last `ask` answers for one more record to the shard of a PID, too. */
  hasCredit(low: number): boolean {
    return this.pending < this.#credit && low >>> 24 === this.#creditOf
  }

  /** Messages that a living actor has handled, as far as the shard has counted; `result` has its microseconds. -1: none lives. */
  reductionsOf(low: number, generation: number): number {
    if (this.broken !== undefined) return -1
    const args = this.args
    args[NOW] = low
    args[SUBMITTED] = generation
    return this.#does(this.account) ? args[ANSWER]! : -1
  }

  /** Whether another thread has something for the shard. */
  hasArrivals(): boolean {
    if (this.broken !== undefined) return false
    return this.#does(this.look) && this.args[ANSWER] === 1
  }

  /**
   * The SLOT of so many bytes in the outgoing arena, from that word on: with numbers of buffers at their end, which go with it.
   * Below 0: the shard is gone.
   */
  loadAt(at: number, length: number): number {
    const args = this.args
    args[NOW] = at
    args[SUBMITTED] = length
    return this.#does(this.load) ? args[ANSWER]! : -1
  }

  /** What the last DEMONITOR or CANCEL brought, or `reductionsOf`. */
  get result(): number {
    return this.args[RESULT]!
  }
}
