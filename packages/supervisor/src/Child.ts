/**
 * Children as values: what a supervisor's list is made of.
 *
 * @since 0.1.0
 */
import type { ActorRef, ActorSystem, AnyRef, AskError, Pid, SpawnError, SpawnOptions } from "@myrmidonjs/actor"
import type * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Stream from "effect/Stream"
import type { ChildNotRunning, ChildPresent, ChildStartError, InvalidSpec } from "./SupervisorError.ts"

/**
 * A child spec: what a supervisor starts, and how. `A` is what the handle's `get` gives, `Out` the services that the
 * child provides to younger siblings and to the Layer of the tree.
 *
 * @category models
 * @since 0.1.0
 */
export interface Child<out Id extends string, out A, out Out, out E, out R> {
  readonly "~myrmidon/Child": {
    readonly value: () => A
    readonly provides: () => Out
    readonly error: () => E
    readonly services: () => R
  }
  readonly id: Id
}

/**
 * @since 0.1.0
 */
export declare namespace Child {
  /**
   * @category utility types
   * @since 0.1.0
   */
  export type Any = Child<string, unknown, unknown, unknown, unknown>
  /**
   * @category utility types
   * @since 0.1.0
   */
  export type Value<C, Id> = C extends Child<infer I, infer A, infer _O, infer _E, infer _R>
    ? I extends Id ? A : Id extends I ? A : never
    : never
  /**
   * @category utility types
   * @since 0.1.0
   */
  export type Provides<C> = C extends Child<infer _I, infer _A, infer Out, infer _E, infer _R> ? Out : never
  /**
   * @category utility types
   * @since 0.1.0
   */
  export type ErrorOf<C> = C extends Child<infer _I, infer _A, infer _O, infer E, infer _R> ? E : never
  /**
   * @category utility types
   * @since 0.1.0
   */
  export type Services<C> = C extends Child<infer _I, infer _A, infer _O, infer _E, infer R> ? R : never
}

/**
 * A child that can be started by a supervisor on another isolate: its behaviour was made by `Actor.module`, or its tree
 * by `Supervisor.module`, and nothing of it has to stay here.
 *
 * @category models
 * @since 0.1.0
 */
export interface MovableChild<out Id extends string, out A, out Out, out E> extends Child<Id, A, Out, E, ActorSystem> {
  readonly "~myrmidon/MovableChild": true
}

/**
 * A tree as a value, and itself a child: nesting is putting one in another's list. Starting it is `layer` or `start`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Supervisor<out Id extends string, out Children extends Child.Any> extends
  Child<
    Id,
    Running<Children>,
    Child.Provides<Children>,
    Child.ErrorOf<Children>,
    Exclude<Child.Services<Children>, Child.Provides<Children>>
  >
{
  readonly children: ReadonlyArray<Children>
}

/**
 * What a child is doing.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildInfo {
  readonly id: string
  readonly type: "worker" | "supervisor"
  readonly status: "running" | "restarting" | "stopped"
  readonly ref: AnyRef | undefined
  /** Of a dynamic supervisor also those of its children. */
  readonly restarts: number
}

/**
 * How many children a supervisor has.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildCount {
  readonly specs: number
  readonly active: number
  readonly supervisors: number
  readonly workers: number
}

/**
 * The handle of a running supervisor. It stays good when the supervisor itself is restarted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Running<out Children extends Child.Any> {
  /** The supervisor's own actor; another one after a restart. */
  readonly ref: AnyRef
  /** What a running child gives: the ref of an actor, the handle of a supervisor, the resource of `scoped`. */
  readonly get: <Id extends Children["id"]>(id: Id) => Effect.Effect<Child.Value<Children, Id>, ChildNotRunning>
  /** Starts a child that was stopped. */
  readonly restart: (
    id: Children["id"]
  ) => Effect.Effect<void, ChildNotRunning | ChildPresent | ChildStartError<Child.ErrorOf<Children>>>
  /** Stops a child, also one that waits for its restart. The spec stays, except that of a temporary child. */
  readonly terminate: (id: Children["id"]) => Effect.Effect<void, ChildNotRunning>
  /** Removes the spec of a child that was stopped. */
  readonly delete: (id: Children["id"]) => Effect.Effect<void, ChildNotRunning | ChildPresent>
  /** Adds a child at run time, behind all others. */
  readonly start: <Id extends string, A, Out, E, R>(
    child: Child<Id, A, Out, E, R>
  ) => Effect.Effect<A, ChildPresent | ChildNotRunning | ChildStartError<E> | InvalidSpec, R>
  /** The children in start order. */
  readonly which: Effect.Effect<ReadonlyArray<ChildInfo>>
  readonly count: Effect.Effect<ChildCount>
}

