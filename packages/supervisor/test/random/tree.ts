/**
 * Random trees and random programs for them, as data: the generators are those of their schemas.
 */
import { Schema } from "effect"

const small = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const treatment = {
  restart: Schema.Literals(["permanent", "transient", "temporary"]),
  /** It traps exit signals and ignores them. */
  deaf: Schema.Boolean,
  brutal: Schema.Boolean
}
const waits = {
  /** Its restarts wait: 200 ms, 400 ms and so on, up to a second. */
  backoff: Schema.Boolean
}
const rules = {
  strategy: Schema.Literals(["one_for_one", "one_for_all", "rest_for_one"]),
  intensity: small(6),
  autoShutdown: Schema.Literals(["never", "any_significant", "all_significant"]),
  ...waits
}
/** `significant`: where its restart type and its supervisor allow that. */
const Worker = Schema.Struct({ kind: Schema.tag("worker"), ...treatment, significant: Schema.Boolean })
const Dynamic = Schema.Struct({ kind: Schema.tag("dynamic"), ...treatment, ...waits, intensity: small(6) })
/** An Effect that runs for ever, or a resource. */
const Job = Schema.Struct({
  kind: Schema.tag("effect"),
  restart: treatment.restart,
  brutal: treatment.brutal,
  resource: Schema.Boolean
})
const leaves = Schema.Array(Schema.Union([Worker, Worker, Job, Dynamic])).check(Schema.isMaxLength(3))
const Inner = Schema.Struct({ kind: Schema.tag("supervisor"), ...rules, children: leaves })
const Middle = Schema.Struct({
  kind: Schema.tag("supervisor"),
  ...rules,
  children: Schema.Array(Schema.Union([Worker, Job, Dynamic, Inner])).check(Schema.isMaxLength(3))
})

/** Three levels of supervisors. */
export const Tree = Schema.Struct({
  kind: Schema.tag("supervisor"),
  ...rules,
  children: Schema.Array(Schema.Union([Worker, Job, Dynamic, Inner, Middle])).check(Schema.isMaxLength(4))
})
export type TreeSpec =
  | typeof Worker.Type
  | typeof Job.Type
  | typeof Dynamic.Type
  | typeof Inner.Type
  | typeof Middle.Type
  | typeof Tree.Type

/** `at` picks whom: an index among those that fit. */
const Op = Schema.Union([
  // `part`: a significant child leaves.
  Schema.Struct({ do: Schema.Literals(["crash", "leave", "part", "kill", "unlink"]), at: small(40) }),
  Schema.Struct({ do: Schema.Literals(["suspend", "suspend", "resume"]), at: small(40) }),
  Schema.Struct({ do: Schema.Literals(["terminate", "restart", "delete"]), at: small(40) }),
  Schema.Struct({ do: Schema.Literals(["add", "spawn", "release", "change"]), at: small(40) }),
  Schema.Struct({
    do: Schema.Literals(["swap", "swapTree"]),
    at: small(40),
    back: Schema.Boolean,
    deaf: Schema.Boolean
  }),
  // `hang`: it goes on when the batch is over.
  Schema.Struct({ do: Schema.tag("script"), at: small(40), how: Schema.Literals(["fail", "throw", "ignore", "hang"]) }),
  Schema.Struct({ do: Schema.tag("advance"), ms: small(4000) })
])
export type Op = typeof Op.Type

/** The operations of a batch happen before anything has come of them. */
export const Batches = Schema.Array(Schema.Array(Op).check(Schema.isMaxLength(4))).check(Schema.isMaxLength(8))
