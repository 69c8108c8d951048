/**
 * The isolates of a system as one of them sees them: where an actor may be spawned, and who answers for one that lives
 * elsewhere. Made by `isolate/`, which is loaded where a system has other isolates.
 */
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type { ActorExited } from "../AskError.ts"
import type { Reading, StreamRequest } from "./stream.ts"
import type { IsolateLoad } from "./border.ts"
import type { Call } from "./call.ts"
import type { Cell } from "./cell.ts"

/** What an agent tells of an actor of its isolate. */
export interface RemoteInfo {
  readonly name: string | undefined
  readonly protocol: string
  readonly version: string
  readonly status: "idle" | "runnable" | "busy" | "suspended"
  readonly mailbox: number
  readonly reductions: number
  readonly millis: number
  readonly memory: number
  readonly links: ReadonlyArray<number>
}

/** Stream replies between isolates. */
export interface Streams {
  /** The payload of a question to an actor of another isolate, with what says who reads. */
  readonly ask: (reading: Reading, callee: Cell, payload: Uint8Array | undefined) => Uint8Array
  /** The other way round: the payload; undefined: it is no question for a stream. */
  readonly unwrap: (bytes: Uint8Array) => Uint8Array | undefined
  /** What the handler of such a question gets. */
  readonly asked: (bytes: Uint8Array, payload: unknown, cell: Cell, op: number, call: Call) => StreamRequest
  /** By the agent: items for a reader of this isolate. */
  readonly items: (stream: number, chunks: ReadonlyArray<Uint8Array>) => boolean | Deferred.Deferred<boolean>
  readonly end: (stream: number) => void
  readonly stop: (isolate: number, stream: number) => void
}

export interface Isolates {
  /** The number of this one; 0 is the one that opened the system. */
  readonly here: number
  /** This isolate's own agent: it serves the others, and is none of the program's actors. */
  readonly agent: Cell
  /** The live ones, without their agents. */
  readonly loads: () => ReadonlyArray<IsolateLoad>
  /**
   * `undefined`: it has ended. Of an actor of another isolate, as the next two; one whose isolate does not answer fails
   * with `NodeUnreachable`, for it may live.
   */
  readonly info: (cell: Cell) => Effect.Effect<RemoteInfo | undefined, ActorExited>
  readonly streams: Streams
  /** false: its isolate is there, and has no agent that could be asked: one of Rust actors. */
  readonly canAsk: (cell: Cell) => boolean
  readonly isAlive: (cell: Cell) => Effect.Effect<boolean>
  /** Holds it still, or lets go of it. */
  readonly hold: (cell: Cell, hold: boolean) => Effect.Effect<void, ActorExited>
  /** Says to an isolate that this one is there. */
  readonly pong: (to: number) => void
  readonly up: (isolate: number, shard: number) => void
  readonly down: (isolate: number, shard: number) => void
  /** Ends the other isolates, of which this one is the first. */
  readonly close: Effect.Effect<void>
}
