/**
 * The actor as its own handlers see it: their third argument, `self`.
 *
 * Every member is synchronous, since a handler runs on the actor's own thread, in its turn. There is one object for
 * each actor, made when a handler first takes it.
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
  /** A name by which others find it (`Actor.whereis`). If an actor has it, the spawn fails with `NameTaken`. */
  readonly name?: string | undefined
  /** The bound of its mailbox: see `Mailbox`. */
  readonly mailbox?: Mailbox | undefined
  /** How long an `init` that is an Effect may take. No limit by default. */
  readonly initTimeout?: Duration.Input | undefined
  /**
   * How many messages it may handle in a row while other actors wait: 1 to 64, 64 by default. Where all have more
   * messages than they can handle, this is its weight among them. (The time in a row is bounded for all alike.)
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
  /** Whether it is linked to its parent from its first moment: true by default. */
  readonly link?: boolean | undefined
  /** Whether its parent monitors it from its first moment (`signals.down`): false by default. */
  readonly monitor?: boolean | undefined
  /**
   * Called once when the child has ended, outside of any actor's turn. For a parent of so many children that a link or
   * a monitor for each costs too much. Not called for a child whose `init` failed: its spawn has failed. Must not
   * throw. The `stack` of a crash becomes a plain field when it is first read (G271).
   */
  readonly onEnd?: ((ref: AnyRef, reason: ExitReason) => void) | undefined
}

/**
 * The third argument of a handler: the actor itself.
 *
 * @category models
 * @since 0.1.0
 */
export interface Self<in out Rpcs extends Rpc.Any, in out State> extends Self.Starting<Rpcs> {
  /** The state as it is now. (A handler's first argument is the state when the handler began.) */
  readonly state: State
  /** Replaces the state: for a state that is a primitive or immutable. An object may be mutated instead. */
  readonly setState: (next: State) => void
  /**
   * Handles messages by another behaviour from the next one on, with the same state. `Actor.provide` gives it its
   * services.
   */
  readonly become: <New extends Rpc.Any, Args>(
    behavior: Behavior<New, Args, State> & Behavior.Compatible<Rpcs, New>
  ) => void
  /** Lets `to` reply in place of this actor. To be returned by the handler. */
  readonly forward: <Other extends Rpc.Any, Tag extends Message.UnaryTag<Other>>(
    to: Recipient<Other>,
    message: Message.Of<Other, Tag>
  ) => Forwarded<Rpc.Success<Message.ByTag<Other, Tag>>, Rpc.Error<Message.ByTag<Other, Tag>>>
}

/**
 * What `self.forward` returns, for a handler to return: another actor replies to its asker.
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
    /** The PID of the actor that sent the message which is handled; undefined when it was none. */
    readonly sender: Pid | undefined
    /**
     * Ends this actor behind the handler that runs, whose reply still goes out. The reason is `Normal` by default; what
     * is no `ExitReason` throws `InvalidOption`.
     */
    readonly stop: (reason?: ExitReason) => void
    /**
     * Sends a message from this actor; the outcome says what became of it. A full mailbox whose policy is `suspend`
     * takes it, and this actor gets no further message until there is room.
     */
    readonly send: <Other extends Rpc.Any>(to: Recipient<Other>, message: Message.Unary<Other>) => TellOutcome
    /**
     * Links this actor with another one: when either ends abnormally, the other ends too, unless its behaviour handles
     * it (`signals.exit`). If the other one has ended already, the signal comes at once.
     */
    readonly link: (ref: AnyRef) => void
    /** Ends a link: neither hears of the other's end any more. */
    readonly unlink: (ref: AnyRef) => void
    /** Monitors another actor: when that ends, `signals.down` is called, once. */
    readonly monitor: (ref: AnyRef) => MonitorRef
    /** Ends a monitor. true: its `Down` was not delivered, and will not be. */
    readonly demonitor: (monitor: MonitorRef) => boolean
    /** Cancels a timer. Returns the milliseconds that were left, or undefined when it had fired. */
    readonly cancel: (timer: TimerRef) => number | undefined
    /**
     * Starts a child, linked to this actor unless the options say otherwise. Succeeds when the child's `init` is done.
     */
    readonly spawn: <Rpcs extends Rpc.Any, Args, State, E, R>(
      behavior: Behavior<Rpcs, Args, State, E, R>,
      args: Args,
      options?: ChildOptions
    ) => Effect.Effect<ActorRef<Rpcs>, E | SpawnError, R>
    /**
     * `spawn` for a parent of very many children: begins at once, and returns the child's ref where `init` is done
     * then, so that a plain `init` needs no fiber. Else it returns an Effect that waits for `init` and has to be run;
     * when it is interrupted, the child never was. Throws `SpawnError`.
     */
    readonly begin: <Rpcs extends Rpc.Any, Args, State, E>(
      behavior: Behavior<Rpcs, Args, State, E>,
      args: Args,
      options?: ChildOptions
    ) => ActorRef<Rpcs> | Effect.Effect<ActorRef<Rpcs>, E | SpawnError>
    /**
     * `spawn` without an Effect, for behaviours that need no services and whose `init` cannot fail. Throws
     * `SpawnError`.
     */
    readonly spawnUnsafe: <Rpcs extends Rpc.Any, Args, State>(
      behavior: Behavior<Rpcs, Args, State>,
      args: Args,
      options?: ChildOptions
    ) => ActorRef<Rpcs>
  }
  /**
   * The second argument of `init`: `Self` without the state, which does not exist yet.
   *
   * @category models
   * @since 0.1.0
   */
  export interface Starting<in out Rpcs extends Rpc.Any> extends Any {
    readonly ref: ActorRef<Rpcs>
    /** Sends this actor a message, behind what is in its mailbox. */
    readonly tell: (message: Message.Unary<Rpcs>) => TellOutcome
    /**
     * Sends this actor a message ahead of all that is in its mailbox: for example, the second half of a long `init`.
     */
    readonly next: (message: Message.Unary<Rpcs>) => void
    /** Sends this actor a message after `delay`, unless `cancel` takes it back or the actor ends before. */
    readonly after: (delay: Duration.Input, message: Message.Unary<Rpcs>) => TimerRef
    /** The same at a time of the wall clock; at once when that has passed. */
    readonly at: (time: DateTime.DateTime.Input, message: Message.Unary<Rpcs>) => TimerRef
    /** Sends this actor a message every `interval`, first after one interval, until `cancel` or its end. */
    readonly every: (interval: Duration.Input, message: Message.Unary<Rpcs>) => TimerRef
  }
}

/**
 * The actor whose handler runs, as a service: for functions that a handler calls, which have no `self`.
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
