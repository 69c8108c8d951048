/**
 * What a canary has been given, message by message, and what of it outlives its handler.
 *
 * Owner: the host, through `swap.ts`.
 */
import * as Deferred from "effect/Deferred"
import type { Pid } from "../Pid.ts"
import type { Canary } from "./swap.ts"

/** Messages that a canary reports at most. */
export const journalled = 65_536

/** A message that a canary has been given. */
export class Entry {
  readonly op: number
  readonly payload: unknown
  readonly from: Pid | undefined
  readonly asked: boolean
  /** Where its asker waits for a reply that its handler has left open. */
  later: Deferred.Deferred<unknown, unknown> | undefined = undefined
  /** Of a stream: its reader did not wait for the end. */
  unread = false
  /** A stream is done at its end. */
  done = false

  constructor(op: number, payload: unknown, from: Pid | undefined, asked: boolean) {
    this.op = op
    this.payload = payload
    this.from = from
    this.asked = asked
  }

  get isAnswered(): boolean {
    return this.asked && this.done && !this.unread && (this.later === undefined || Deferred.isDoneUnsafe(this.later))
  }
}

/** Where something began that outlives its handler, a stream or a late answer: whose crash it is, if it comes to one. */
export class Begun {
  /** `undefined`: under a version that was none. */
  readonly canary: Canary | undefined
  private readonly entry: Entry | undefined

  constructor(canary: Canary | undefined, entry: Entry | undefined) {
    this.canary = canary
    this.entry = entry
  }

  /** Its version was taken back: what it comes to is its asker's alone. */
  get hasGoneBack(): boolean {
    return this.canary !== undefined && this.canary.hasGoneBack
  }

  /** Its stream is over. `read`: to its end. */
  over(read: boolean): void {
    if (this.entry === undefined || this.hasGoneBack) return
    this.entry.unread = !read
    this.entry.done = true
  }

  /** Its message is the one that crashed the canary. */
  crashed(): void {
    if (this.entry !== undefined) this.entry.done = false
  }
}

/** Without a canary. */
export const begunBefore = new Begun(undefined, undefined)
