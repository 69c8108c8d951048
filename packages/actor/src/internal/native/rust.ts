/**
 * Actors in Rust, as TypeScript asks about them: on worker shards of the same system, with no agent of their own.
 */
import * as Effect from "effect/Effect"
import type { ActorInfo } from "../../Actor.ts"
import type { BehaviorInfo } from "../../ActorSystem.ts"
import type { Pid } from "../../Pid.ts"
import type { RemoteInfo } from "../isolates.ts"
import type { Measure } from "../shard.ts"
import type { NativeInfo } from "./membrane.ts"

export interface RustOptions {
  readonly system: number
  readonly shards: number
  readonly maxActors: number
  readonly mailbox: number
  readonly bufferBytes: number
}

export interface RustShards {
  close(within: number): Promise<{ readonly killed: number; readonly stuck: number }>
}

/** What of the addon is about them. */
export interface RustBinding {
  hasBehaviors(): boolean
  readonly RustShards: new(options: RustOptions) => RustShards
  isRustShard(shard: number): boolean
  rustInfo(low: number, generation: number, within: number): Promise<RustInfo | null>
  rustHold(low: number, generation: number, hold: boolean, within: number): Promise<boolean>
  rustTop(
    shards: ReadonlyArray<number>,
    n: number,
    by: Measure,
    within: number
  ): Promise<ReadonlyArray<ReadonlyArray<RustInfo> | null>>
  rustBehaviors(
    shards: ReadonlyArray<number>,
    within: number
  ): Promise<ReadonlyArray<ReadonlyArray<RustBehavior> | null>>
  rustReaderGone(shard: number, isolate: number, stream: number): void
  tagMoves(number: number): void
  announce(system: number, low: number, generation: number, spoken: string): void
  spokenBy(system: number, name: string): { readonly pid: number; readonly spoken: string } | null
}

interface RustInfo {
  readonly info: NativeInfo & { readonly pid: number; readonly name?: string }
  readonly protocol: string
  readonly fingerprint: string
  readonly behavior: string
}

interface RustBehavior {
  readonly protocol: string
  readonly behavior: string
  readonly actors: number
  readonly reductions: number
  readonly micros: number
  readonly mailbox: number
  readonly memory: number
}

const lowOf = (pid: number): number => pid % 4294967296
const generationOf = (pid: number): number => Math.floor(pid / 4294967296)

/** Its shard has not answered in time. */
const silent = { _tag: "Silent" } as const

/** What an isolate asks about them; `within` in ms. */
export interface Rust {
  readonly has: (pid: Pid) => boolean
  /** `undefined`: it has ended. */
  readonly info: (pid: Pid, within: number) => Effect.Effect<RemoteInfo | undefined, typeof silent>
  /** false: it has ended. */
  readonly setSuspended: (pid: Pid, suspended: boolean, within: number) => Effect.Effect<boolean, typeof silent>
  /** The reader of a stream of this actor has gone: by its isolate, and its number there. */
  readonly readerGone: (pid: Pid, isolate: number, stream: number) => void
  /** Of each of these shards; `undefined`: it has not answered in time. */
  readonly top: (
    shards: ReadonlyArray<number>,
    n: number,
    by: Measure,
    within: number
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<ActorInfo> | undefined>, typeof silent>
  readonly behaviors: (
    shards: ReadonlyArray<number>,
    within: number
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<BehaviorInfo> | undefined>, typeof silent>
}

// A type of actors is a version: what is swapped there for another one has another account.
const titleOf = ({ behavior, protocol }: { readonly protocol: string; readonly behavior: string }) => ({
  protocol: protocol === "" ? "no protocol of TypeScript" : protocol,
  version: `rust ${behavior}`
})

const infoOf = (found: RustInfo): RemoteInfo => {
  const { held, links, mailbox, memory, micros, name, reductions, status } = found.info
  return {
    ...titleOf(found),
    name,
    status: status as RemoteInfo["status"],
    mailbox,
    held,
    reductions,
    millis: micros / 1000,
    memory,
    links
  }
}

const behaviorOf = (
  { actors, behavior, mailbox, memory, micros, protocol, reductions }: RustBehavior
): BehaviorInfo => ({
  ...titleOf({ behavior, protocol }),
  actors,
  reductions,
  millis: micros / 1000,
  mailbox,
  memory
})

const inTime = <A>(ask: () => Promise<A>): Effect.Effect<A, typeof silent> =>
  Effect.tryPromise({ try: ask, catch: () => silent })

export const rustOf = (binding: RustBinding): Rust => ({
  has: (pid) => binding.isRustShard(lowOf(pid) >>> 24),
  info: (pid, within) =>
    Effect.map(
      inTime(() => binding.rustInfo(lowOf(pid), generationOf(pid), within)),
      (found) =>
        found === null
          ? undefined
          : { ...infoOf(found), fingerprint: found.fingerprint === "" ? undefined : found.fingerprint }
    ),
  top: (shards, n, by, within) =>
    Effect.map(inTime(() => binding.rustTop(shards, n, by, within)), (all) =>
      all.map((found) =>
        found?.map((each) => ({
          ...infoOf(each),
          pid: each.info.pid as Pid,
          links: each.info.links as ReadonlyArray<Pid>
        }))
      )),
  behaviors: (shards, within) =>
    Effect.map(
      inTime(() => binding.rustBehaviors(shards, within)),
      (all) => all.map((found) => found?.map(behaviorOf))
    ),
  readerGone: (pid, isolate, stream) => binding.rustReaderGone(lowOf(pid) >>> 24, isolate, stream),
  setSuspended: (pid, suspended, within) =>
    inTime(() => binding.rustHold(lowOf(pid), generationOf(pid), suspended, within))
})