/**
 * A tree that other isolates can import: `Supervisor.module` makes it, `Supervisor.placed` puts it below a supervisor.
 *
 * @category models
 * @since 0.1.0
 */
export interface MovableTree<out Children extends Child.Any, out LE = never> {
  readonly "~myrmidon/MovableTree": { readonly children: () => Children; readonly layerError: () => LE }
}

/**
 * What a child gives to those who hold its supervisor from another isolate: refs and handles; of an Effect nothing.
 *
 * @category models
 * @since 0.1.0
 */
export type Elsewhere<A> = A extends AnyRef ? A
  : A extends RunningElsewhere<infer Children> ? RunningElsewhere<Children>
  : A extends Running<infer Children> ? RunningElsewhere<Children>
  : A extends Dynamic<infer _Rpcs, infer _Args, infer _E> ? A
  : void

/**
 * A supervisor that runs elsewhere, as its program sees it. Every order goes there and back, and fails with
 * `ChildNotRunning` while the supervisor does not run, with `AskError` when its isolate does not answer. The handle
 * stays good when the supervisor is started again, wherever that is.
 *
 * @category models
 * @since 0.1.0
 */
export interface RunningElsewhere<out Children extends Child.Any> {
  /** Of its present life. */
  readonly ref: Effect.Effect<AnyRef, ChildNotRunning | AskError>
  /** What the child gives, while it runs. */
  readonly get: <Id extends Children["id"]>(
    id: Id
  ) => Effect.Effect<Elsewhere<Child.Value<Children, Id>>, ChildNotRunning | AskError>
  /** As `Running` has them. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- keeps `Children` covariant
  readonly restart: <Id extends Children["id"]>(
    id: Id
  ) => Effect.Effect<
    void,
    ChildNotRunning | ChildPresent | ChildStartError<Child.ErrorOf<Children> | SpawnError> | AskError
  >
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- keeps `Children` covariant
  readonly terminate: <Id extends Children["id"]>(id: Id) => Effect.Effect<void, ChildNotRunning | AskError>
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- keeps `Children` covariant
  readonly delete: <Id extends Children["id"]>(id: Id) => Effect.Effect<void, ChildNotRunning | ChildPresent | AskError>
  /**
   * Adds a child at run time, behind all others, there: one of `Actor.module`, without `provides` and `restoreFrom`, or
   * of `Supervisor.placed`. Its arguments cross as those of `spawnOn`.
   */
  readonly start: <Id extends string, A, Out, E>(
    child: MovableChild<Id, A, Out, E>
  ) => Effect.Effect<
    Elsewhere<A>,
    ChildPresent | ChildNotRunning | ChildStartError<E | SpawnError> | InvalidSpec | AskError
  >
  readonly which: Effect.Effect<ReadonlyArray<ChildInfo>, ChildNotRunning | AskError>
  readonly count: Effect.Effect<ChildCount, ChildNotRunning | AskError>
}

/**
 * Many children of one behaviour, started at run time; stopped in parallel under one timer. The handle follows its
 * supervisor over restarts.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dynamic<in out Rpcs extends Rpc.Any, in Args, out E> {
  readonly ref: AnyRef
  readonly start: (args: Args, options?: SpawnOptions) => Effect.Effect<ActorRef<Rpcs>, E | SpawnError>
  /** `start` without an Effect, for behaviours whose `init` is done at once. Throws `SpawnError`. */
  readonly startUnsafe: (args: Args, options?: SpawnOptions) => ActorRef<Rpcs>
  /** Stops a child, which is not restarted. Does nothing for an actor that is no child of this supervisor. */
  readonly terminate: (ref: ActorRef<Rpcs>) => Effect.Effect<void>
  /** The children that run now. */
  readonly children: Stream.Stream<ActorRef<Rpcs>>
  readonly count: Effect.Effect<number>
}

/**
 * A tree as data.
 *
 * @category models
 * @since 0.1.0
 */
export interface TreeNode extends Omit<ChildInfo, "ref" | "type"> {
  readonly type: "actor" | "effect" | "supervisor" | "dynamic"
  readonly name: string | undefined
  readonly pid: Pid | undefined
  /** Messages that wait. */
  readonly mailbox: number
  readonly children: ReadonlyArray<TreeNode>
  /** Children of a dynamic supervisor that are not listed. */
  readonly omitted: number
}
