/**
 * What this package needs of `@myrmidonjs/core-native`, as shapes: that package is optional, and neither of the two
 * imports the other's types. What it exports is held against these by a test (`test/native/Membrane.test.ts`).
 */
import type { ExitReason } from "../../ExitReason.ts"
import type { IsolateLoad } from "../border.ts"
import type { Call } from "../call.ts"
import type { Carried } from "../carry.ts"
import type { Room } from "../lent.ts"
import type { OpenOptions, Outcome, ShardClock, ShardHost } from "../shard.ts"
import type { BuffersBinding } from "./buffers.ts"
import type { NativeCell } from "./cell.ts"
import type { RustBinding } from "./rust.ts"

export interface NativeInfo {
  readonly status: string
  readonly mailbox: number
  readonly held: number
  readonly reductions: number
  readonly micros: number
  readonly memory: number
  readonly links: ReadonlyArray<number>
}

export interface NativeUsages {
  readonly cells: ReadonlyArray<NativeCell>
  readonly reductions: Float64Array
  readonly millis: Float64Array
  readonly mailbox: Float64Array
  readonly memory: Float64Array
}

export interface NativeStats {
  readonly actors: number
  readonly queued: number
  readonly bytes: number
  readonly calls: number
}

export type NativeOpenOptions = Omit<OpenOptions, "parent" | "watcher"> & {
  readonly parent: NativeCell | undefined
  readonly watcher: NativeCell | undefined
}

/** Messages to other isolates. */
export interface NativeAway {
  send(
    low: number,
    generation: number,
    op: number,
    payload: Carried,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): Outcome
  sendLoaded(
    length: number,
    low: number,
    generation: number,
    op: number,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): void
  mayLeave(low: number, generation: number, fromLow: number, fromGeneration: number): Outcome
  call(
    low: number,
    generation: number,
    op: number,
    payload: Uint8Array | undefined,
    fromLow: number,
    fromGeneration: number,
    flags: number,
    call: Call,
    timeout: number
  ): Outcome
  reply(token: number, status: number, payload: Carried): boolean
  forward(
    token: number,
    low: number,
    generation: number,
    op: number,
    payload: Uint8Array | undefined,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): boolean
  /** Where payloads are written that `sendPayload` sends. */
  readonly room: Room
  /** Where the next one may begin; below 0: it is to be sent otherwise. To be followed by `sendPayload`. */
  beginPayload(low: number): number
  /** Sends what was written, `length` bytes. false: nothing was sent; a length below 0 asks for no more. */
  sendPayload(
    length: number,
    low: number,
    generation: number,
    op: number,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): boolean
  opOf(tag: string): number
  tagOf(op: number): string
  readonly shard: number
  readonly isolate: number
  isolates(): ReadonlyArray<IsolateLoad>
}

export interface NativeSignals {
  exit(to: NativeCell, from: NativeCell | undefined, reason: ExitReason): void
  link(a: NativeCell, b: NativeCell): void
  unlink(a: NativeCell, b: NativeCell): void
  monitor(watcher: NativeCell, target: NativeCell, ref: number): void
  demonitor(watcher: NativeCell, ref: number): boolean
  watch(target: NativeCell, ref: number): void
  unwatch(ref: number): void
}

export interface NativeCensus {
  info(cell: NativeCell): NativeInfo | undefined
  account(cell: NativeCell): { readonly reductions: number; readonly millis: number } | undefined
  stats(): NativeStats
  top(n: number, by: string): ReadonlyArray<readonly [cell: NativeCell, info: NativeInfo]>
  usages(): NativeUsages
  cells(): ReadonlyArray<NativeCell>
  pids(): Float64Array
}

export interface NativeTiming {
  start(
    cell: NativeCell,
    ref: number,
    delay: number,
    repeat: boolean,
    op: number,
    payload: unknown,
    flags: number
  ): void
  cancel(cell: NativeCell, ref: number): number | undefined
}

/** One isolate's face of its Rust shard. PIDs are numbers, 0 is nobody. */
export interface NativeMembrane {
  readonly away: NativeAway
  readonly signals: NativeSignals
  readonly census: NativeCensus
  readonly timing: NativeTiming
  takePid(): boolean
  readonly takenLow: number
  readonly takenGeneration: number
  adopt(cell: NativeCell): void
  release(cell: NativeCell): void
  open(cell: NativeCell, options: NativeOpenOptions): number | undefined
  started(cell: NativeCell): void
  abandon(cell: NativeCell): void
  exitSelf(cell: NativeCell, reason: ExitReason, isOwn?: boolean): void
  finished(cell: NativeCell): void
  setFlags(cell: NativeCell, trapExit: boolean, cleanup: boolean): void
  isAlive(low: number, generation: number): boolean
  holds(cell: NativeCell): boolean
  find(pid: number): NativeCell | undefined
  send(
    low: number,
    generation: number,
    op: number,
    payload: unknown,
    fromLow: number,
    fromGeneration: number,
    flags: number
  ): Outcome
  call(
    low: number,
    generation: number,
    op: number,
    payload: unknown,
    fromLow: number,
    fromGeneration: number,
    flags: number,
    call: Call,
    timeout: number
  ): Outcome
  /** Nothing runs, and the event loop has had its turn: whoever is no actor and waits for an answer may `help`. */
  canHelp(): boolean
  /** When `canHelp` last said so. */
  readonly helpedAt: number
  /** Runs the loop on the caller's stack until the call has ended, or for a turn. */
  help(call: Call): void
  /** An asker goes on inside of what answers it; what `stepIn` is to be told. */
  stepOut(): number
  /** It is done for now; `asker`: where it is an actor of this isolate. */
  stepIn(since: number, asker: NativeCell | undefined): void
  answered(call: Call): void
  behind(cell: NativeCell, resume: () => void): void
  hasten(isWaiting: boolean): void
  readonly isBusy: boolean
  awaitRoom(cell: NativeCell, resume: () => void): () => void
  stop(cell: NativeCell, reason: ExitReason): void
  ready(cell: NativeCell, millis: number): void
  suspend(cell: NativeCell): void
  resume(cell: NativeCell): void
  defer(task: () => void, cell: NativeCell | undefined): void
  whereis(name: string): NativeCell | undefined
  pidNamed(name: string): number | undefined
  keepAlive(on: boolean): void
  readonly closed: boolean
  close(): Promise<void>
}

export interface NativeModule {
  /** Throws an error with `triple` and `tried` when no binary fits. */
  readonly load: (addon?: string) => BuffersBinding & RustBinding & { readonly openSystem: () => number }
  readonly Membrane: new(
    binding: unknown,
    options: {
      readonly maxActors: number
      readonly capacity: number
      readonly longSchedule: number
      readonly clock: ShardClock
      readonly seed: bigint | undefined
      readonly system?: number | undefined
    },
    host: ShardHost
  ) => NativeMembrane
}
