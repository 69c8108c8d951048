/**
 * What an actor understands: a name and an RpcGroup.
 *
 * Holds no behaviour; a client imports the protocol alone. The very same group serves an HTTP or WebSocket RPC server
 * and a cluster entity.
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
  /** The constructors of its messages, by tag. */
  readonly messages: Message.Constructors<Rpcs>
  /** Annotates every Rpc of the protocol, as `RpcGroup.annotateRpcs` does. */
  readonly annotate: <I, S>(key: Context.Key<I, S>, value: S) => Protocol<Name, Rpcs>
  /**
   * `State` is what `init` returns, succeeds with (an Effect) or resolves with (a Promise): the actor starts when that is
   * done, and a defect or a rejection is `InitCrashed`. `R` and `E` are collected from `init`, handlers, signals and
   * `terminate`. A `Scope` in `init` lives as long as the actor, in a handler as long as its reply.
   *
   * An `init` made by `Effect.fn` gets a name first, or the state of handlers beside it is `unknown`, unless they say its
   * type: of what a generic call returns TypeScript infers nothing before the handlers, whatever the types here are.
   * `init: (n: number) => Effect.gen(...)` needs no name.
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
     * Present = trapped: a link's death (`exit`) or a monitor's end (`down`) becomes a call of this. Absent `exit` = the
     * link kills.
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
     * Runs once at its end, unless it is killed. When it fails, the exit reason stays, and a `CleanupFailed` event says
     * why.
     */
    readonly terminate?: (
      state: Behavior.StateOf<Init>,
      reason: ExitReason,
      self: Self<Rpcs, Behavior.StateOf<Init>>
    ) => Terminated & Behavior.Silent
    /** Checked after a migration. */
    readonly state?: Schema.Codec<Behavior.StateOf<Init>, unknown>
    readonly version?: string | undefined
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
