/**
 * The actor system: the runtime in which actors live, as a service with a Layer for each way to run it.
 *
 * `layer` is the native system in Rust, `layerMemory` its twin in plain TypeScript, `layerTest` either of them with
 * virtual time and a seeded order. Programs behave alike on all: the same conformance suite runs on each.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Stream from "effect/Stream"
import type { ActorInfo } from "./Actor.ts"
import type { ActorRef } from "./ActorRef.ts"
import type { Behavior } from "./Behavior.ts"
import type { DeadLetter } from "./DeadLetter.ts"
import { invalid } from "./internal/invalid.ts"
import { makeMemory, makeNative, makeTest } from "./internal/system.ts"
import type { Mailbox } from "./Mailbox.ts"
import type { IsolateId } from "./Movable.ts"
import type { SpawnOptions } from "./Self.ts"
import type { InvalidOption, IsolateUnavailable, NativeUnavailable } from "./SpawnError.ts"
import type { SystemEvent } from "./SystemEvent.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface SystemOptions {
  /** How many actors may be alive at the same time: 1,000,000 by default, 16,777,215 at most. */
  readonly maxActors?: number | undefined
  /** How many bytes all `SharedBuffer`s together may have, in all isolates: 1 GiB by default, 1 TiB at most. */
  readonly maxBufferBytes?: number | undefined
  /** The mailbox of actors whose spawn and behaviour say nothing: 65,536 messages and `reject` by default. */
  readonly mailbox?: Mailbox | undefined
  /**
   * How long an actor may take to stop when its scope or the system closes, before it is killed. 5 seconds by default.
   */
  readonly shutdownTimeout?: Duration.Input | undefined
  /**
   * How long all actors of a scope, or of the system, may take to stop together: they stop one after the other, the
   * youngest first. Then those that are left are killed, and reported by the event `ShutdownOverdue`. 20 seconds by
   * default, or `shutdownTimeout` if that is longer; `Duration.infinity` for no limit. A supervisor's children have
   * limits of their own.
   */
  readonly shutdownDeadline?: Duration.Input | undefined
  /**
   * A handler that runs longer than this without a pause is reported by the event `LongSchedule`. 100 ms by default.
   */
  readonly longSchedule?: Duration.Input | undefined
  /**
   * Whether payloads and replies inside an isolate are checked against their schema: only in `layerTest` by default.
   */
  readonly validate?: boolean | undefined
  /**
   * Whether the process stays alive while the system is open. Without it (the default) the process may end when no
   * actor has anything to do, no timer is armed and no ask is pending.
   */
  readonly keepAlive?: boolean | undefined
  /**
   * Called with every dead letter, at once. (The stream `deadLetters` loses some when its reader is slow.) Dead letters
   * of worker isolates come a little later, in order. Must not throw.
   */
  readonly onDeadLetter?: ((letter: DeadLetter) => void) | undefined
}

/**
 * Options of the native system.
 *
 * @category models
 * @since 0.1.0
 */
export interface NativeOptions extends SystemOptions {
  /** How many worker isolates run beside this one, each on a thread of its own: 0 by default, 128 at most. */
  readonly isolates?: number | undefined
  /**
   * How many threads run actors that are written in Rust: 0 by default, 64 at most. They need an `addon` with such
   * actors: see `examples/native-addon`.
   */
  readonly rustShards?: number | undefined
  /**
   * The path, or `file:` URL, of an addon of your own: the runtime with your actors in Rust. This system loads it in
   * place of the runtime's own, in all its isolates.
   */
  readonly addon?: string | undefined
  /**
   * A worker isolate that gives no sign of life for so long is reported: event `IsolateSilent`. 5 seconds by default.
   */
  readonly isolateSilence?: Duration.Input | undefined
  /** The same while an isolate imports a module, which may block its thread. 1 minute, and never below the other. */
  readonly importSilence?: Duration.Input | undefined
}

/**
 * One isolate of a system. Its figures are those of its last turn.
 *
 * @category models
 * @since 0.1.0
 */
