/**
 * Why a hot swap came to nothing.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ActorElsewhere } from "./ActorElsewhere.ts"
import { ActorExited } from "./AskError.ts"
import { ExitReason, ExitReasonSchema } from "./ExitReason.ts"
import { Defect } from "./internal/defect.ts"
import { Pid } from "./Pid.ts"
import { ModuleUnavailable } from "./SpawnError.ts"

/**
 * The migration threw, failed or died.
 *
 * @category errors
 * @since 0.1.0
 */
export class MigrationFailed
  extends Schema.TaggedError<MigrationFailed>("myrmidon/MigrationFailed")("MigrationFailed", {
    cause: Defect
  })
{
  override get message(): string {
    // What was thrown may be anything, also what cannot be made a text of.
    const reason = ExitReason.crashed(this.cause)
    return `the migration failed: ${reason._tag === "Crashed" ? reason.error.message : reason._tag}`
  }
}

/**
 * The actor's handlers were not done in time, or its migration was not.
 *
 * @category errors
 * @since 0.1.0
 */
export class MigrationTimeout extends Schema.TaggedError<MigrationTimeout>("myrmidon/MigrationTimeout")(
  "MigrationTimeout",
  { after: Schema.Duration }
) {
  override get message(): string {
    return `not done after ${Duration.format(this.after)}`
  }
}

/**
 * The migrated state does not fit the new behaviour's `state` schema.
 *
 * @category errors
 * @since 0.1.0
 */
export class StateInvalid extends Schema.TaggedError<StateInvalid>("myrmidon/StateInvalid")("StateInvalid", {
  issue: Schema.String
}) {
  override get message(): string {
    return `the new state does not fit its schema: ${this.issue}`
  }
}

/**
 * The state is no plain data: it needs a `state` schema, a `copy` function, or `copy: "share"`.
 *
 * @category errors
 * @since 0.1.0
 */
export class StateNotCopyable extends Schema.TaggedError<StateNotCopyable>("myrmidon/StateNotCopyable")(
  "StateNotCopyable",
  { path: Schema.String }
) {
  override get message(): string {
    return `${this.path} is no plain data: give the behaviour a state schema, or the upgrade a copy`
  }
}

/**
 * The actor does not run the version that the upgrade starts from; for a rollback, it does not keep the version that is
 * named.
 *
 * @category errors
 * @since 0.1.0
 */
export class WrongVersion extends Schema.TaggedError<WrongVersion>("myrmidon/WrongVersion")("WrongVersion", {
  expected: Schema.String,
  running: Schema.String
}) {
  override get message(): string {
    return `it runs ${this.running}, not ${this.expected}`
  }
}

/**
 * Another swap of the actor is under way.
 *
 * @category errors
 * @since 0.1.0
 */
export class SwapInProgress extends Schema.TaggedError<SwapInProgress>("myrmidon/SwapInProgress")("SwapInProgress", {
  pid: Pid.schema
}) {
  override get message(): string {
    return `another swap of ${Pid.print(this.pid)} is under way`
  }
}

/**
 * A message that a version had handled before it was rolled back. Only what it did to the actor's state was undone.
 *
 * @category models
 * @since 0.1.0
 */
export const HandledMessage = Schema.Struct({
  tag: Schema.String,
  from: Schema.optional(Pid.schema),
  payload: Schema.Any,
  /** Its asker got a reply, or a domain error. */
  answered: Schema.Boolean
})
/**
 * @category models
 * @since 0.1.0
 */
export type HandledMessage = typeof HandledMessage.Type

/**
 * The new version crashed as a canary; the old behaviour and the state before the swap are back. The message that
 * crashed it is a dead letter, `SwapRolledBack`.
 *
 * @category errors
 * @since 0.1.0
 */
export class RolledBack extends Schema.TaggedError<RolledBack>("myrmidon/RolledBack")("RolledBack", {
  pid: Pid.schema,
  reason: ExitReasonSchema,
  /** Since the swap, oldest first. */
  handled: Schema.Array(HandledMessage)
}) {
  override get message(): string {
    return `${Pid.print(this.pid)} was rolled back after ${this.handled.length} messages: ${
      ExitReason.print(this.reason)
    }`
  }
}

/**
 * A swap failed, and the actor has its old behaviour and state. After `RolledBack` they are back; in all other cases
 * nothing had changed.
 *
 * **Example** (A migration that fails changes nothing)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const V1 = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } })
 * const V2 = Counter.behavior({
 *   version: "2",
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by * 10) }
 * })
 * const toV2 = HotSwap.upgrade(V1, V2, {
 *   migrate: () => {
 *     throw new Error("not this one")
 *   }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* V1.spawn(1)
 *   const error = yield* Effect.flip(HotSwap.swap(counter, toV2))
 *   return [error.reason._tag, yield* counter.ask(Counter.messages.Add(1))]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["MigrationFailed", 2]
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class SwapError extends Schema.TaggedError<SwapError>("myrmidon/SwapError")("SwapError", {
  reason: Schema.Union([
    MigrationFailed,
    MigrationTimeout,
    StateInvalid,
    StateNotCopyable,
    WrongVersion,
    SwapInProgress,
    RolledBack,
    ActorExited,
    ActorElsewhere,
    ModuleUnavailable
  ])
}) {
  override get message(): string {
    return this.reason.message
  }
}
