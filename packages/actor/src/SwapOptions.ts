/**
 * What a hot swap can be told: which actors, how long, and when to bring the version before back.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { ActorInfo } from "./Actor.ts"
import type { AnyRef, NamedRef } from "./ActorRef.ts"

/**
 * A time of probation for a new version: when it crashes within it, the version before is brought back, with its state.
 *
 * The new version has passed when it has handled `messages`, or when the time `within` is over, whichever is first. (Of
 * a group the time counts from its last swap.) When the Effect that waits for it is interrupted, it has passed too.
 *
 * @category models
 * @since 0.1.0
 */
export interface Canary {
  /** 1,000 by default, from 1 to 65,536. */
  readonly messages?: number | undefined
  /** 5 seconds by default. */
  readonly within?: Duration.Input | undefined
  /** In a group: after so many rollbacks (1 by default) no further actor is swapped, and all are brought back. */
  readonly maxRollbacks?: number | undefined
}

/**
 * Options of a swap of one actor; those of a group are the same and more.
 *
 * @category models
 * @since 0.1.0
 */
export interface SwapOptions {
  /** `{}` for a probation with the defaults of `Canary`. None by default: a crash of the new version ends its actor. */
  readonly canary?: Canary | undefined
  /**
   * How long each actor may take to finish its message and to migrate, and before that, how long it may take to import
   * a module or build its Layer. 5 seconds by default. A migration can be interrupted only between the steps of an
   * Effect or a Promise, not while it computes.
   */
  readonly timeout?: Duration.Input | undefined
  /** How many former versions, with their states, each actor keeps for `rollback`: 2 by default, 16 at most. */
  readonly keep?: number | undefined
}

/**
 * Which of the actors that run the old behaviour a swap or a rehearsal is about: all of them by default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Selection {
  /** Only those for which this is true. */
  readonly where?: ((info: ActorInfo) => boolean) | undefined
  /** Only those that this actor has spawned, and those below them: a supervisor's tree. */
  readonly tree?: AnyRef | NamedRef<never> | undefined
}

/**
 * Options of a swap of many actors.
 *
 * @category models
 * @since 0.1.0
 */
export interface GroupOptions extends SwapOptions, Selection {
  /** Whether all change at once, or none: see `swapAll`. */
  readonly together?: boolean | undefined
  /** How many actors may be waited for at the same time, until their handlers or migrations are done: 1 by default. */
  readonly concurrency?: number | undefined
}

/**
 * How an upgrade migrates the state.
 *
 * @category models
 * @since 0.1.0
 */
export interface UpgradeOptions<OldState, NewState, M> {
  /** Makes the new state. It gets a copy of the old one, and may change that. */
  readonly migrate?: ((state: OldState) => M & (NewState | Effect.Effect<NewState, unknown, unknown>)) | undefined
  /**
   * How the state is copied for `migrate`. A state of plain data needs nothing; any other needs a function here, or a
   * `state` schema on the old behaviour. `share` does not copy: fast, but what a failed migration has changed stays
   * changed.
   */
  readonly copy?: "share" | ((state: OldState) => OldState) | undefined
  /** Makes the old state from the new one in a rollback. Without it, the old state is the one before the swap. */
  readonly back?: ((state: NewState) => OldState) | undefined
}
