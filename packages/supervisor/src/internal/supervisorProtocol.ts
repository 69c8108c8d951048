/** What a supervisor's actor hears: from itself, and from the keepers of supervisors below it in other isolates. */
import { Actor, ExitReasonSchema, Pid } from "@myrmidonjs/actor"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"

/** An event of a tree below, as plain data. */
const Told = Schema.Struct({
  tag: Schema.Literals(["Started", "Crashed", "Restarted", "Escalated"]),
  supervisor: Schema.String,
  child: Schema.String,
  pid: Schema.NullOr(Pid.schema),
  reason: Schema.NullOr(ExitReasonSchema),
  /** The isolate where it happened, and was told. */
  origin: Schema.String
})

export type Told = typeof Told.Type

export const SupervisorProtocol = Actor.make("Supervisor", [
  /** A child has ended. */
  Rpc.make("Ended", { payload: { node: Schema.Any, ticket: Schema.Int, reason: Schema.Any } }),
  /** `counts`: a start has failed, and trying again is another attempt. By reference: it never leaves the actor. */
  Rpc.make("Retry", { payload: { node: Schema.Any, ticket: Schema.Int, counts: Schema.Boolean } }),
  /** What happened in a tree below, in another isolate. */
  Rpc.make("Heard", { payload: { events: Schema.Array(Told) } })
])
