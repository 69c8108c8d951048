/**
 * Why an actor was not started, a name not found, an option not taken.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { ExitReason, ExitReasonSchema } from "./ExitReason.ts"
import { InvalidOption } from "./InvalidOption.ts"
import { titled } from "./internal/titled.ts"
import { Pid } from "./Pid.ts"

export { InvalidOption } from "./InvalidOption.ts"

/**
 * Another actor has the name; nothing was started.
 *
 * @category errors
 * @since 0.1.0
 */
export class NameTaken extends titled(
  Schema.TaggedError<NameTaken>("myrmidon/NameTaken")("NameTaken", {
    name: Schema.String,
    holder: Pid.schema
  })
) {
  override get message(): string {
    return `the name "${this.name}" is held by ${Pid.print(this.holder)}`
  }
}

/**
 * Nobody has the name.
 *
 * @category errors
 * @since 0.1.0
 */
export class NameNotFound extends titled(
  Schema.TaggedError<NameNotFound>("myrmidon/NameNotFound")("NameNotFound", {
    name: Schema.String
  })
) {
  override get message(): string {
    return `nobody has the name "${this.name}"`
  }
}

/**
 * The name leads to an actor of another protocol.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProtocolMismatch extends titled(
  Schema.TaggedError<ProtocolMismatch>("myrmidon/ProtocolMismatch")(
    "ProtocolMismatch",
    { name: Schema.String, expected: Schema.String, found: Schema.String }
  )
) {
  override get message(): string {
    return `"${this.name}" understands ${this.found}, not ${this.expected}`
  }
}

/**
 * `init` threw, died or was interrupted, or the actor was ended before it was ready; or the Layer of its module failed
 * (`Actor.module`): then `layer` says which module that is, and `init` has not run.
 *
 * @category errors
 * @since 0.1.0
 */
export class InitCrashed extends Schema.TaggedError<InitCrashed>("myrmidon/InitCrashed")("InitCrashed", {
  reason: ExitReasonSchema,
  layer: Schema.optional(Schema.String)
}) {
  override get message(): string {
    const what = this.layer === undefined ? "init did not succeed" : `the Layer of module ${this.layer} failed`
    return `${what}: ${ExitReason.print(this.reason)}`
  }
}

/**
 * `init` took longer than `initTimeout`.
 *
 * @category errors
 * @since 0.1.0
 */
export class InitTimeout extends Schema.TaggedError<InitTimeout>("myrmidon/InitTimeout")("InitTimeout", {
  after: Schema.Duration
}) {
  override get message(): string {
    return `init took longer than ${Duration.format(this.after)}`
  }
}

/**
 * The system is closing or closed.
 *
 * @category errors
 * @since 0.1.0
 */
export class SystemStopped extends Schema.TaggedError<SystemStopped>("myrmidon/SystemStopped")("SystemStopped", {}) {
  override get message(): string {
    return "the actor system has stopped"
  }
}

/**
 * Whoever was to own the actor has ended.
 *
 * @category errors
 * @since 0.1.0
 */
export class OwnerStopped extends Schema.TaggedError<OwnerStopped>("myrmidon/OwnerStopped")("OwnerStopped", {
  owner: Schema.String
}) {
  override get message(): string {
    return `"${this.owner}" does not run`
  }
}

/**
 * A module cannot be imported from where it says, or does not register that behaviour when it is evaluated.
 *
 * @category errors
 * @since 0.1.0
 */
export class ModuleUnavailable extends Schema.TaggedError<ModuleUnavailable>("myrmidon/ModuleUnavailable")(
  "ModuleUnavailable",
  { url: Schema.String, issue: Schema.String }
) {
  override get message(): string {
    return `module ${this.url}: ${this.issue}`
  }
}

/**
 * There is no isolate as was asked for, or no answer came from it.
 *
 * @category errors
 * @since 0.1.0
 */
export class IsolateUnavailable extends Schema.TaggedError<IsolateUnavailable>("myrmidon/IsolateUnavailable")(
  "IsolateUnavailable",
  { on: Schema.String, issue: Schema.String }
) {
  override get message(): string {
    return `isolate "${this.on}": ${this.issue}`
  }
}

/**
 * A limit of the system is reached.
 *
 * @category errors
 * @since 0.1.0
 */
export class LimitReached extends Schema.TaggedError<LimitReached>("myrmidon/LimitReached")("LimitReached", {
  what: Schema.Literals(["actors", "bytes", "isolates"]),
  limit: Schema.Int
}) {
  override get message(): string {
    return `the limit of ${this.limit} ${this.what} is reached`
  }
}

/**
 * An actor was not started; `reason` says why. What `init` itself declares stays beside this, untouched.
 *
 * **Example** (A name that somebody has)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const program = Effect.gen(function*() {
 *   const first = yield* WorkerLive.spawn(undefined, { name: "db" })
 *   return yield* Effect.catchTag(
 *     WorkerLive.spawn(undefined, { name: "db" }),
 *     "SpawnError",
 *     ({ reason }) => Effect.succeed(reason._tag === "NameTaken" && reason.holder === first.pid)
 *   )
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => true
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class SpawnError extends Schema.TaggedError<SpawnError>("myrmidon/SpawnError")("SpawnError", {
  reason: Schema.Union([
    NameTaken,
    InvalidOption,
    InitCrashed,
    InitTimeout,
    SystemStopped,
    LimitReached,
    OwnerStopped,
    ModuleUnavailable,
    IsolateUnavailable
  ])
}) {
  override get message(): string {
    return this.reason.message
  }
}

/**
 * No binary fits this platform; says what was tried. `ActorSystem.layerMemory` needs none.
 *
 * @category errors
 * @since 0.1.0
 */
export class NativeUnavailable extends Schema.TaggedError<NativeUnavailable>("myrmidon/NativeUnavailable")(
  "NativeUnavailable",
  { triple: Schema.String, tried: Schema.Array(Schema.String) }
) {
  override get message(): string {
    return `no native binary for ${this.triple} (tried ${this.tried.join(", ") || "nothing"}): `
      + "install @myrmidonjs/core-native for this platform, or use ActorSystem.layerMemory, which needs none"
  }
}
