/**
 * The messages of one protocol as bytes, for whoever carries them over a border. Each tag's codecs are compiled once.
 *
 * A payload of bytes is all a border sees: the tag travels as its name (or as a number both sides agreed on), since
 * numbers of tags are each process's own. Errors are `BadMessage`, with the path of what cannot be encoded or the place
 * where the bytes are malformed; nothing is thrown. Refs in payloads are those of `host`.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type { PayloadCodec } from "../Codec.ts"
import { AskError } from "../AskError.ts"
import { BadMessage } from "../TellError.ts"
import type { Bound, Program } from "./bound.ts"
import { fingerprintOf } from "./codec/fingerprint.ts"
import { type Parcel, thereAndBack, within } from "./codec/place.ts"
import { type Crossing, crossingOf } from "./crossing.ts"
import type { Host } from "./host.ts"
import { Passage } from "./passage.ts"
import type { RpcInfo } from "./rpc.ts"

/** What of an Rpc crosses. `items`: of a stream, what comes at a time. */
export type Part = "payload" | "success" | "error" | "items"

const unchecked = { disableChecks: true }

/** The text of a codec's failure. */
export const issueOf = (cause: Cause.Cause<string>): string => String(Cause.squash(cause))

export class Wire {
  /** Equal on both sides of a border, or nothing crosses. */
  readonly fingerprint: string
  readonly #host: Host
  /** By number of the tag. */
  readonly #infos: ReadonlyArray<RpcInfo | undefined>
  readonly #codecs: Readonly<Record<Part, Array<PayloadCodec | undefined>>> = {
    payload: [],
    success: [],
    error: [],
    items: []
  }

  readonly #crossings: Readonly<Record<Part, Array<Crossing | undefined>>> = {
    payload: [],
    success: [],
    error: [],
    items: []
  }

  readonly #passages: Array<Passage | undefined> = []

  constructor(host: Host, infos: ReadonlyArray<RpcInfo | undefined>) {
    this.#host = host
    this.#infos = infos
    const known = infos.filter((info) => info !== undefined)
    this.fingerprint = fingerprintOf(host.codec.format, known)
  }

  #codec(op: number, part: Part): PayloadCodec | undefined {
    const known = this.#codecs[part][op]
    if (known !== undefined) return known
    const info = this.#infos[op]
    if (info === undefined) return undefined
    return this.#codecs[part][op] = this.#host.codec.of(schemaOf(info, part))
  }

  /** How its payloads cross; undefined: the protocol has no such message. */
  passageOf(op: number): Passage | undefined {
    return this.#passages[op] ?? this.#pass(op)
  }

  #pass(op: number): Passage | undefined {
    const codec = this.#codec(op, "payload"), crossing = this.crossingOf(op, "payload")
    if (codec === undefined || crossing === undefined) return undefined
    while (this.#passages.length < op) this.#passages.push(undefined)
    return this.#passages[op] = new Passage(codec, crossing)
  }

  /** How it crosses to another isolate; undefined: the protocol has no such message. */
  crossingOf(op: number, part: Part): Crossing | undefined {
    return this.#crossings[part][op] ?? this.#learn(op, part)
  }

  #learn(op: number, part: Part): Crossing | undefined {
    const info = this.#infos[op]
    if (info === undefined) return undefined
    const crossings = this.#crossings[part]
    while (crossings.length < op) crossings.push(undefined)
    return crossings[op] = crossingOf(schemaOf(info, part))
  }

  get host(): Host {
    return this.#host
  }

  /** Whether its reply is a stream. */
  isStream(op: number): boolean {
    return this.#infos[op]?.isStream === true
  }

  /** Why a question was not answered, beside what its protocol says. */
  get askError(): PayloadCodec {
    return this.#host.codec.of(AskError)
  }

  bad(op: number, issue: string): Exit.Exit<never, BadMessage> {
    return Exit.fail(new BadMessage({ tag: this.#infos[op]?.tag ?? "", issue }, unchecked))
  }

  /**
   * `beside` gets the buffers, which stay the sender's until the message is accepted; without it their bytes are copied
   * into the message.
   */
  encode(op: number, value: unknown, part: Part = "payload", beside?: Parcel): Exit.Exit<Uint8Array, BadMessage> {
    const codec = this.#codec(op, part)
    if (codec === undefined) return this.bad(op, "the protocol has no such message")
    const bytes = within(this.#host, beside, () => codec.encode(value))
    return Exit.isSuccess(bytes) ? Exit.succeed(bytes.value) : this.bad(op, issueOf(bytes.cause))
  }

  /** `beside`: the buffers that came with it, in the order in which `encode` gave them. */
  decode(op: number, bytes: Uint8Array, part: Part = "payload", beside?: Parcel): Exit.Exit<unknown, BadMessage> {
    const codec = this.#codec(op, part)
    if (codec === undefined) return this.bad(op, "the protocol has no such message")
    const value = within(this.#host, beside, () => codec.decode(bytes))
    return Exit.isSuccess(value) ? Exit.succeed(value.value) : this.bad(op, issueOf(value.cause))
  }
}

const schemaOf = (info: RpcInfo, part: Part): Schema.Top => part === "items" ? Schema.Array(info.success) : info[part]

const wires = new WeakMap<Host, WeakMap<Program["rpcs"], Wire>>()

/** The wire of a protocol in a system; made once. */
export const wireOf = (host: Host, rpcs: Program["rpcs"]): Wire => {
  let ofHost = wires.get(host)
  if (ofHost === undefined) wires.set(host, ofHost = new WeakMap())
  let wire = ofHost.get(rpcs)
  if (wire === undefined) ofHost.set(rpcs, wire = new Wire(host, rpcs))
  return wire
}

/** The wire of what a behaviour understands. */
export const wireOfBound = (bound: Bound): Wire => bound.wire ??= wireOf(bound.host, bound.program.rpcs)

/** Through the bytes and back, in one system: what `layerTest` does to everything. */
export const throughWire = (host: Host, schema: Schema.Top, value: unknown): Exit.Exit<unknown, string> =>
  thereAndBack(host, () => {
    const payload = host.codec.of(schema)
    const bytes = payload.encode(value)
    return Exit.isSuccess(bytes) ? payload.decode(bytes.value) : Exit.fail(issueOf(bytes.cause))
  })
