/**
 * What of a behaviour that `Actor.module` made crosses isolates, for packages that have it started there by orders of their
 * own: where it is, its arguments, and what it fails with. Each call is about the system that it runs in.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"
import { ActorSystem } from "./ActorSystem.ts"
import type { Host } from "./internal/host.ts"
import { contextOf, decodeArgs, decodeFailure, encodeArgs, encodeFailure } from "./internal/isolate/here.ts"
import { entryOf } from "./internal/isolate/imports.ts"
import { entryOfMovable } from "./internal/isolate/movable.ts"
import type { Entry } from "./internal/isolate/registry.ts"
import { hostOf } from "./internal/system.ts"
import type { Movable } from "./Movable.ts"
import { SpawnError } from "./SpawnError.ts"

/**
 * Where a behaviour is, in words that mean the same in every isolate.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Key = Schema.Struct({
  url: Schema.String,
  protocol: Schema.String,
  version: Schema.String,
  ordinal: Schema.Int
})

/**
 * The same as a type.
 *
 * @category models
 * @since 0.1.0
 */
export type Key = typeof Key.Type

/** A behaviour of any protocol. */
interface Any {
  readonly spawnOn: unknown
}

const withHost = <A, E>(behavior: Any, use: (host: Host, entry: Entry) => Effect.Effect<A, E>) =>
  Effect.flatMap(ActorSystem, (system) => use(hostOf(system), entryOfMovable(behavior)))

/**
 * Where it is.
 *
 * @internal
 * @since 0.1.0
 */
export const keyOf = (behavior: Any): Key => entryOfMovable(behavior).key

/**
 * The behaviour, imported where this isolate does not know it yet.
 *
 * @internal
 * @since 0.1.0
 */
export const load = (key: Key): Effect.Effect<Movable<Rpc.Any, unknown, unknown, unknown>, SpawnError, ActorSystem> =>
  Effect.flatMap(ActorSystem, (system) =>
    Effect.matchEffect(entryOf(hostOf(system), key), {
      onSuccess: ({ behavior }) => Effect.succeed(behavior as unknown as Movable<Rpc.Any, unknown, unknown, unknown>),
      onFailure: (reason) => Effect.fail(new SpawnError({ reason }))
    }))

/**
 * What its Layer makes in this isolate.
 *
 * @internal
 * @since 0.1.0
 */
export const services = (behavior: Any): Effect.Effect<Context.Context<never>, unknown, ActorSystem> =>
  withHost(behavior, contextOf)

/**
 * What it starts with, on its way; null: nothing.
 *
 * @internal
 * @since 0.1.0
 */
export const argsToBytes = (behavior: Any, args: unknown): Effect.Effect<Uint8Array | null, SpawnError, ActorSystem> =>
  withHost(behavior, (host, entry) => encodeArgs(host, entry, args))

/**
 * The reverse.
 *
 * @internal
 * @since 0.1.0
 */
export const argsFromBytes = (
  behavior: Any,
  bytes: Uint8Array | null
): Effect.Effect<unknown, SpawnError, ActorSystem> =>
  withHost(behavior, (host, entry) => decodeArgs(host, entry, bytes))

/**
 * What its `init` failed with: bytes of the schema that `Actor.module` was given as `error`, else `InitCrashed`.
 *
 * @internal
 * @since 0.1.0
 */
export const errorToBytes = (
  behavior: Any,
  error: unknown
): Effect.Effect<Uint8Array | SpawnError, never, ActorSystem> =>
  withHost(behavior, (host, entry) => Exit.succeed(encodeFailure(host, entry, Cause.fail(error))))

/**
 * The reverse.
 *
 * @internal
 * @since 0.1.0
 */
export const errorFromBytes = (
  behavior: Any,
  failure: Uint8Array
): Effect.Effect<unknown, never, ActorSystem> =>
  withHost(behavior, (host, entry) => Exit.succeed(decodeFailure(host, entry, failure)))
