/**
 * Makes systems and closes them.
 *
 * Closing, in this order: no more spawns; all actors stopped, youngest first, each within the shutdown timeout and all
 * within the shutdown deadline; the shard closed, so that what is sent from then on is a dead letter; the system forgotten. A second close is harmless.
 */
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { ActorInfo } from "../Actor.ts"
import type { BehaviorInfo, NativeOptions, SystemInfo, SystemOptions } from "../ActorSystem.ts"
import type { DeadLetter } from "../DeadLetter.ts"
import type { IsolateId } from "../Movable.ts"
import type { SpawnOptions } from "../Self.ts"
import { InvalidOption, type IsolateUnavailable, NativeUnavailable } from "../SpawnError.ts"
import type { SystemEvent } from "../SystemEvent.ts"
import { clockOf, liveClock } from "./clock.ts"
import { statsOf } from "./figures.ts"
import { Host } from "./host.ts"
import { invalid } from "./invalid.ts"
import type { Overview, Totals } from "./isolates.ts"
import { MemoryShard } from "./memory/shard.ts"
import { registerMetrics } from "./metrics.ts"
import type { RustOptions, RustShards } from "./native/rust.ts"
import { type ResolvedOptions, resolveOptions, systemOptions } from "./options.ts"
import type { Measure, Shard, ShardClock, ShardHost, ShardOptions } from "./shard.ts"
import { cleanedUp, stopAll } from "./stop.ts"
import { topOf } from "./top.ts"

export type MakeShard = (options: ShardOptions, host: ShardHost) => Shard

/** What tests choose: their order, their clock (else Effect's), and whether payloads go through their encoded side. */
export interface Virtual {
  readonly seed: bigint | undefined
  readonly roundTrip: boolean
  readonly time?: ShardClock | undefined
}

export class SystemImpl {
  readonly "~host": Host
  readonly backend: "native" | "memory" | "test"
  readonly info: Effect.Effect<SystemInfo>
  readonly top: (n: number, by: Measure) => Effect.Effect<ReadonlyArray<ActorInfo>>
  readonly behaviors: Effect.Effect<ReadonlyArray<BehaviorInfo>>
  readonly whenGone: (isolate: number) => Effect.Effect<void>
  readonly closed: Effect.Effect<void>
  readonly deadLetters: Stream.Stream<DeadLetter>
  readonly events: Stream.Stream<SystemEvent>
  // A field, so that it can be passed on without its object.
  readonly spawnUnsafe: (behavior: unknown, args: unknown, options?: SpawnOptions) => never

  constructor(host: Host, backend: "native" | "memory" | "test") {
    this["~host"] = host
    this.backend = backend
    this.info = Effect.suspend(() =>
      Effect.map(others(host)?.totals ?? Effect.succeed(new Map<number, Totals>()), (totals) => infoOf(host, totals))
    )
    this.top = (n, by) => Effect.suspend(() => others(host)?.top(n, by) ?? Effect.succeed(topOf(host, n, by)))
    this.behaviors = Effect.suspend(() => others(host)?.behaviors ?? Effect.succeed([...host.accounts.read().values()]))
    this.whenGone = (isolate) =>
      Effect.suspend(() => {
        if (!Number.isSafeInteger(isolate) || isolate < 0) throw invalid("isolate", "the number of an isolate", isolate)
        return host.closed ? Effect.void : orphansOf(host, isolate)
      })
    this.closed = Deferred.await(host.whenClosed)
    this.deadLetters = host.letters.stream
    this.events = host.events.stream
    // The behaviour's type says what the ref understands.
    this.spawnUnsafe = (behavior, args, options) => host.spawnNow(behavior, args, options) as never
  }
}

const others = (host: Host): Overview | undefined => host.closed ? undefined : host.isolates?.overview

const orphansOf = ({ isolates }: Host, isolate: number): Effect.Effect<void> =>
  isolates === undefined || isolates.loads().some((load) => load.isolate === isolate)
    ? Effect.void
    : isolates.orphans(isolate)

