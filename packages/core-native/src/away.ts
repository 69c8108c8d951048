/**
 * The isolate's face of its system: messages to actors of other isolates, answers to their questions, and who is there.
 *
 * As the calls of the membrane a call here writes a record. What it carries is bytes or a number (`border.ts`), and the
 * way may be full where no mailbox is: it is asked for only while one is, or what is sent may fill it at once.
 */
import type { IsolateData } from "./binding.ts"
import { type Border, type Carried, holdsBuffers, MOST_BYTES, type Room } from "./border.ts"
import { Control, COPIED, Flag, RECORD_WORDS, Submission } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell } from "./host.ts"
import { Attention, type Loop } from "./loop.ts"
import { type Ring, SUBMISSIONS } from "./ring.ts"
import type { Submissions } from "./submissions.ts"
import type { Tokens } from "./tokens.ts"

// An imported binding is read from its module each time; a constant of this module is part of the code.
const WORDS = RECORD_WORDS
const MOST_PENDING = SUBMISSIONS
const SEND = Submission.Send
const INLINE = Flag.Inline << 8
const BYTES = Flag.Bytes << 8
/** What a sender may say of a message: the other flags are the membrane's. */
const SENDER = Flag.Priority | Flag.Next | Flag.Reentrant
const NEVER = 0xffffffff
const ACCEPTED = 0
const MAILBOX_FULL = 1
const BAD_MESSAGE = 4
const { FullPeers: FULL_PEERS } = Control
const DEPARTS = Attention.Departs

export class Away<C extends MembraneCell, K extends MembraneCall> {
  readonly #submissions: Submissions<C, K>
  readonly #ring: Ring
  readonly #loop: Loop<C, K>
  readonly #tokens: Tokens<K>
  readonly #border: Border

  constructor(submissions: Submissions<C, K>, tokens: Tokens<K>, border: Border) {
    this.#submissions = submissions
    this.#ring = submissions.ring
    this.#loop = submissions.loop
    this.#tokens = tokens
    this.#border = border
  }

  /** As `Membrane.send`, to an actor of another isolate; `op` is of the border. Bytes are copied. */
  send(
    low: number,
    generation: number,
    op: number,
    payload: Carried,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): number {
    const ring = this.#ring
    const refusal = this.#wayTo(low, generation, fromLow, fromGeneration, payload)
    if (refusal !== ACCEPTED) return refusal
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    const head = SEND | ((flags & SENDER) << 8) | (op << 16)
    if (typeof payload === "number") {
      const at = ring.pending * WORDS
      ring.putAway(head | INLINE, low, generation, fromLow, fromGeneration, 0, 0, 0)
      ring.outFloats[(at >> 1) | 3] = payload
    } else if (payload === undefined) ring.putAway(head, low, generation, fromLow, fromGeneration, 0, 0, 0)
    else {
      const slot = this.#carry(payload)
      if (slot < 0) return BAD_MESSAGE
      ring.putAway(head | BYTES, low, generation, fromLow, fromGeneration, slot, 0, 0)
    }
    this.#departs()
    return ACCEPTED
  }

  /** Where payloads are written that `sendPayload` sends. */
  get room(): Room {
    return this.#border.room
  }

