/** What an isolate tells of an actor of its own. */
import * as Schema from "effect/Schema"
import type { ActorInfo } from "../../Actor.ts"
import { Pid } from "../../Pid.ts"

/** `Actor.info` of one that lives elsewhere. */
export const Info = Schema.Struct({
  name: Schema.NullOr(Schema.String),
  protocol: Schema.String,
  version: Schema.String,
  status: Schema.Literals(["idle", "runnable", "busy", "suspended"]),
  mailbox: Schema.Int,
  held: Schema.Int,
  reductions: Schema.Number,
  millis: Schema.Number,
  memory: Schema.Number,
  links: Schema.Array(Pid.schema)
})

export const infoThere = (info: ActorInfo): typeof Info.Type => ({ ...info, name: info.name ?? null })

export const infoFrom = (pid: Pid, info: typeof Info.Type): ActorInfo => ({
  ...info,
  pid,
  name: info.name ?? undefined
})
