/**
 * What a shard has beside, when its system has more isolates than one: the other half of the seam in `shard.ts`.
 *
 * Between isolates the op of a message is the border's own, and its payload is a number, nothing or bytes.
 */
import type { Call } from "./call.ts"
import type { Carried } from "./carry.ts"
import type { Cell } from "./cell.ts"
import type { Lent } from "./lent.ts"
import type { Rust } from "./native/rust.ts"
import type { Pid } from "../Pid.ts"
import type { Shard, Why } from "./shard.ts"

/** What an answer is. The first two are those of `reply` in the Rust source, which hands on any. */
export const Answer = { Success: 0, Failure: 1, AskError: 2 } as const

/** How busy an isolate was at its last tick. */
export interface IsolateLoad {
  readonly isolate: number
  readonly shard: number
  readonly reductions: number
  /** Microseconds that its handlers took, ever. */
  readonly micros: number
  readonly runnable: number
  readonly live: number
  /** A worker shard of Rust: its actors have no agent. */
  readonly isRust: boolean
  /** Of such a one: something is to be done there, now or later. */
  readonly isBusy: boolean
}

export interface Border {
  /** Its number: 0 is the one that opened the system. */
  readonly isolate: number
  /** The live ones, this one included. */
  readonly isolates: () => ReadonlyArray<IsolateLoad>
  readonly isAway: (pid: Pid) => boolean
  /** Something is to be done here, a timer is armed or a call is pending. */
  readonly isBusy: () => boolean
  /** Actors in Rust. */
  readonly rust: Rust
  /** How actors of other isolates are reached. */
  readonly sends: Pick<Shard, "send" | "call">
  /** Whoever has the name, in any isolate. */
  readonly holderOf: (name: string) => Pid | undefined
  /** Tells the others what an actor understands that has a name, or is about to get one. */
  readonly announce: (cell: Cell) => void
  /** Who has a name, and what that one understands; empty: nobody has said it. */
  readonly spokenBy: (name: string) => { readonly pid: number; readonly spoken: string } | null
  /** false: too large, or this isolate is gone, and nothing is answered. */
  readonly reply: (token: number, status: number, answer: Carried) => boolean
  /** Passes a question of another isolate on, whose asker waits for that one from now on. false: too large, as above. */
  readonly forward: (
    token: number,
    to: Cell,
    op: number,
    payload: Uint8Array | undefined,
    from: Cell,
    flags: number
  ) => boolean
  /** The border's op of a local one; 0: the process has as many as it may have. */
  readonly opThere: (op: number) => number
  /** The local op of one of the border. */
  readonly opHere: (op: number) => number
}

/** What comes in. */
export interface AwayHost {
  readonly deliver: (
    cell: Cell,
    op: number,
    payload: Carried | Lent,
    from: Pid | 0,
    isAsked: boolean,
    token: number
  ) => boolean
  readonly replied: (call: Call, status: number, payload: Carried) => void
  readonly deadLetter: (to: Pid, from: Pid | 0, op: number, payload: Carried, why: Why, asked: boolean) => void
  readonly up: (isolate: number, shard: number) => void
  readonly down: (isolate: number, shard: number) => void
}
