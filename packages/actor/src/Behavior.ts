/**
 * Behaviours: what the actors of a protocol do with their messages.
 *
 * @since 0.1.0
 */
import type * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcSchema from "effect/rpc/RpcSchema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type { ActorRef } from "./ActorRef.ts"
import type { ActorSystem } from "./ActorSystem.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { ExitSignal } from "./ExitSignal.ts"
import type { Message } from "./Message.ts"
import type { CurrentActor, Forwarded, Self, SpawnOptions } from "./Self.ts"
import type { SpawnError } from "./SpawnError.ts"

/**
 * What an actor does: its `init`, and a handler for each message of its protocol. Made by `protocol.behavior({ ... })`;
 * nothing runs before it is spawned. All actors of a behaviour share its functions; each has a state of its own.
 *
 * @category models
 * @since 0.1.0
 */
export interface Behavior<in out Rpcs extends Rpc.Any, in Args, in out State, out E = never, out R = never> {
  readonly "~myrmidon/Behavior": {
    readonly rpcs: (_: Rpcs) => Rpcs
    readonly args: (_: Args) => void
    readonly state: (_: State) => State
    readonly error: () => E
    readonly services: () => R
  }
  readonly version: string
  /** Starts an actor that is stopped when the surrounding `Scope` closes. Succeeds with its ref when `init` is done. */
  readonly spawn: (
    args: Args,
    options?: SpawnOptions
  ) => Effect.Effect<ActorRef<Rpcs>, E | SpawnError, R | ActorSystem | Scope.Scope>
  /** Starts an actor that no `Scope` stops: it ends by itself, or with the actor system. */
  readonly spawnDetached: (
    args: Args,
    options?: SpawnOptions
  ) => Effect.Effect<ActorRef<Rpcs>, E | SpawnError, R | ActorSystem>
  /** Starts an actor and monitors it, in one step: `down` waits for its exit reason, however early it ends. */
  readonly spawnMonitored: (
    args: Args,
    options?: SpawnOptions
  ) => Effect.Effect<
    { readonly ref: ActorRef<Rpcs>; readonly down: Effect.Effect<ExitReason> },
    E | SpawnError,
    R | ActorSystem | Scope.Scope
  >
  /**
   * Starts an actor, linked from its first moment to the effect that `use` makes of it: when one of the two fails, the
   * other ends.
   */
  readonly spawnLinked: <A, E2, R2>(
    args: Args,
    use: (ref: ActorRef<Rpcs>) => Effect.Effect<A, E2, R2>,
    options?: SpawnOptions
  ) => Effect.Effect<A, E | E2 | SpawnError | ExitSignal, R | R2 | ActorSystem>
}

/**
 * @since 0.1.0
 */
export declare namespace Behavior {
  /**
   * What a handler of a signal returns: nothing, or an Effect without a result.
   *
   * @category models
   * @since 0.1.0
   */
  export type Silent = void | Effect.Effect<void, never, unknown>
  /**
   * What a handler may return: an `Exit`; an `Effect` (the actor handles no other message until it is done); a
   * `Deferred` (the reply comes later, the actor goes on meanwhile); what `self.forward` returns (another actor
   * replies); or the reply itself, as a plain value. Tried in this order. A handler of a stream returns the `Stream`.
   *
   * @category models
   * @since 0.1.0
   */
  export type Reply<R extends Rpc.Any> = R extends Rpc.Rpc<infer _T, infer _P, infer S, infer E, infer _M, infer _Q>
    ? [S] extends [RpcSchema.Stream<infer A, infer F>] ? Stream.Stream<A["Type"], F["Type"] | E["Type"], unknown>
    :
      | S["Type"]
      | Exit.Exit<S["Type"], E["Type"]>
      | Effect.Effect<S["Type"] | Deferred.Deferred<S["Type"], E["Type"]>, E["Type"], unknown>
      | Deferred.Deferred<S["Type"], E["Type"]>
      | Forwarded<S["Type"], E["Type"]>
    : never
  /**
   * A handler for each message of the protocol, by tag.
   *
   * @category models
   * @since 0.1.0
   */
  export type Handlers<Rpcs extends Rpc.Any, State> = {
    readonly [Tag in Rpcs["_tag"]]: (
      state: State,
      payload: Rpc.Payload<Message.ByTag<Rpcs, Tag>>,
      self: Self<Rpcs, State>
    ) => Reply<Message.ByTag<Rpcs, Tag>>
  }
  /**
   * Makes a handler whose tag is not of the protocol a type error: it is a typo.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type NoOther<Handlers, Tags extends string> = { readonly [Tag in Exclude<keyof Handlers, Tags>]: never }
  /**
   * @category utility types
   * @since 0.1.0
   */
  export type StateOf<Init> = Init extends Effect.Effect<infer A, infer _E, infer _R> ? A
    : Init extends Promise<infer A> ? A
    : Init
  /**
   * What an `init` fails with. Of `any` (what `JSON.parse` returns) nothing is known, so nothing is asked.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type ErrorOf<Init> = 0 extends 1 & Init ? never
    : Init extends Effect.Effect<infer _A, infer E, infer _R> ? E
    : never
  /**
   * What a result needs to run; of `any` nothing is known, so nothing is asked.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type ServicesOf<A> = 0 extends 1 & A ? never
    : A extends Effect.Effect<infer _A, infer _E, infer R> ? R
    : A extends Stream.Stream<infer _A, infer _E, infer R> ? R
    : never
  /**
   * @category utility types
   * @since 0.1.0
   */
  export type HandlerServices<Handlers> = {
    readonly [Tag in keyof Handlers]: Handlers[Tag] extends (...args: never) => infer A ? ServicesOf<A> : never
  }[keyof Handlers]
  /**
   * What the actor itself provides is not asked of the spawner.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Captured<R> = Exclude<R, Scope.Scope | CurrentActor>
  /**
   * `unknown` where `New` can stand in for `Old` under live senders, else a member that names the tags at fault.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Compatible<Old extends Rpc.Any, New extends Rpc.Any> = [Incompatible<Old, New>] extends [never] ? unknown
    : { readonly "~the new protocol breaks": Incompatible<Old, New> }
  /**
   * The tags of `Old` that `New` lacks or narrows.
   *
   * @category utility types
   * @since 0.1.0
   */
  export type Incompatible<Old extends Rpc.Any, New extends Rpc.Any> = {
    readonly [Tag in Old["_tag"]]: [Message.ByTag<New, Tag>] extends [never] ? Tag
      : [Rpc.Payload<Message.ByTag<Old, Tag>>] extends [Rpc.Payload<Message.ByTag<New, Tag>>]
        ? [Rpc.Success<Message.ByTag<New, Tag>>] extends [Rpc.Success<Message.ByTag<Old, Tag>>]
          ? [Rpc.Error<Message.ByTag<New, Tag>>] extends [Rpc.Error<Message.ByTag<Old, Tag>>] ? never
          : Tag
        : Tag
      : Tag
  }[Old["_tag"]]
}
