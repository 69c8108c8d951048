/**
 * Protocols: the messages that a kind of actor understands.
 *
 * A protocol has no behaviour, so that a client imports it alone. Its group of Rpcs can also be served over HTTP or
 * WebSocket, or be a cluster entity.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Schema from "effect/Schema"
import type { Behavior } from "./Behavior.ts"
import type { ExitReason } from "./ExitReason.ts"
import type { Down, ExitSignal } from "./ExitSignal.ts"
import type { Mailbox } from "./Mailbox.ts"
import type { Message } from "./Message.ts"
import type { Self } from "./Self.ts"

/**
 * @category models
 * @since 0.1.0
 */
export interface Protocol<in out Name extends string, in out Rpcs extends Rpc.Any> {
  readonly "~myrmidon/Protocol": true
  readonly name: Name
  /** The group that `RpcServer`, `RpcClient` and `Entity` take. */
  readonly group: RpcGroup.RpcGroup<Rpcs>
  /** Makes its messages: `const { Add } = Counter.messages`, then `counter.tell(Add({ by: 1 }))`. */
  readonly messages: Message.Constructors<Rpcs>
  /** Annotates every Rpc of the protocol, as `RpcGroup.annotateRpcs` does. */
  readonly annotate: <I, S>(key: Context.Key<I, S>, value: S) => Protocol<Name, Rpcs>
  /**
   * Makes a behaviour: what an actor of this protocol does.
   *
   * `init` makes the state from the argument of `spawn`: as a plain value, an Effect or a Promise. The actor takes
   * messages when that is done; an exception or a rejection fails the spawn with `InitCrashed`. `handlers` has a
   * function for each message, which gets the state, the payload and, if it takes a third argument, `self`.
   *
   * Services that any of these functions needs are the `R` of the behaviour. A `Scope` that `init` uses closes when the
   * actor ends, one that a handler uses closes with its reply.
   *
   * If `init` is made by `Effect.fn`, declare it as a constant before the behaviour. Written in place, TypeScript
   * infers the state as `unknown` in the handlers. `init: (n: number) => Effect.gen(...)` can stay in place.
   */
  readonly behavior: <
    Init,
    Handlers, // no constraint of its own: one that named Init would be resolved before `init` with a bare `self` is
    Args = void,
    Exits = void,
    Downs = void,
    Terminated = void
  >(options: {
    readonly init: (args: Args, self: Self.Starting<Rpcs>) => Init
    readonly handlers:
      & Handlers
      & Behavior.Handlers<Rpcs, Behavior.StateOf<Init>>
      & Behavior.NoOther<Handlers, Rpcs["_tag"]>
    /**
     * `exit` is called when a linked actor ends; without it, an abnormal end of that one ends this actor too. `down` is
     * called when an actor ends that this one monitors.
     */
    readonly signals?: {
      readonly exit?: (
        state: Behavior.StateOf<Init>,
        signal: ExitSignal,
        self: Self<Rpcs, Behavior.StateOf<Init>>
      ) => Exits & Behavior.Silent
      readonly down?: (
        state: Behavior.StateOf<Init>,
        down: Down,
        self: Self<Rpcs, Behavior.StateOf<Init>>
      ) => Downs & Behavior.Silent
    }
    /**
     * Cleans up: runs once when the actor ends, unless it is killed. When it fails, the exit reason stays what it was,
     * and a `CleanupFailed` event says why.
     */
    readonly terminate?: (
      state: Behavior.StateOf<Init>,
      reason: ExitReason,
      self: Self<Rpcs, Behavior.StateOf<Init>>
    ) => Terminated & Behavior.Silent
    /** The schema of the state: a hot swap copies and checks states by it. */
    readonly state?: Schema.Codec<Behavior.StateOf<Init>, unknown>
    /** Names this version of the behaviour, for hot swaps, metrics and `Actor.info`. */
    readonly version?: string | undefined
    /** The bound of the mailbox, unless `spawn` has another: see `Mailbox`. */
    readonly mailbox?: Mailbox | undefined
  }) => Behavior<
    Rpcs,
    Args,
    Behavior.StateOf<Init>,
    Behavior.ErrorOf<Init>,
    Behavior.Captured<
      Behavior.ServicesOf<Init> | Behavior.HandlerServices<Handlers> | Behavior.ServicesOf<Exits | Downs | Terminated>
    >
  >
}
