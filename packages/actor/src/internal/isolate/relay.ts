/**
 * Events and dead letters of a worker, told to the isolate that opened the system: a program listens there.
 *
 * They are gathered while the worker is at something, and cross in batches as soon as it pauses. Events and letters
 * wait apart, so that many of one kind cost none of the other. While the way is full they wait here; what comes when
 * `mostWaiting` do is lost, and counted as that of a slow reader.
 *
 * They cross as plain data. What of them is none (an error of a class of its own, a payload that is a function) is told
 * by its name and message, or left out.
 */
import * as Effect from "effect/Effect"
import type { Message } from "../../Message.ts"
import type { SystemEvent } from "../../SystemEvent.ts"
import type { Cell } from "../cell.ts"
import { Envelope } from "../envelope.ts"
import type { Host } from "../host.ts"
import { lookup } from "../opcodes.ts"
import { sendMessage } from "../send.ts"
import { Outcome } from "../shard.ts"
import type { RelayedLetter } from "./agent.ts"
import { later, messages } from "./asking.ts"

/** In one message. */
const batch = 256
/** Of a kind. */
const mostWaiting = 65_536

/** What is told of one kind. */
class Outbox<A> {
  readonly #host: Host
  readonly #to: Cell
  readonly #message: (values: ReadonlyArray<A>) => Message<string, unknown>
  /** What crosses in any case. */
  readonly #plainly: (value: A) => A
  readonly #lost: (count: number) => void
  #waiting: Array<A> = []
  /** In the next message: less than `batch` after one that could not be sent as it was. */
  #next = batch
  #isDue = false

  constructor(
    host: Host,
    to: Cell,
    message: (values: ReadonlyArray<A>) => Message<string, unknown>,
    plainly: (value: A) => A,
    lost: (count: number) => void
  ) {
    this.#host = host
    this.#to = to
    this.#message = message
    this.#plainly = plainly
    this.#lost = lost
  }

  put(value: A): void {
    if (this.#host.closed) return
    if (this.#waiting.length >= mostWaiting) return this.#lost(1)
    this.#waiting.push(value)
    if (this.#isDue) return
    this.#isDue = true
    queueMicrotask(this.#send)
  }

  /** Tells all that there is room for. */
  readonly #send = (): void => {
    this.#isDue = false
    let told = 0
    while (told < this.#waiting.length && !this.#host.closed) {
      const values = this.#waiting.slice(told, told + this.#next)
      const outcome = sendMessage(this.#to, this.#message(values), undefined)
      if (outcome === Outcome.Accepted) {
        told += values.length
        this.#next = Math.min(batch, this.#next * 2)
      } else if (outcome !== Outcome.BadMessage) {
        this.#isDue = true
        later(this.#send)
        break
        // One that cannot cross is found by halves, and costs the others nothing.
      } else if (values.length > 1) this.#next = values.length >> 1
      else {
        this.#plain(values)
        told++
      }
    }
    this.#waiting = this.#waiting.slice(told)
  }

  #plain(values: ReadonlyArray<A>): void {
    const outcome = sendMessage(this.#to, this.#message(values.map(this.#plainly)), undefined)
    if (outcome !== Outcome.Accepted) this.#lost(values.length)
  }
}

/** Tells `first` of everything from now on. */
export const relayTo = (host: Host, first: Cell): void => {
  const { events, letters } = host
  const toldEvents = new Outbox<SystemEvent>(
    host,
    first,
    (values) => messages["myrmidon/Events"]({ events: values }),
    plainEvent,
    (count) => events.dropped += count
  )
  const toldLetters = new Outbox<RelayedLetter>(
    host,
    first,
    (values) => messages["myrmidon/Letters"]({ letters: values }),
    (letter) => ({ ...letter, payload: null }),
    (count) => letters.dropped += count
  )
  events.tap = (event) => toldEvents.put(event)
  letters.tap = ({ asked, from, message, name, to, why }) => {
    // What is lost on this way is not told on it.
    if (to === first.pid) return
    const { _tag: tag, payload } = message
    toldLetters.put({ to, name: name ?? null, from: from ?? null, asked, tag, payload, why })
  }
}

const plainEvent = (event: SystemEvent): SystemEvent =>
  event._tag !== "TellFailed" ? event : {
    ...event,
    error: event.error instanceof Error
      ? { name: event.error.name, message: event.error.message }
      : String(event.error)
  }

/** Of Rust shards (`packages/core-native/src/relay.rs`): no event, but a line in the log, as of a tree here (G309). */
interface TreeEnded {
  readonly _tag: "myrmidon/TreeEnded"
  readonly supervisor: string
  readonly child: string
  readonly reason: string | null
}

const isTreeEnded = (event: unknown): event is TreeEnded => (event as TreeEnded)._tag === "myrmidon/TreeEnded"

/** Where they arrive. */
export const relayed = (host: Host) => ({
  event: (event: unknown): void => {
    if (isTreeEnded(event)) {
      const { child, reason, supervisor } = event
      const line = Effect.logError(
        `supervisor ${supervisor} has ended, with all its children: its restart intensity is spent, and none is above it. The last was ${child}: ${
          reason ?? "its start failed"
        }`
      )
      return void Effect.runForkWith(host.context)(line)
    }
    // A worker of this very program made it, and it was just decoded: nobody else has it.
    const fields = event as Record<string, unknown>
    for (const key in fields) fields[key] ??= undefined
    const told = event as SystemEvent
    // A worker counts its own, and tells that beside.
    if (told._tag === "Crashed" && host.shard.border?.rust.has(told.pid) === true) host.crashes++
    host.events.publish(told)
  },
  letter: ({ asked, from, name, payload, tag, to, why }: RelayedLetter): void =>
    host.publishDeadLetter(
      to,
      from ?? undefined,
      new Envelope(lookup(tag), tag, payload),
      why,
      asked,
      name ?? undefined
    )
})