  /** Where the next one may begin; below 0: it is to be sent by `send`. To be followed by `sendPayload`. */
  beginPayload(low: number): number {
    const ring = this.#ring
    if (this.#submissions.closed || (ring.control[FULL_PEERS] !== 0 && !ring.hasCredit(low))) return -1
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    return this.#border.begin(this.#flushed)
  }

  /** As `send`, of what was written: `length` bytes. false: nothing was sent; a length below 0 asks for no more. */
  sendPayload(
    length: number,
    low: number,
    generation: number,
    op: number,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): boolean {
    const ring = this.#ring
    // Whoever wrote may have sent other messages meanwhile.
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    const slot = this.#border.end(length)
    if (slot < 0) return false
    ring.putAway(
      SEND | ((flags & SENDER) << 8) | BYTES | (op << 16),
      low,
      generation,
      fromLow,
      fromGeneration,
      slot,
      0,
      0
    )
    this.#departs()
    return true
  }

  /** The same of what has numbers of buffers at its end, and which is sent in any case. */
  sendLoaded(
    length: number,
    low: number,
    generation: number,
    op: number,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): void {
    const ring = this.#ring
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    const slot = this.#border.endLoaded(length)
    const head = SEND | ((flags & SENDER) << 8) | BYTES | (op << 16)
    ring.putAway(head, low, generation, fromLow, fromGeneration, slot, 0, 0)
    this.#departs()
  }

  // Whoever gets it may be asleep. What a handler sends leaves as the loop says.
  #departs(): void {
    if (!this.#loop.awake) this.#wake()
    else if (this.#loop.current !== undefined) this.#loop.attention |= DEPARTS
  }

  // The first record after a rest leaves at once. Those behind it leave together.
  #wake(): void {
    this.#loop.wake()
    if (!this.#submissions.closed) this.#ring.flush(this.#submissions.now())
  }

  /** Whether a message to another isolate would be accepted now. */
  mayLeave(low: number, generation: number, fromLow: number, fromGeneration: number): number {
    const { closed, now } = this.#submissions
    const ring = this.#ring
    if (closed || ring.control[FULL_PEERS] === 0 || ring.hasCredit(low)) return ACCEPTED
    return ring.ask(now(), low, generation, fromLow, fromGeneration)
  }

  // A way that a ring full of records cannot fill is not asked for; what is larger than a record may fill it at once.
  // Whoever has packed buffers has asked before (`mayLeave`).
  #wayTo(low: number, generation: number, fromLow: number, fromGeneration: number, payload: Carried): number {
    const ring = this.#ring
    const isBytes = typeof payload === "object"
    if (isBytes && holdsBuffers(payload)) return ACCEPTED
    const isLarge = isBytes && payload.length > COPIED
    if (this.#submissions.closed || (!isLarge && (ring.control[FULL_PEERS] === 0 || ring.hasCredit(low)))) {
      return ACCEPTED
    }
    return ring.ask(this.#submissions.now(), low, generation, fromLow, fromGeneration)
  }

  // There is room for the record afterwards, too. Below 0: too large.
  #carry(bytes: Uint8Array): number {
    return bytes.length > MOST_BYTES ? -1 : this.#border.put(bytes, this.#flushed)
  }

  readonly #flushed = (): void => this.#submissions.flush()

  /** As `Membrane.call`, to an actor of another isolate. It ends in `away.replied` or in `host.callEnded`. */
  call(
    low: number,
    generation: number,
    op: number,
    payload: Uint8Array | undefined,
    fromLow: number,
    fromGeneration: number,
    flags: number,
    call: K,
    timeout: number
  ): number {
    const ring = this.#ring
    const refusal = this.#wayTo(low, generation, fromLow, fromGeneration, payload)
    if (refusal !== ACCEPTED) return refusal
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    const token = this.#tokens.open(call)
    if (token === 0) return MAILBOX_FULL
    const slot = payload === undefined ? 0 : this.#carry(payload)
    if (slot < 0) {
      this.#tokens.close(token)
      return BAD_MESSAGE
    }
    call.token = token
    const head = SEND | (((flags & SENDER) | Flag.Call) << 8) | (op << 16) | (payload === undefined ? 0 : BYTES)
    const patience = timeout >= NEVER ? NEVER : Math.max(0, Math.ceil(timeout))
    ring.putAway(head, low, generation, fromLow, fromGeneration, slot, token, patience)
    this.#departs()
    return ACCEPTED
  }

  /**
   * Answers the question of another isolate that came with `token`. false: it is too large, or the shard is gone, and
   * nothing is answered.
   */
  reply(token: number, status: number, payload: Carried): boolean {
    const ring = this.#ring
    if (ring.gone) return false
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    if (typeof payload === "number") {
      const at = ring.pending * WORDS
      ring.putAway(Submission.Reply | INLINE, 0, 0, 0, 0, 0, token, status)
      ring.outFloats[at >> 1] = payload
    } else if (payload === undefined) ring.putAway(Submission.Reply, 0, 0, 0, 0, 0, token, status)
    else {
      const slot = this.#carry(payload)
      if (slot < 0) return false
      ring.putAway(Submission.Reply | BYTES, 0, 0, 0, 0, slot, token, status)
    }
    this.#departs()
    return true
  }

  /**
   * Passes the question of another isolate that came with `token` on to an actor of any isolate, whose answer its asker
   * waits for from now on. false: it is too large, or the shard is gone, and nothing is passed on.
   */
  forward(
    token: number,
    low: number,
    generation: number,
    op: number,
    payload: Uint8Array | undefined,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): boolean {
    const ring = this.#ring
    if (ring.gone) return false
    if (ring.pending >= MOST_PENDING) this.#submissions.flush()
    const slot = payload === undefined ? 0 : this.#carry(payload)
    if (slot < 0) return false
    if ((flags & Flag.Reentrant) !== 0) ring.entering = true
    const head = Submission.Forward | ((flags & SENDER) << 8) | (op << 16) | (payload === undefined ? 0 : BYTES)
    ring.put(head, low, generation, fromLow, fromGeneration, slot, token, 0)
    this.#departs()
    return true
  }

  /** The op of a tag between isolates; 0: the table of the process is full. */
  opOf(tag: string): number {
    return this.#border.opOf(tag)
  }

  /** The reverse. */
  tagOf(op: number): string {
    return this.#border.tagOf(op)
  }

  /** The shard's number: it stands in its PIDs. */
  get shard(): number {
    return this.#ring.shard
  }

  /** The number of this isolate in its system; the first one is 0. */
  get isolate(): number {
    return this.#ring.native.isolate
  }

  /** The live isolates of its system, and how busy they were at their last tick; empty when it is in none. */
  isolates(): ReadonlyArray<IsolateData> {
    return this.#submissions.closed ? [] : this.#ring.native.isolates()
  }
}
