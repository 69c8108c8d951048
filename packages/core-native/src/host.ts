/**
 * What the membrane asks of its user: the shape of an actor and of a call, what the loop calls, and the options.
 */
import type { Carried, Lent } from "./border.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { Meter } from "./meter.ts"

/**
 * An actor as the membrane sees it.
 *
 * @internal
 * @since 0.1.0
 */
export interface MembraneCell {
  /** Shard and index. */
  readonly low: number
  readonly generation: number
  /** Shared by all actors that were spawned alike. */
  readonly bound: { meter: unknown }
  readonly state: unknown
}

/**
 * A pending call. `token` is the membrane's.
 *
 * @internal
 * @since 0.1.0
 */
export interface MembraneCall {
  token: number
}

/**
 * Why a letter is dead.
 *
 * @category models
 * @since 0.1.0
 */
export type Why =
  | "NotAlive"
  | "MailboxFull"
  | "Dropped"
  | "NodeUnreachable"
  | "SwapRolledBack"
  | "Stopped"
  | "Interrupted"

/**
 * What the loop calls on its user; never from inside a call of the membrane. None of these may throw. PID 0 is nobody.
 *
 * @internal
 * @since 0.1.0
 */
export interface MembraneHost<C extends MembraneCell, K extends MembraneCall> {
  /** What `deliver` gets for a question whose call has ended; without it such a question looks like a plain message. */
  readonly spentCall?: K | undefined
  /** One message. true: its handler is not done; until `ready`, only messages that may re-enter are delivered. */
  readonly deliver: (cell: C, op: number, payload: unknown, from: number, call: K | undefined) => boolean
  readonly exitSignal: (cell: C, from: number, reason: ExitReason) => boolean
  readonly down: (cell: C, ref: number, from: number, reason: ExitReason) => boolean
  readonly outsideDown: (ref: number, from: number, reason: ExitReason) => void
  readonly terminate: (cell: C, reason: ExitReason) => void
  /** An actor has ended, and had used so many messages (`reductions`) and ms of handler time. */
  readonly dead: (cell: C, reason: ExitReason, reductions: number, millis: number) => void
  /** A call has ended without an answer. `capacity`: of the mailbox that was full. */
  readonly callEnded: (call: K, end: number, reason: ExitReason | undefined, capacity?: number) => void
  /** A message was not delivered. `asked`: it was a question, whose asker hears by `callEnded`. */
  readonly deadLetter: (to: number, from: number, op: number, payload: unknown, why: Why, asked: boolean) => void
  readonly longSchedule: (cell: C, millis: number) => void
  /** Handles what other isolates send. Present where the shard belongs to a system of several. */
  readonly away?: AwayHost<C, K> | undefined
}

/**
 * What comes from other isolates. Bytes are only lent: they are valid until the call returns. None of these may throw.
 *
 * @internal
 * @since 0.1.0
 */
export interface AwayHost<C extends MembraneCell, K extends MembraneCall> {
  /** `deliver`, with the border's number of the tag. `token`: of a question, for `reply`; 0 when its asker is gone. */
  readonly deliver: (
    cell: C,
    op: number,
    payload: Carried | Lent,
    from: number,
    isAsked: boolean,
    token: number
  ) => boolean
  /** The answer to a call of this isolate, with the status that the other one gave to `reply`. */
  readonly replied: (call: K, status: number, payload: Carried) => void
  /** `deadLetter`, for a message to another isolate or from one. */
  readonly deadLetter: (to: number, from: number, op: number, payload: Carried, why: Why, asked: boolean) => void
  /** Another isolate has joined the system. */
  readonly up: (isolate: number, shard: number) => void
  /** Another isolate has ended. */
  readonly down: (isolate: number, shard: number) => void
}

/**
 * What the loop asks of the world. Virtual in tests.
 *
 * @internal
 * @since 0.1.0
 */
export interface MembraneClock {
  /** Monotonic ms. */
  readonly now: () => number
  /** Calls `wake` once, in `delay` ms or later; the next call replaces it. `undefined` disarms. */
  readonly wakeIn: (delay: number | undefined, wake: () => void) => void
}

/**
 * How a membrane is made.
 *
 * @internal
 * @since 0.1.0
 */
export interface MembraneOptions {
  readonly maxActors: number
  /** The capacity of mailboxes whose spawn has none. */
  readonly capacity: number
  /** ms after which a handler that holds the thread is reported. */
  readonly longSchedule: number
  readonly clock: MembraneClock
  /** Lockstep, for tests: one message in a batch, in an order drawn from this seed. */
  readonly seed: bigint | undefined
  /** The handle of the system that the shard joins; absent: it is alone. */
  readonly system?: number | undefined
}

/** The meter of a cell's behaviour is made on its first message. */
export type MeterSlot = { meter: Meter | undefined }

/**
 * What a spawn may say.
 *
 * @internal
 * @since 0.1.0
 */
export interface OpenOptions<C> {
  readonly name: string | undefined
  readonly capacity: number
  /** A number of `Policy`. */
  readonly onFull: number
  /** ms, for `suspend`. */
  readonly sendTimeout: number
  /** Messages of a slice at most; 0: the shard's own limit. */
  readonly budget: number
  readonly trapExit: boolean
  readonly cleanup: boolean
  readonly starting: boolean
  readonly parent: C | undefined
  readonly watcher: C | undefined
  readonly watchRef: number
}
