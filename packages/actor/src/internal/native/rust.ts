/**
 * Actors in Rust, as TypeScript asks about them: on worker shards of the same system, with no agent of their own.
 */
import * as Effect from "effect/Effect"
import type { Pid } from "../../Pid.ts"
import type { RemoteInfo } from "../isolates.ts"
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
  rustInfo(
    low: number,
    generation: number,
    within: number
  ): Promise<{ readonly info: NativeInfo & { readonly name?: string }; readonly protocol: string } | null>
  rustHold(low: number, generation: number, hold: boolean, within: number): Promise<boolean>
  tagMoves(number: number): void
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
  readonly hold: (pid: Pid, hold: boolean, within: number) => Effect.Effect<boolean, typeof silent>
}

const inTime = <A>(ask: () => Promise<A>): Effect.Effect<A, typeof silent> =>
  Effect.tryPromise({ try: ask, catch: () => silent })

export const rustOf = (binding: RustBinding): Rust => ({
  has: (pid) => binding.isRustShard(lowOf(pid) >>> 24),
  info: (pid, within) =>
    Effect.map(inTime(() => binding.rustInfo(lowOf(pid), generationOf(pid), within)), (found) => {
      if (found === null) return undefined
      const { links, mailbox, memory, micros, name, reductions, status } = found.info
      return {
        name,
        protocol: found.protocol === "" ? "no protocol of TypeScript" : found.protocol,
        version: "rust",
        status: status as RemoteInfo["status"],
        mailbox,
        reductions,
        millis: micros / 1000,
        memory,
        links
      }
    }),
  hold: (pid, hold, within) => inTime(() => binding.rustHold(lowOf(pid), generationOf(pid), hold, within))
})
