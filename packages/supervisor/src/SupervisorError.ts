/**
 * What can go wrong with children.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Schema from "effect/Schema"

/**
 * A child did not start. Those that had been started before it are stopped again, youngest first.
 *
 * **Example** (Which child, and why)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => Effect.fail("no disk" as const), handlers: {} })
 * const Tree = Supervisor.make("app", {}, [Supervisor.child("worker", WorkerLive, undefined)])
 * const program = Supervisor.start(Tree).pipe(
 *   Effect.as("started"),
 *   Effect.catchTag("ChildStartError", ({ error, path }) => Effect.succeed(`${path.join("/")}: ${error}`))
 * )
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => "app/worker: no disk"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the error channel says what children fail with
export class ChildStartError<out E> extends Data.TaggedError("ChildStartError")<{
  readonly id: string
  /** From the root of the tree to the child. */
  readonly path: ReadonlyArray<string>
  readonly cause: Cause.Cause<unknown>
  /** The child's own typed error, where it failed with one. */
  readonly error: E | undefined
}> {
  override get message(): string {
    return `child "${this.path.join("/")}" did not start: ${Cause.pretty(this.cause)}`
  }
}

/**
 * A child spec or an option of a supervisor is not valid; nothing was started.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidSpec extends Schema.TaggedError<InvalidSpec>("myrmidon/InvalidSpec")("InvalidSpec", {
  id: Schema.String,
  field: Schema.String,
  issue: Schema.String
}) {
  override get message(): string {
    return `"${this.id}": ${this.field} ${this.issue}`
  }
}

/** What a child is doing. */
const status = Schema.Literals(["running", "restarting", "stopped", "unknown"])

/**
 * The operation does not fit what the child is doing. `unknown`: the supervisor has no such child.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChildNotRunning extends Schema.TaggedError<ChildNotRunning>("myrmidon/ChildNotRunning")(
  "ChildNotRunning",
  { id: Schema.String, status }
) {
  override get message(): string {
    return this.status === "unknown" ? `there is no child "${this.id}"` : `child "${this.id}" is ${this.status}`
  }
}

/**
 * There is a child with that id already.
 *
 * @category errors
 * @since 0.1.0
 */
export class ChildPresent extends Schema.TaggedError<ChildPresent>("myrmidon/ChildPresent")("ChildPresent", {
  id: Schema.String,
  status
}) {
  override get message(): string {
    return `child "${this.id}" is there already, and is ${this.status}`
  }
}
