/**
 * The actor as it sees itself.
 *
 * Its own shard, its own turn: every member is synchronous. One object per actor, made when a handler first asks for
 * it; an actor whose handlers take two arguments has none.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import * as Context from "effect/Context"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type { ActorRef, AnyRef, Recipient } from "./ActorRef.ts"
import type { Behavior } from "./Behavior.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { MonitorRef } from "./ExitSignal.ts"
import type { Mailbox } from "./Mailbox.ts"
import type { Message } from "./Message.ts"
import type { Pid } from "./Pid.ts"
import type { SpawnError } from "./SpawnError.ts"
import type { TellOutcome } from "./TellError.ts"

/**
 * Names one timer of one actor.
 *
 * @category models
 * @since 0.1.0
 */
export type TimerRef = number & Brand.Brand<"~myrmidon/TimerRef">

/**
 * @category models
 * @since 0.1.0
 */
export interface SpawnOptions {
  /** Taken in the same step; fails with `NameTaken`, and then nothing was started. */
  readonly name?: string | undefined
  readonly mailbox?: Mailbox | undefined
  /** How long an `init` that is an Effect may take. No limit by default. */
  readonly initTimeout?: Duration.Input | undefined
  /**
   * Messages of a slice at most, from 1 to 64; 64 by default. Whoever has less is passed by the others more often, when
   * all are flooded: a weight. How long a slice takes is bounded for all alike, whatever the budget.
   *
   * **Example** (A flooded actor gives way after each message)
   *
   * ```ts import.meta.vitest
   * import { Actor, ActorSystem } from "@myrmidonjs/actor"
   * import { Effect, Schema } from "effect"
   * import { Rpc } from "effect/rpc"
   *
   * const Work = Actor.make("Work", [Rpc.make("Do", { payload: Schema.String })])
   * const order: Array<string> = []
   * const WorkLive = Work.behavior({ init: () => null, handlers: { Do: (_, what) => void order.push(what) } })
   * const program = Effect.gen(function*() {
   *   const system = yield* ActorSystem
   *   const bulk = system.spawnUnsafe(WorkLive, undefined, { budget: 1 })
   *   const light = system.spawnUnsafe(WorkLive, undefined)
   *   for (const what of ["b1", "b2", "b3"]) bulk.tellUnsafe(Work.messages.Do(what))
   *   for (const what of ["l1", "l2"]) light.tellUnsafe(Work.messages.Do(what))
   *   yield* Actor.stop(bulk)
   *   return order
   * })
   *
   * await Effect.runPromise(Effect.provide(program, ActorSystem.layerMemory())) // => ["b1", "l1", "l2", "b2", "b3"]
   * ```
   */
  readonly budget?: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface ChildOptions extends SpawnOptions {
  /** Linked to its parent from its first moment; true by default. */
  readonly link?: boolean | undefined
  /** Watched by its parent from its first moment (`signals.down`); false by default. */
  readonly monitor?: boolean | undefined
  /**
   * Called once when it has ended, outside of any actor's turn, whatever became of its links: for a parent of so many
   * that a link or a watch of each is too much. Of an `init` that failed its starter hears alone. Must not throw. The
   * `stack` of a crash becomes a plain field when it is first read (G271).
   */
  readonly onEnd?: ((ref: AnyRef, reason: ExitReason) => void) | undefined
}

/**
 * The third argument of a handler.
 *
 * @category models
 * @since 0.1.0
 */
export interface Self<in out Rpcs extends Rpc.Any, in out State> extends Self.Starting<Rpcs> {
  /** The current state, also after a suspension. */
  readonly state: State
  /** Replaces the state (primitives, immutable style); mutating needs it not. */
  readonly setState: (next: State) => void
  /** Other handlers, same state, from the next message on. Its `R` must be provided first: `Actor.provide`. */
  readonly become: <New extends Rpc.Any, Args>(
    behavior: Behavior<New, Args, State> & Behavior.Compatible<Rpcs, New>
  ) => void
  /** The handler's asker gets the answer of `to`; only useful as the handler's result. */
  readonly forward: <Other extends Rpc.Any, Tag extends Message.UnaryTag<Other>>(
    to: Recipient<Other>,
    message: Message.Of<Other, Tag>
  ) => Forwarded<Rpc.Success<Message.ByTag<Other, Tag>>, Rpc.Error<Message.ByTag<Other, Tag>>>
}

/**
 * The asker now waits for someone else. Only `self.forward` makes one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Forwarded<out A, out E> {
  readonly "~myrmidon/Forwarded": { readonly success: () => A; readonly error: () => E }
}

/**
 * @since 0.1.0
 */
export declare namespace Self {
  /**
   * What needs no protocol: the shape of the `CurrentActor` service.
   *
   * @category models
   * @since 0.1.0
   */
  export interface Any {
    readonly pid: Pid
    readonly name: string | undefined
    /** Who sent the message in hand, when that was an actor. */
    readonly sender: Pid | undefined
    /**
     * Ends this actor; the handler that runs is its last, and its reply still goes out. `Normal` by default. Throws
     * `InvalidOption` for what is no `ExitReason`.
     */
    readonly stop: (reason?: ExitReason) => void
    /**
     * Sync, with this actor as the sender; the outcome says what became of it. A full mailbox that holds senders
     * (`suspend`) takes it, and holds this actor before its next message.
     */
    readonly send: <Other extends Rpc.Any>(to: Recipient<Other>, message: Message.Unary<Other>) => TellOutcome
    /**
     * Either one's failure ends the other, unless its behaviour has `signals.exit`. Of one that is gone the signal comes
     * at once.
     */
    readonly link: (ref: AnyRef) => void
    /** Neither hears of the other's end any more. */
    readonly unlink: (ref: AnyRef) => void
    /** Its one `Down` arrives at `signals.down`. */
    readonly monitor: (ref: AnyRef) => MonitorRef
    /** true: no Down of it was or will be delivered. */
    readonly demonitor: (monitor: MonitorRef) => boolean
    /** Milliseconds that were left, or undefined when it has fired. */
    readonly cancel: (timer: TimerRef) => number | undefined
    /** A child linked to this actor. */
    readonly spawn: <Rpcs extends Rpc.Any, Args, State, E, R>(
      behavior: Behavior<Rpcs, Args, State, E, R>,
      args: Args,
      options?: ChildOptions
    ) => Effect.Effect<ActorRef<Rpcs>, E | SpawnError, R>
    /**
     * `spawn`, begun at once: the ref of a child that has started, else the Effect that waits for its `init`, or says how
     * it failed. That is to be run; interrupted, the child never was. For a parent of very many: a plain `init` takes
     * no fiber. Throws `SpawnError`.
     */
    readonly begin: <Rpcs extends Rpc.Any, Args, State, E>(
      behavior: Behavior<Rpcs, Args, State, E>,
      args: Args,
      options?: ChildOptions
    ) => ActorRef<Rpcs> | Effect.Effect<ActorRef<Rpcs>, E | SpawnError>
    /** Sync, for behaviours that need nothing and cannot fail; throws `SpawnError`. */
    readonly spawnUnsafe: <Rpcs extends Rpc.Any, Args, State>(
      behavior: Behavior<Rpcs, Args, State>,
      args: Args,
      options?: ChildOptions
    ) => ActorRef<Rpcs>
  }
  /**
   * In `init`: everything but the state that does not exist yet.
   *
   * @category models
   * @since 0.1.0
   */
  export interface Starting<in out Rpcs extends Rpc.Any> extends Any {
    readonly ref: ActorRef<Rpcs>
    /** A message to itself, behind what is queued. */
    readonly tell: (message: Message.Unary<Rpcs>) => TellOutcome
    /** Handled before anything queued: the second half of a long `init`. */
    readonly next: (message: Message.Unary<Rpcs>) => void
    /** Once, after so long; `cancel` takes it back. It ends with the actor. */
    readonly after: (delay: Duration.Input, message: Message.Unary<Rpcs>) => TimerRef
    /** At a time of the wall clock; at once when that has passed. */
    readonly at: (time: DateTime.DateTime.Input, message: Message.Unary<Rpcs>) => TimerRef
    /** Again and again, the first time after one interval, until `cancel` or its end. */
    readonly every: (interval: Duration.Input, message: Message.Unary<Rpcs>) => TimerRef
  }
}

/**
 * The running actor, for Effects below a handler. In the context once per actor; costs nothing per message.
 *
 * **Example** (Who runs this)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, CurrentActor } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const whoami = Effect.map(CurrentActor, (self) => self.pid)
 * const Worker = Actor.make("Worker", [Rpc.make("Who", { success: Schema.Number })])
 * const WorkerLive = Worker.behavior({ init: () => 0, handlers: { Who: () => whoami } })
 * const program = Effect.gen(function*() {
 *   const worker = yield* WorkerLive.spawn()
 *   return (yield* worker.ask(Worker.messages.Who())) === worker.pid
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => true
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class CurrentActor extends Context.Service<CurrentActor, Self.Any>()("@myrmidonjs/actor/CurrentActor") {}
