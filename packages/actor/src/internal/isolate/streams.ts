/**
 * Stream replies between two isolates: what is between a reader here and a producer there, and the other way round.
 *
 * The question says who reads: an isolate, and a number that this isolate gave the reader. Items go to the agent of that
 * isolate, encoded in the producer's turn; the agent answers when the reader's buffer has taken them, and until then
 * nothing more of that stream is on its way. What is produced meanwhile waits beside it and goes together: as many items
 * as the reader buffers, and what one pull of the stream brought. The end is the answer to the question itself.
 *
 * A reader that goes away tells the agent of the producer, and again while there is no room for it. An actor in Rust has
 * no agent: its shard is told, beside the messages (`crates/myrmidon-actor/src/worker/streams.rs` is the producer's half).
 */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import { AskError } from "../../AskError.ts"
import type { Pid } from "../../Pid.ts"
import { BadMessage } from "../../TellError.ts"
import { isPacked, makePacked } from "../buffer/parcel.ts"
import { type Call, endCall } from "../call.ts"
import type { Cell } from "../cell.ts"
import type { Host } from "../host.ts"
import type { Streams } from "../isolates.ts"
import { tagOf } from "../opcodes.ts"
import { sendMessage } from "../send.ts"
import { Outcome } from "../shard.ts"
import { type Reading, StreamRequest } from "../stream.ts"
import { type Wire, wireOfBound } from "../wire.ts"
import { later, messages, patiently } from "./asking.ts"
import type { Team } from "./team.ts"

/** The first byte of a question for a stream: no msgpack begins with it. */
const MARK = 0xc1
/** The mark, the isolate, the reader's number, what it buffers. */
const HEAD = 1 + 4 + 8 + 4
/** In what it buffers: behind it stands the PID that items go to, of a reader in Rust, which has no agent. */
const byItself = 0x80000000
/** Items that are encoded together. */
const most = 4096
/** Bytes that are sent together, unless one encoding alone is larger. */
const batch = 2 ** 22
/** Bytes that a message may have; the agent's own words need some. */
const largest = 2 ** 26 - 1024

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const isByItself = (bytes: Uint8Array): boolean => (viewOf(bytes).getUint32(13, true) & byItself) !== 0

interface Reader {
  readonly reading: Reading
  readonly callee: Cell
}

export class StreamTable implements Streams {
  private readonly team: Team
  /** Who reads here, by number. */
  private readonly readers = new Map<number, Reader>()
  /** Who produces here, by the isolate of the reader and its number there. */
  private readonly producers = new Map<string, Produced>()

  constructor(team: Team) {
    this.team = team
  }

  /** Streams that have not ended, on either end: nothing is left behind (G190). */
  get size(): number {
    return this.readers.size + this.producers.size
  }

  // -- the reader's isolate -------------------------------------------------------------------------------------------

  ask(reading: Reading, callee: Cell, payload: Uint8Array | undefined): Uint8Array {
    const { host } = this.team
    const number = host.nextRef()
    this.readers.set(number, { reading, callee })
    reading.close = () => {
      this.readers.delete(number)
      // Also of one that has ended: its producer may have died without a word.
      const rust = host.shard.border?.rust
      if (rust?.has(callee.pid) === true) return rust.readerGone(callee.pid, this.team.here, number)
      const agent = this.team.agentAbout(callee)
      if (agent !== undefined) this.tellGone(agent, number)
    }
    reading.behind = (exit) => {
      // What it sent before it died is still in the agent's mailbox.
      const sent = this.team.agent.tellUnsafe(messages["myrmidon/EndStream"]({ stream: number }))
      if (sent !== "Accepted") return reading.end(exit)
      reading.exit = exit
    }
    const length = HEAD + (payload?.length ?? 0)
    const question = payload !== undefined && isPacked(payload)
      ? makePacked(length, payload.left)
      : new Uint8Array(length)
    const view = viewOf(question)
    view.setUint8(0, MARK)
    view.setUint32(1, this.team.here, true)
    view.setFloat64(5, number, true)
    view.setUint32(13, Math.min(reading.bufferSize, most), true)
    if (payload !== undefined) question.set(payload, HEAD)
    return question
  }

  // While there is no room, again: a producer with nothing to say would not find out.
  private tellGone(agent: Cell, stream: number): void {
    const { here, host } = this.team
    if (host.closed) return
    const outcome = sendMessage(agent, messages["myrmidon/StopStream"]({ isolate: here, stream }), undefined)
    if (outcome === Outcome.MailboxFull) later(() => this.tellGone(agent, stream))
  }

  /** Items for a reader: whether it is still there, once it has room again. */
  items(stream: number, chunks: ReadonlyArray<Uint8Array>): boolean | Deferred.Deferred<boolean> {
    const reader = this.readers.get(stream)
    if (reader === undefined) return false
    const { callee, reading } = reader
    const { op } = reading.call
    const wire = wireOfBound(callee.bound)
    let left: ReadonlyArray<unknown> = []
    for (const chunk of chunks) {
      const items = wire.decode(op, chunk, "items")
      if (Exit.isFailure(items)) {
        const reason = items.cause.reasons.filter(Cause.isFailReason)[0]!.error
        reading.end(Exit.fail(new AskError({ tag: tagOf(op), reason })))
        return false
      }
      const all = items.value as ReadonlyArray<unknown>
      left = left.length > 0 ? left.concat(all) : Queue.offerAllUnsafe(reading.queue, all)
    }
    if (left.length === 0) return true
    const taken = Deferred.makeUnsafe<boolean>()
    Effect.runForkWith(this.team.host.context)(Queue.offerAll(reading.queue, left)).addObserver((exit) =>
      Deferred.doneUnsafe(taken, Exit.succeed(Exit.isSuccess(exit) && this.readers.has(stream)))
    )
    return taken
  }

