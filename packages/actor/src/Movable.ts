/**
 * Behaviours that other isolates can import, and so run on other cores.
 *
 * @since 0.1.0
 */
import type * as Brand from "effect/Brand"
import type * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import type { ActorRef } from "./ActorRef.ts"
import type { ActorSystem } from "./ActorSystem.ts"
import type { Behavior } from "./Behavior.ts"
import type { SpawnOptions } from "./Self.ts"
import type { SpawnError } from "./SpawnError.ts"

/**
 * The number of an isolate of a system: 0 is the one that opened the system. A worker that was restarted has a new
 * number.
 *
 * @category models
 * @since 0.1.0
 */
export type IsolateId = number & Brand.Brand<"~myrmidon/IsolateId">

/**
 * A behaviour of `Actor.module`: one that can also be spawned on other isolates (`spawnOn`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Movable<in out Rpcs extends Rpc.Any, in Args, in out State, out E>
  extends Behavior<Rpcs, Args, State, E>
{
  /**
   * Starts an actor on an isolate of choice, which is stopped when the surrounding `Scope` closes: `"main"` is the
   * isolate that opened the system, `"worker"` the least busy worker, `"spread"` the least busy of all (by handler
   * time, G225), a number one certain isolate.
   *
   * The arguments cross by the schema that `Actor.module` was given, else as plain data. Without worker isolates, in
   * tests and on the twin, the actor starts here, and its arguments are encoded and decoded all the same.
   */
  readonly spawnOn: (
    on: "main" | "worker" | "spread" | IsolateId,
    args: Args,
    options?: SpawnOptions
  ) => Effect.Effect<ActorRef<Rpcs>, E | SpawnError, ActorSystem | Scope.Scope>
}