const infoOf = (host: Host, totals: ReadonlyMap<number, Totals>): SystemInfo => {
  const { actors, bytes, queued } = statsOf(host)
  const { isolates } = host
  const each = isolates?.loads().map(({ isolate, isRust, live, micros, reductions, runnable }) => {
    const isHere = isolate === isolates.here
    const { bytes: held, queued: waiting } = (isHere ? { bytes, queued } : totals.get(isolate)) ?? {}
    // What this one has just done is not in its last turn yet.
    return {
      isolate: isolate as IsolateId,
      actors: isHere ? actors - 1 : live,
      language: isRust ? "rust" as const : "typescript" as const,
      runnable,
      reductions,
      millis: micros / 1000,
      queued: waiting,
      bytes: held
    }
  }) ?? []
  const sum = (column: (isolate: (typeof each)[number]) => number | undefined): number =>
    each.reduce((sum, isolate) => sum + (column(isolate) ?? 0), 0)
  return {
    actors: each.length === 0 ? actors : sum(({ actors }) => actors),
    queued: each.length === 0 ? queued : sum(({ queued }) => queued),
    bytes: each.length === 0 ? bytes : sum(({ bytes }) => bytes),
    isolates: each,
    bufferBytes: host.buffers.bytes(),
    buffersAreCopied: host.buffers.copies()
  }
}

/** The host of a system that this module made. */
export const hostOf = (system: object): Host => {
  if (system instanceof SystemImpl) return system["~host"]
  throw invalid("system", "an ActorSystem", system)
}

const resolve = (
  options: SystemOptions,
  known: ReadonlySet<string>
): Effect.Effect<ResolvedOptions, InvalidOption> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(resolveOptions(options, known))
    } catch (error) {
      return error instanceof InvalidOption ? Effect.fail(error) : Effect.die(error)
    }
  })

/** The system of several isolates that a shard joins; `boot`: by what refs of it are known, where it is open. */
export interface Joined {
  readonly system: number
  readonly boot?: string | undefined
}

export const open = (
  options: ResolvedOptions,
  backend: "native" | "memory" | "test",
  makeShard: MakeShard,
  virtual: Virtual | undefined,
  joined?: Joined
): Effect.Effect<SystemImpl, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.clockWith((clock) =>
        Effect.sync(() => {
          const time: ShardClock = virtual === undefined ? liveClock() : virtual.time ?? clockOf(clock)
          const host = new Host(
            options,
            time,
            () => clock.currentTimeMillisUnsafe(),
            virtual?.roundTrip ?? false,
            context,
            (host) =>
              makeShard({
                maxActors: options.maxActors,
                longSchedule: options.longSchedule,
                clock: time,
                seed: virtual?.seed,
                // Read later: it stands on the shard that is being made.
                get nobody() {
                  return host.nobody
                },
                get foreign() {
                  return host.foreign
                },
                system: joined?.system
              }, host),
            joined?.boot
          )
          if (options.keepAlive) host.shard.keepAlive(true)
          const system = new SystemImpl(host, backend)
          host.system = system
          return { system, unregister: registerMetrics(host, backend, context) }
        })
      )
    ),
    ({ system, unregister }) => Effect.andThen(close(system["~host"]), Effect.sync(unregister))
  ).pipe(Effect.map(({ system }) => system))

const close = (host: Host): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (host.closing) return Effect.void
    host.closing = true
    return Effect.andThen(
      endAll(host),
      Effect.suspend(() => {
        host.shard.keepAlive(false)
        const told = host.shard.close()
        host.closed = true
        host.forget()
        return told === undefined ? Effect.void : Effect.promise(() => told)
      })
    )
  })

/** All that happens in it, in the order of its end, `within` so many ms (G295); its shard is still open. */
export const endAll = (host: Host, within = host.options.shutdownDeadline): Effect.Effect<void> =>
  Effect.suspend(() => {
    host.closing = true
    const { shutdownTimeout } = host.options
    const until = host.clock.now() + within
    const agent = host.isolates?.agent
    const cells = Array.from(host.shard.cells()).filter((cell) => cell !== agent).reverse()
    const last = Effect.suspend(() =>
      Effect.forEach(host.closers.splice(0).reverse(), (close) => close, { discard: true })
    )
    // What is left of the time, of which those here may have taken any part.
    const elsewhere = Effect.suspend(() => host.isolates?.close(Math.max(0, until - host.clock.now())) ?? Effect.void)
    const here = Effect.andThen(stopAll(cells, { shutdownTimeout, shutdownDeadline: within }), cleanedUp(host))
    return Effect.andThen(here, Effect.andThen(elsewhere, last))
  })