export interface IsolateInfo {
  /** 0 is the one that opened the system; `spawnOn` takes it. */
  readonly isolate: IsolateId
  /** `rust`: one of the system's `rustShards`. */
  readonly language: "typescript" | "rust"
  readonly actors: number
  /** Actors that wait for their turn. */
  readonly runnable: number
  /** Messages handled, ever. */
  readonly reductions: number
  /** ms that its handlers took, ever: what `spawnOn` goes by. */
  readonly millis: number
  /** Messages in its mailboxes; undefined, as `bytes`: it did not answer within a second, or is one of `rustShards`. */
  readonly queued: number | undefined
  /** Memory of the runtime's own tables there, as far as it knows. */
  readonly bytes: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface SystemInfo {
  /** Of all isolates. */
  readonly actors: number
  /** Messages in mailboxes, of all isolates that answer within a second. */
  readonly queued: number
  /** Memory of the runtime's own tables, as far as it knows; of the same. */
  readonly bytes: number
  /** Of a system with worker isolates or Rust shards: all that are alive, this one included. Else empty. */
  readonly isolates: ReadonlyArray<IsolateInfo>
  /** Bytes of `SharedBuffer`s that were allocated and not released, in all isolates. */
  readonly bufferBytes: number
  /**
   * The platform refuses external memory, so that each view of a buffer is a copy: known from the system's start
   * (G228).
   */
  readonly buffersAreCopied: boolean
}

/**
 * What the actors of one version of a behaviour use: the living, and in `reductions` and `millis` also those that have
 * ended, so that these two never shrink.
 *
 * @category models
 * @since 0.1.0
 */
export interface BehaviorInfo {
  readonly protocol: string
  readonly version: string
  /** That live now. */
  readonly actors: number
  /** Messages handled. */
  readonly reductions: number
  /** ms of handler time. */
  readonly millis: number
  /** Messages that wait. */
  readonly mailbox: number
  /** Bytes that the runtime holds for them: see `ActorInfo`. */
  readonly memory: number
}

// `Config.unwrap` touches whatever it is given.
const wrapped = <A>(options: A): A => {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return options
  throw invalid("options", "an object of Configs", options)
}

/**
 * The actor system, as a service that one of its Layers provides: `layer`, `layerMemory`, `layerTest`, `layerConfig`.
 *
 * **Example** (Spawning without Effect)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Echo = Actor.make("Echo", [Rpc.make("Say", { payload: Schema.String, success: Schema.String })])
 * const EchoLive = Echo.behavior({ init: () => null, handlers: { Say: (_, text) => text } })
 * const program = Effect.flatMap(ActorSystem, (system) =>
 *   system.spawnUnsafe(EchoLive, undefined).ask(Echo.messages.Say("hello")))
 *
 * await Effect.runPromise(Effect.provide(program, ActorSystem.layerMemory())) // => "hello"
 * ```
 *
 * **Example** (Who uses most, and what a behaviour has used in all)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Echo = Actor.make("Echo", [Rpc.make("Say", { payload: Schema.String, success: Schema.String })])
 * const EchoLive = Echo.behavior({ init: () => null, handlers: { Say: (_, text) => text } })
 * const program = Effect.gen(function*() {
 *   const system = yield* ActorSystem
 *   const quiet = system.spawnUnsafe(EchoLive, undefined, { name: "quiet" })
 *   const busy = system.spawnUnsafe(EchoLive, undefined, { name: "busy" })
 *   yield* quiet.ask(Echo.messages.Say("one"))
 *   yield* busy.ask(Echo.messages.Say("two"))
 *   yield* busy.ask(Echo.messages.Say("three"))
 *   const top = yield* system.top(1, "reductions")
 *   yield* Actor.stop(busy)
 *   const [echo] = yield* system.behaviors
 *   return [top[0]?.name, echo?.protocol, echo?.actors, echo?.reductions]
 * })
 *
 * await Effect.runPromise(Effect.provide(program, ActorSystem.layerMemory())) // => ["busy", "Echo", 1, 3]
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class ActorSystem extends Context.Service<ActorSystem, {
  readonly backend: "native" | "memory" | "test"
  /**
   * Spawns an actor without an Effect, for code that has none or spawns very many. No `Scope` stops the actor. Throws
   * `SpawnError`.
   */
  readonly spawnUnsafe: <Rpcs extends Rpc.Any, Args, State>(
    behavior: Behavior<Rpcs, Args, State>,
    args: Args,
    options?: SpawnOptions
  ) => ActorRef<Rpcs>
  readonly info: Effect.Effect<SystemInfo>
  /**
   * The `n` living actors (1 to 10,000) that have most of something, the highest first, ties by PID. One look at all
   * actors, none at any when nobody asks. Of all isolates: one that does not answer within a second is left out, with a
   * warning that names it; actors in Rust are not among them. Empty once the system is closed.
   */
  readonly top: (
    n: number,
    by: "reductions" | "time" | "mailbox" | "memory"
  ) => Effect.Effect<ReadonlyArray<ActorInfo>>
  /**
   * The accounts of all behaviours, by protocol and version, in the order in which they were first spawned; of all
   * isolates, as `top`. What an isolate had used when it was last read stays when it ends. Also as the metrics
   * `myrmidon_behavior_actors`, `_reductions`, `_millis`, `_mailbox` and `_memory` of the latest 64, where those of
   * other isolates are as old as their last report (G226).
   */
  readonly behaviors: Effect.Effect<ReadonlyArray<BehaviorInfo>>
  /**
   * Done when nobody is left of what an isolate that has ended had started in other isolates: those actors end with it,
   * and some take their time. An isolate that does not answer is not waited for. Of one that lives, and without worker
   * isolates, it is done at once.
   */
  readonly whenGone: (isolate: number) => Effect.Effect<void>
  /** Done when the system has closed: all its actors have ended, and nothing more is told. */
  readonly closed: Effect.Effect<void>
  /** Ends with the system. Bounded: a slow reader loses letters, which the metric `myrmidon_dropped_letters` counts. */
  readonly deadLetters: Stream.Stream<DeadLetter>
  /** Ends with the system. Bounded: a slow reader loses events, which the metric `myrmidon_dropped_events` counts. */
  readonly events: Stream.Stream<SystemEvent>
}>()("@myrmidonjs/actor/ActorSystem") {
  /**
   * The native system, whose runtime is in Rust; `{ isolates: 4 }` runs actors on four more threads. Needs
   * `@myrmidonjs/core-native` with a binary for the platform, else it fails with `NativeUnavailable`.
   */
  static readonly layer = (
    options: NativeOptions = {}
  ): Layer.Layer<ActorSystem, NativeUnavailable | InvalidOption | IsolateUnavailable> =>
    Layer.effect(ActorSystem, Effect.map(makeNative(options), (system) => ActorSystem.of(system)))

  /** The twin: the same system in plain TypeScript, on one thread, also for browsers and edge runtimes. */
  static readonly layerMemory = (options: SystemOptions = {}): Layer.Layer<ActorSystem, InvalidOption> =>
    Layer.effect(ActorSystem, Effect.map(makeMemory(options), (system) => ActorSystem.of(system)))

  /**
   * A system for tests, on the twin unless `backend` is "native". Time is virtual (`TestClock.adjust` moves it), and
   * the order in which actors run is drawn from `seed`: the same seed, the same order. Payloads and replies are encoded
   * and decoded, so that a program that works only by reference fails here and not between isolates.
   *
   * The clock is the one that is there when the system is opened: `it.effect` of `@effect/vitest` brings a `TestClock`,
   * elsewhere `Layer.provideMerge(ActorSystem.layerTest({ seed }), TestClock.layer())` does. Without one time is real.
   */
  static readonly layerTest = (
    options: SystemOptions & { readonly seed: bigint; readonly backend?: "memory" | "native" | undefined }
  ): Layer.Layer<ActorSystem, NativeUnavailable | InvalidOption> =>
    Layer.effect(ActorSystem, Effect.map(makeTest(options), (system) => ActorSystem.of(system)))

  /** `layer` with its options read from the configuration. */
  static readonly layerConfig = (
    options: Config.Wrap<NativeOptions>
  ): Layer.Layer<ActorSystem, NativeUnavailable | InvalidOption | IsolateUnavailable | Config.ConfigError> =>
    Layer.effect(
      ActorSystem,
      Effect.flatMap(
        Effect.suspend(() => Config.unwrap(wrapped(options))),
        (options) => Effect.map(makeNative(options), (system) => ActorSystem.of(system))
      )
    )
}