  end(stream: number): void {
    const reading = this.readers.get(stream)?.reading
    if (reading?.exit !== undefined) reading.end(reading.exit)
  }

  // -- the producer's -------------------------------------------------------------------------------------------------

  unwrap(bytes: Uint8Array): Uint8Array | undefined {
    if (bytes.length < HEAD || bytes[0] !== MARK) return undefined
    return bytes.subarray(isByItself(bytes) ? HEAD + 8 : HEAD)
  }

  asked(bytes: Uint8Array, payload: unknown, cell: Cell, op: number, call: Call): StreamRequest {
    const view = viewOf(bytes)
    const isolate = view.getUint32(1, true)
    const number = view.getFloat64(5, true)
    const key = `${isolate}/${number}`
    const reader = isByItself(bytes) && bytes.length >= HEAD + 8 ? view.getFloat64(HEAD, true) as Pid : undefined
    const agent = reader === undefined ? this.team.agentOf(isolate) : this.team.typed(reader)
    const produced = new Produced(
      payload,
      { host: this.team.host, agent, number, bufferSize: Math.max(1, view.getUint32(13, true) & ~byItself) },
      { wire: wireOfBound(cell.bound), op, call },
      () => this.producers.delete(key)
    )
    // A question whose asker has gone is handled like any, and what it comes to is nobody's.
    if (agent === undefined || !call.pending) produced.cancelled = true
    else this.producers.set(key, produced)
    return produced
  }

  /** The reader has gone. */
  stop(isolate: number, stream: number): void {
    this.producers.get(`${isolate}/${stream}`)?.stop()
  }

  isolateDown(isolate: number): void {
    for (const [key, produced] of this.producers) if (key.startsWith(`${isolate}/`)) produced.stop()
  }
}

interface To {
  readonly host: Host
  /** Of the reader's isolate. */
  readonly agent: Cell | undefined
  readonly number: number
  readonly bufferSize: number
}

interface Question {
  readonly wire: Wire
  readonly op: number
  readonly call: Call
}

/** What a stream has produced for a reader of another isolate, and that one has not taken yet. */
class Produced extends StreamRequest {
  private readonly to: To
  private readonly question: Question
  private readonly forget: () => void
  private waiting: Array<Chunk> = []
  /** Items in `waiting`. */
  private count = 0
  private sending = false
  private resume: (() => void) | undefined = undefined

  constructor(payload: unknown, to: To, question: Question, forget: () => void) {
    super(payload)
    this.to = to
    this.question = question
    this.forget = forget
  }

  offer(items: ReadonlyArray<unknown>): Effect.Effect<unknown, unknown> {
    return Effect.suspend(() => {
      for (let at = 0; at < items.length; at += most) {
        if (!this.encode(items.length <= most ? items : items.slice(at, at + most))) return Effect.interrupt
      }
      this.send()
      return this.count < this.to.bufferSize ? Effect.void : this.until(() => this.count < this.to.bufferSize)
    })
  }

  override get drained(): Effect.Effect<void> {
    return this.until(() => !this.sending)
  }

  private until(done: () => boolean): Effect.Effect<void> {
    return Effect.callback((resume) => {
      const look = (): void => {
        if (!done()) return
        this.resume = undefined
        resume(Exit.void)
      }
      this.resume = look
      look()
    })
  }

  /** false: it is over. Throws what is a defect of the actor. */
  private encode(items: ReadonlyArray<unknown>): boolean {
    const { op, wire } = this.question
    const bytes = wire.encode(op, items, "items")
    if (Exit.isFailure(bytes)) {
      const { issue } = bytes.cause.reasons.filter(Cause.isFailReason)[0]!.error
      throw new TypeError(`an item of the stream "${tagOf(op)}" does not fit its schema: ${issue}`)
    }
    if (bytes.value.length <= largest) {
      this.waiting.push({ bytes: bytes.value.slice(), items: items.length })
      this.count += items.length
      return true
    }
    if (items.length === 1) return this.tooLarge(bytes.value.length)
    const half = items.length >>> 1
    return this.encode(items.slice(0, half)) && this.encode(items.slice(half))
  }

  // As an answer that is too large.
  private tooLarge(length: number): false {
    const { call, op } = this.question
    const tag = tagOf(op)
    const issue = `an item of the stream has ${length} bytes, and ${largest} may cross at a time`
    if (call.pending) {
      call.pending = false
      this.to.host.shard.answered(call)
      endCall(call, Exit.fail(new AskError({ tag, reason: new BadMessage({ tag, issue }) })))
    }
    this.cancelled = true
    return false
  }

  private send(): void {
    const { agent, host, number } = this.to
    if (this.sending || this.waiting.length === 0 || this.cancelled) return
    this.sending = true
    let bytes = 0
    let length = 0
    while (length < this.waiting.length && (length === 0 || bytes + this.waiting[length]!.bytes.length <= batch)) {
      bytes += this.waiting[length++]!.bytes.length
    }
    const sent = this.waiting.splice(0, length)
    const message = messages["myrmidon/Items"]({ stream: number, chunks: sent.map((chunk) => chunk.bytes) })
    Effect.runForkWith(host.context)(patiently(agent!, message)).addObserver((exit) => {
      this.sending = false
      if (!Exit.isSuccess(exit) || !exit.value) return this.stop()
      for (const chunk of sent) this.count -= chunk.items
      this.send()
      this.resume?.()
    })
  }

  /** Nobody reads it any more. */
  stop(): void {
    this.forget()
    this.cancelled = true
    this.waiting = []
    this.cancel?.()
  }

  override over(): void {
    this.forget()
  }
}

interface Chunk {
  readonly bytes: Uint8Array
  readonly items: number
}