export const makeMemory = (options: SystemOptions): Effect.Effect<SystemImpl, InvalidOption, Scope.Scope> =>
  Effect.flatMap(
    resolve(options, systemOptions.memory),
    (options) => open(options, "memory", memory, undefined)
  )

const memory: MakeShard = (options, host) => new MemoryShard(options, host)

/** How native shards are made; and systems that several of them join. */
export interface Native {
  readonly makeShard: MakeShard
  readonly openSystem: () => number
  /** Whether the addon has linked behaviours in Rust. */
  readonly hasBehaviors: () => boolean
  /** Throws when one of them does not start. */
  readonly startRust: (options: RustOptions) => RustShards
}

/** What an addon offers, the program's own or that of the platform. */
export const loadAddonFrom = (addon: string | undefined): Effect.Effect<Native, NativeUnavailable> =>
  Effect.tryPromise({
    try: async () => {
      const module = await import("./native/load.ts")
      return await module.loadNative(addon)
    },
    catch: (error) => {
      const { tried, triple } = (typeof error === "object" && error !== null ? error : {}) as {
        readonly triple?: unknown
        readonly tried?: unknown
      }
      return new NativeUnavailable({
        triple: typeof triple === "string" ? triple : "unknown",
        tried: Array.isArray(tried) ? tried.map(String) : [error instanceof Error ? error.message : String(error)]
      })
    }
  })

/** What the platform's addon offers, where it is. */
export const loadAddon: Effect.Effect<Native, NativeUnavailable> = loadAddonFrom(undefined)

/** The first half of it: what systems of one isolate need. */
export const loadNative: Effect.Effect<MakeShard, NativeUnavailable> = Effect.map(
  loadAddon,
  ({ makeShard }) => makeShard
)

export const makeNative = (
  options: NativeOptions
): Effect.Effect<SystemImpl, NativeUnavailable | InvalidOption | IsolateUnavailable, Scope.Scope> =>
  Effect.gen(function*() {
    const resolved = yield* resolve(options, systemOptions.native)
    const native = yield* loadAddonFrom(resolved.addon)
    if (resolved.rustShards > 0 && !native.hasBehaviors()) {
      const issue = "the addon has no behaviours in Rust: build one that has, and name it by the option addon"
      return yield* new InvalidOption({ option: "rustShards", issue })
    }
    if (resolved.isolates === 0 && resolved.rustShards === 0) {
      return yield* open(resolved, "native", native.makeShard, undefined)
    }
    const { openFleet } = yield* Effect.promise(() => import("./isolate/fleet.ts"))
    return yield* openFleet(resolved, native)
  })

export const makeTest = (
  options: SystemOptions & { readonly seed: bigint; readonly backend?: "memory" | "native" | undefined }
): Effect.Effect<SystemImpl, NativeUnavailable | InvalidOption, Scope.Scope> =>
  Effect.gen(function*() {
    const resolved = yield* resolve(options, systemOptions.test)
    const { backend = "memory", seed } = options
    if (typeof seed !== "bigint" || seed < 0n || seed >= 1n << 64n) {
      return yield* invalid("seed", "a bigint of 64 bits", seed)
    }
    if (backend !== "memory" && backend !== "native") {
      return yield* invalid("backend", "memory or native", backend)
    }
    const makeShard: MakeShard = backend === "native"
      ? yield* loadNative
      : memory
    return yield* open(resolved, "test", makeShard, { seed, roundTrip: true })
  })

/** A system as a test wants it: `makeShard` may put something between shard and host. */
export const makeOver = (
  options: SystemOptions,
  makeShard: MakeShard,
  virtual: Virtual
): Effect.Effect<SystemImpl, InvalidOption, Scope.Scope> =>
  Effect.flatMap(resolve(options, systemOptions.memory), (options) => open(options, "test", makeShard, virtual))
