/**
 * The addon's face, as `src/*.rs` exports it. Written by hand: the addon has no generated loader.
 */

import type { Language, Unreachable } from "./generated/exitReason.ts"

/** An exit reason as data; fields that its tag lacks are absent. */
export interface ReasonData {
  readonly code: number
  readonly detail?: string | undefined
  readonly name?: string | undefined
  readonly message?: string | undefined
  readonly stack?: string | undefined
  readonly language?: Language | undefined
  readonly everExisted?: boolean | undefined
  readonly node?: string | undefined
  readonly because?: Unreachable | undefined
  readonly isolate?: number | undefined
}

export interface InfoData {
  readonly pid: number
  readonly status: "starting" | "idle" | "runnable" | "busy" | "suspended"
  readonly mailbox: number
  readonly held: number
  readonly reductions: number
  readonly micros: number
  readonly memory: number
  readonly links: ReadonlyArray<number>
  readonly name?: string
}

export interface StatsData {
  readonly actors: number
  readonly queued: number
  readonly bytes: number
  /** Pending calls of its own actors to each other; `away`: to other shards; `asked`: of other shards to it. */
  readonly calls: number
  readonly away: number
  readonly asked: number
  /** Payloads of bytes in mailboxes. */
  readonly payloads: number
  /** Packets that wait for room on the way to other shards. */
  readonly packets: number
}

/** Positions in the block of arguments and results of the hot calls (`src/hot.rs`). */
export const Arg = {
  NOW: 0,
  SUBMITTED: 1,
  MAX: 2,
  ANSWER: 3,
  RESULT: 4,
  OUTGOING: 5,
  INCOMING: 6,
  CONGESTED: 7
} as const

/** What both sides read and write. */
export interface SharedArrays {
  readonly submissions: Uint32Array
  readonly completions: Uint32Array
  readonly control: Int32Array
  readonly congested: Uint32Array
  readonly reserve: Uint32Array
  readonly call: Float64Array
  /**
   * Bytes to other shards, as blocks (`record.rs`). `call[OUTGOING]` says how many words of it the submitted records use;
   * they are read during `tick` and `admit`, which set that to 0: afterwards it may be written from its start.
   */
  readonly outgoing?: Uint32Array
  /** Bytes from other shards: `call[INCOMING]` words of it hold until the next tick that delivers. */
  readonly incoming?: Uint32Array
}

/** The calls that take their arguments from `call`. */
export interface HotCalls {
  tick: () => void
  admit: () => void
  account: () => void
  look: () => void
  load: () => void
}

export interface NativeShard {
  readonly shard: number
  attach(target: object): void
  reserve(n: number): number
  openNamed(at: number, name: string): number | null
  whereis(name: string): number | null
  /** For one record, which takes the word over. */
  internReason(reason: ReasonData): number
  /** A failure, for any number of records `ExitSelf` that say `Kept`, until it is let go. Without `reason` nobody else may ask. */
  holdReason(reason?: ReasonData): number
  /** Those of words that are held which are on their way, too. */
  sharedReasons(words: ReadonlyArray<number>): ReadonlyArray<number>
  /** Of one that was held with its `reason`. */
  letGoOfReason(word: number): void
  /** Lets go of one that was held without. */
  tellReason(word: number, reason: ReasonData): void
  reason(word: number): ReasonData | null
  handleSignals(): void
  endBatch(): void
  isAlive(low: number, generation: number): boolean
  everExisted(low: number, generation: number): boolean
  info(low: number, generation: number): InfoData | null
  top(n: number, by: string): ReadonlyArray<InfoData>
  usages(): Float64Array
  live(): Float64Array
  stats(): StatsData
  close(): number
  /** Its number in its system: the order of joining, 0 is the first; 0 when it is in none. */
  readonly isolate: number
  /** The live isolates of its system, itself included, in the order of joining; empty when it is in none. */
  isolates(): Array<IsolateData>
  /** Keeps a copy of bytes for one record, whose SLOT is the answer: for what is larger than the outgoing arena. */
  putBlock(bytes: Uint8Array): number
  /** The same for bytes with numbers of buffers behind them: those that nobody takes go with the record. */
  putParcel(bytes: Uint8Array): number
  /** A copy of the bytes of an incoming SLOT from `BLOCK` on; null when it does not hold any more. */
  block(slot: number): Uint8Array | null
}

/**
 * An isolate of a system, for placement. Its counters are those of its last tick.
 *
 * @internal
 * @since 0.1.0
 */
export interface IsolateData {
  readonly isolate: number
  readonly shard: number
  /** Messages that it has handled, ever. */
  readonly reductions: number
  /** Microseconds that its handlers took, ever. */
  readonly micros: number
  /** Actors that wait for their turn. */
  readonly runnable: number
  /** Actors that live. */
  readonly live: number
  /** A worker shard of Rust, which no isolate of JavaScript has. */
  readonly isRust: boolean
  /** Of such a one: something is to be done there, now or later. */
  readonly isBusy: boolean
}

/** The worker shards of one system, with the behaviours that the addon has linked; see `src/rust.rs`. */
export interface RustShards {
  /** Ends them in order; what has not ended in so many ms is killed. */
  close(within: number): Promise<{ readonly killed: number; readonly stuck: number }>
}

