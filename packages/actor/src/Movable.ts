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
 * The number of one isolate of a system: 0 is the one that opened it. A worker that is started again has another one.
 *
 * @category models
 * @since 0.1.0
 */
export type IsolateId = number & Brand.Brand<"~myrmidon/IsolateId">

/**
 * A behaviour that `Actor.module` made. What it needs comes from its Layer, built once in each isolate. Only what can
 * move has `spawnOn`: elsewhere it is a type error, not a surprise at run time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Movable<in out Rpcs extends Rpc.Any, in Args, in out State, out E>
  extends Behavior<Rpcs, Args, State, E>
{
  /**
   * Starts an actor in the isolate that opened the system (`"main"`), on the least loaded worker (`"worker"`), on the
   * least loaded of all (`"spread"`), or on that one. Load is the time of handlers (G225). It ends with the surrounding Scope, as one of this isolate would.
   *
   * The arguments travel as data: by the schema that `Actor.module` was given, else as plain values. Without worker
   * isolates, in tests and on the twin, it starts here, and its arguments still go through their codec.
   */
  readonly spawnOn: (
    on: "main" | "worker" | "spread" | IsolateId,
    args: Args,
    options?: SpawnOptions
  ) => Effect.Effect<ActorRef<Rpcs>, E | SpawnError, ActorSystem | Scope.Scope>
}
