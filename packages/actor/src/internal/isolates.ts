/**
 * The isolates of a system as one of them sees them: where an actor may be spawned, and who answers for one that lives
 * elsewhere. Made by `isolate/`, which is loaded where a system has other isolates.
 */
import type * as Context from "effect/Context"
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { ActorElsewhere } from "../ActorElsewhere.ts"
import type { ActorInfo } from "../Actor.ts"
import type { BehaviorInfo } from "../ActorSystem.ts"
import type { ActorExited } from "../AskError.ts"
import type { ReplaceFailed } from "../ReplaceFailed.ts"
import type { ProtocolMismatch } from "../SpawnError.ts"
import type { BehaviorImpl } from "./behaviorImpl.ts"
import type { Traced, TraceOptions } from "./trace.ts"
import type { SwapError } from "../SwapError.ts"
import type { Resolved } from "./hotSwap.ts"
import type { Measure } from "./shard.ts"
import type { Plan, Report } from "./swapReport.ts"
import type { Selection } from "./swapSelect.ts"
import type { UpgradeImpl } from "./upgrade.ts"
import type { Reading, StreamRequest } from "./stream.ts"
import type { IsolateLoad } from "./border.ts"
import type { Call } from "./call.ts"
import type { Cell } from "./cell.ts"

/** What an agent tells of an actor of its isolate. */
export interface RemoteInfo {
  readonly name: string | undefined
  readonly protocol: string
  /** Of that protocol, where a Rust actor declares it. */
  readonly fingerprint?: string | undefined
  readonly version: string
  readonly status: "idle" | "runnable" | "busy" | "suspended"
  readonly mailbox: number
  readonly held: number
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

/** Swaps of actors of other isolates, by upgrades that those can import. */
export interface Swaps {
  readonly swap: (cell: Cell, upgrade: UpgradeImpl, options: Resolved) => Effect.Effect<void, SwapError>
  readonly rollBack: (cell: Cell, version: string | undefined, timeout: number) => Effect.Effect<void, SwapError>
  /** Of all isolates, this one included. */
  readonly swapAll: (
    upgrade: UpgradeImpl,
    context: Context.Context<never>,
    selection: Selection,
    together: boolean,
    options: Resolved
  ) => Effect.Effect<Report>
  readonly plan: (
    upgrade: UpgradeImpl,
    context: Context.Context<never>,
    selection: Selection,
    sample: number,
    timeout: number
  ) => Effect.Effect<Plan>
}

/** What one isolate holds. */
export interface Totals {
  readonly queued: number
  readonly bytes: number
}

/** What all isolates use; who does not answer in time is left out. */
export interface Overview {
  /** Of the others, by their numbers. */
  readonly totals: Effect.Effect<ReadonlyMap<number, Totals>>
  /** Throws as `topOf`. */
  readonly top: (n: number, by: Measure) => Effect.Effect<ReadonlyArray<ActorInfo>>
  readonly behaviors: Effect.Effect<ReadonlyArray<BehaviorInfo>>
  /** What the others' behaviours used when they said so last, those of isolates that have ended included. */
  readonly latest: ReadonlyArray<BehaviorInfo>
}

/** States and traces of actors of other isolates. */
export interface FarInspector {
  readonly getState: (
    cell: Cell,
    running: BehaviorImpl
  ) => Effect.Effect<unknown, ActorExited | ActorElsewhere | ProtocolMismatch>
  readonly replaceState: (
    cell: Cell,
    running: BehaviorImpl,
    f: (state: unknown) => unknown
  ) => Effect.Effect<unknown, ActorExited | ActorElsewhere | ProtocolMismatch | ReplaceFailed>
  readonly trace: (
    cell: Cell,
    options: TraceOptions | undefined
  ) => Stream.Stream<Traced, ActorExited | ActorElsewhere>
}

export interface Isolates {
  /** The number of this one; 0 is the one that opened the system. */
  readonly here: number
  /** This isolate's own agent: it serves the others, and is none of the program's actors. */
  readonly agent: Cell
  /** The live ones, without their agents. */
  readonly loads: () => ReadonlyArray<IsolateLoad>
  readonly streams: Streams
  readonly swaps: Swaps
  readonly overview: Overview
  readonly inspector: FarInspector
  /** Where it lives; `undefined`: it has ended with its isolate. */
  readonly isolateOf: (cell: Cell) => number | undefined
  /** false: its isolate is there, and not ready to produce streams. */
  readonly canStream: (cell: Cell) => boolean
  /**
   * `undefined`: it has ended. Of an actor of another isolate, as the next two; one whose isolate does not answer fails
   * with `NodeUnreachable`, for it may live.
   */
  readonly info: (cell: Cell) => Effect.Effect<RemoteInfo | undefined, ActorExited>
  readonly isAlive: (cell: Cell) => Effect.Effect<boolean>
  /** Suspends or resumes it. */
  readonly setSuspended: (cell: Cell, suspended: boolean) => Effect.Effect<void, ActorExited>
  /** Done when nobody is left of what an isolate that has ended had started in others, as far as those answer. */
  readonly orphans: (isolate: number) => Effect.Effect<void>
  /** Tells the others that the thread of this one may be held meanwhile. */
  readonly whileImporting: <A, E>(imports: Effect.Effect<A, E>) => Effect.Effect<A, E>
  /** Says to an isolate that this one is there. */
  readonly pong: (to: number) => void
  readonly up: (isolate: number, shard: number) => void
  readonly down: (isolate: number, shard: number) => void
  /** Ends the other isolates, of which this one is the first, within so many ms. */
  readonly close: (within: number) => Effect.Effect<void>
}