/** A Rust actor. */
export interface RustInfoData {
  readonly info: InfoData
  /** Of TypeScript; empty: it has none. */
  readonly protocol: string
  /** Of that protocol; empty: none was declared. */
  readonly fingerprint: string
  /** The name of its type. */
  readonly behavior: string
}

/** What the actors of a Rust type have used and hold. */
export interface RustBehaviorData {
  readonly protocol: string
  readonly behavior: string
  readonly actors: number
  readonly reductions: number
  readonly micros: number
  readonly mailbox: number
  readonly memory: number
}

/**
 * The calls of a hop (`src/pool.rs`). The number of a block is the first word of their block of arguments, the answer the
 * second.
 */
export interface HopCalls {
  /** As `depart` of a block that the program has no `ArrayBuffer` of. 0 or 1, as there. */
  leave: () => void
  /** Ends a flight: this isolate holds the block. 0: it is in none. 1: it is here. */
  arrive: () => void
  /** As `arrive`, of a block whose `ArrayBuffer` was kept when it left. 1: that memory is not its. 2: it is under `view`. */
  comeBack: (view: ArrayBuffer) => void
  /** Its memory is under another `ArrayBuffer` of this isolate. */
  moved: (view: ArrayBuffer) => void
}

/** Blocks of memory; see `src/buffer.rs`. */
export interface NativeBuffers {
  /** Sets the calls of a hop, and the block that they take their arguments from: two numbers. */
  attach(target: object, call: Float64Array): void
  /** The number of a block; 0: the limit is reached, -1: the machine has not that much. */
  allocate(bytes: number): number
  /** To be moved once (`transfer`) before anybody gets it, and told by `moved`. */
  view(block: number): ArrayBuffer
  /**
   * 0: done, and it is the payload's that `putParcel` makes of its number. 1: no such block is held. 2: its memory was
   * taken away.
   */
  depart(block: number, view: ArrayBuffer | undefined): number
  /** Answers as `depart`. */
  release(block: number, view: ArrayBuffer | undefined): number
  /** Tells V8 of so many bytes outside of its heap, or of so many fewer. */
  weigh(bytes: number): void
  readonly bytes: number
  readonly copies: boolean
}

/**
 * The addon, as `@myrmidonjs/actor` calls it.
 *
 * @internal
 * @since 0.1.0
 */
export interface Binding {
  /** With the handle of a system: on the account of that, whose limit is what was said first. */
  readonly NativeBuffers: new(limit: number, copies: boolean, system?: number) => NativeBuffers
  readonly NativeShard: new(
    options: {
      readonly maxActors: number
      readonly capacity: number
      readonly inbox: number
      readonly seed?: bigint
      /** A handle of `openSystem`: the shard joins that system, and needs `outgoing` and `incoming`. */
      readonly system?: number
      /** Tests: the doorbell of an isolate whose event loop is not known. */
      readonly functionBell?: boolean
    },
    arrays: SharedArrays,
    wake: () => void
  ) => NativeShard
  abiVersion(): number
  /**
   * A new system without shards; its handle, a number that may be passed to worker threads. It ends with its last shard.
   * Joining one that has ended throws.
   */
  openSystem(): number
  /** Whether the addon has linked behaviours in Rust. */
  hasBehaviors(): boolean
  /** Throws when a behaviour of the addon does not start. */
  readonly RustShards: new(options: {
    readonly system: number
    readonly shards: number
    readonly maxActors: number
    readonly mailbox: number
    readonly bufferBytes: number
  }) => RustShards
  isRustShard(shard: number): boolean
  /** A living Rust actor. Rejects when its shard has not answered in so many ms. */
  rustInfo(low: number, generation: number, within: number): Promise<RustInfoData | null>
  /** Those that have most of something, of each of these shards; `null`: it has not answered in so many ms. */
  rustTop(
    shards: ReadonlyArray<number>,
    n: number,
    by: string,
    within: number
  ): Promise<ReadonlyArray<ReadonlyArray<RustInfoData> | null>>
  /** The accounts of all types of actors, of each of these shards; `null` as of `rustTop`. */
  rustBehaviors(
    shards: ReadonlyArray<number>,
    within: number
  ): Promise<ReadonlyArray<ReadonlyArray<RustBehaviorData> | null>>
  /** Holds a Rust actor still, or lets go of it. Whether it lives. Rejects as `rustInfo` does. */
  rustHold(low: number, generation: number, hold: boolean, within: number): Promise<boolean>
  /** The reader of a stream of one of this shard's actors has gone: by its isolate, and its number there. */
  rustReaderGone(shard: number, isolate: number, stream: number): void
  /** Says what an actor understands that has a name in a system, or is about to get one. */
  announce(system: number, low: number, generation: number, spoken: string): void
  /** Who has a name in a system, and what that one understands; empty: nobody has said it. */
  spokenBy(system: number, name: string): { readonly pid: number; readonly spoken: string } | null
  /** Messages of this tag may carry buffers from now on. */
  tagMoves(number: number): void
  /** The number of a tag between isolates, 1 to 32,767; 0: so many others have one. */
  tagNumber(tag: string): number
  /** The tag of a number. Throws: nobody has it. */
  tagOf(number: number): string
  /** Tests and benchmarks: a native thread sends the numbers 0 to n - 1. */
  flood(pid: number, op: number, n: number, batch: number): void
  /** Tests: panics. */
  panicForTest(): void
}
