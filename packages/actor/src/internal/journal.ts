/**
 * What a canary has been given, message by message, and what of it outlives its handler.
 *
 * Owner: the host, through `swap.ts`.
 */
import type * as Deferred from "effect/Deferred"
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
  /** Its handler has left the reply open, and its asker has none yet. */
  later = false
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
    return this.asked && this.done && !this.unread && !this.later
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

  /** Its asker has the late answer. */
  answered(): void {
    if (this.entry !== undefined) this.entry.later = false
  }

  /** Its message is the one that crashed the canary. */
  crashed(): void {
    if (this.entry !== undefined) this.entry.done = false
  }
}

/** A handler's late answer, with whose it is: of several handlers that share a Deferred nobody else could tell. */
export class Later {
  readonly deferred: Deferred.Deferred<unknown, unknown>
  readonly begun: Begun

  constructor(deferred: Deferred.Deferred<unknown, unknown>, begun: Begun) {
    this.deferred = deferred
    this.begun = begun
  }
}

/** Without a canary. */
export const begunBefore = new Begun(undefined, undefined)
