/**
 * Events and dead letters of a worker, told to the isolate that opened the system: a program listens there.
 *
 * They cross as plain data. What of them is none (an error of a class of its own, a payload that is a function) is told
 * by its name and message, or left out. A way that is full loses them: they are counted as those of a slow reader.
 */
import type { DeadLetter } from "../../DeadLetter.ts"
import type { Message } from "../../Message.ts"
import type { Pid } from "../../Pid.ts"
import type { SystemEvent } from "../../SystemEvent.ts"
import type { Cell } from "../cell.ts"
import { Envelope } from "../envelope.ts"
import type { Host } from "../host.ts"
import { lookup } from "../opcodes.ts"
import { sendMessage } from "../send.ts"
import { Outcome } from "../shard.ts"
import { messages } from "./asking.ts"

/** Tells `first` of everything from now on. */
export const relayTo = (host: Host, first: Cell): void => {
  let isTelling = false
  // What is lost on the way is not told again: that would be lost, too.
  const tell = (message: Message<string, unknown>, otherwise: Message<string, unknown>): boolean => {
    if (isTelling || host.closed) return true
    isTelling = true
    const outcome = sendMessage(first, message, undefined)
    const sent = outcome === Outcome.BadMessage ? sendMessage(first, otherwise, undefined) : outcome
    isTelling = false
    return sent === Outcome.Accepted
  }
  host.events.tap = (event) => {
    if (!tell(eventMessage(event), eventMessage(plainly(event)))) host.events.dropped++
  }
  host.letters.tap = (letter) => {
    if (!tell(letterMessage(letter, letter.message.payload), letterMessage(letter, null))) host.letters.dropped++
  }
}

const eventMessage = (event: SystemEvent) => messages["myrmidon/Event"]({ event })

const plainly = (event: SystemEvent): SystemEvent =>
  event._tag !== "TellFailed" ? event : {
    ...event,
    error: event.error instanceof Error
      ? { name: event.error.name, message: event.error.message }
      : String(event.error)
  }

const letterMessage = ({ from, message, to, why }: DeadLetter, payload: unknown) =>
  messages["myrmidon/Letter"]({ to, from: from ?? null, tag: message._tag, payload, why })

/** Where they arrive. */
export const relayed = (host: Host) => ({
  event: (event: unknown): void => {
    if (typeof event !== "object" || event === null) return
    const fields = Object.entries(event).map(([key, value]) => [key, value ?? undefined] as const)
    // A worker of this very program made it.
    host.events.publish(Object.fromEntries(fields) as unknown as SystemEvent)
  },
  letter: (to: Pid, from: Pid | null, tag: string, payload: unknown, why: DeadLetter["why"]): void =>
    host.letter(to, from ?? undefined, new Envelope(lookup(tag), tag, payload), why)
})
