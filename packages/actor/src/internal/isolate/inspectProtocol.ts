/** What isolates say to each other about states and traces. */
import * as Schema from "effect/Schema"
import { ActorExited } from "../../AskError.ts"
import { Pid } from "../../Pid.ts"
import { ReplaceFailed } from "../../ReplaceFailed.ts"
import { InvalidOption, ProtocolMismatch } from "../../SpawnError.ts"
import { makeRpc } from "../rpc.ts"

/** What an actor is expected to run: a behaviour of a module, or one that is known by its names alone. */
export const Running = Schema.Struct({
  protocol: Schema.String,
  version: Schema.String,
  module: Schema.NullOr(Schema.Struct({ url: Schema.String, ordinal: Schema.Int }))
})

/** The state is no plain data, and has no schema that makes it so. */
export class StateStays extends Schema.TaggedError<StateStays>("myrmidon/StateStays")("StateStays", {}) {}

const About = { pid: Pid.schema, running: Running }

/** What a trace saw. */
export const Seen = Schema.Struct({
  /** All but the payload: names and numbers. */
  fields: Schema.Unknown,
  /** By the actor's protocol; null: plain, or it does not cross. */
  payload: Schema.NullOr(Schema.Uint8Array),
  /** As plain data. */
  plain: Schema.NullOr(Schema.Uint8Array)
})

export const inspectRpcs = [
  makeRpc("myrmidon/State", {
    payload: About,
    success: Schema.Uint8Array,
    error: Schema.Union([ActorExited, ProtocolMismatch, StateStays]),
    stream: true
  }),
  /** The state, while the actor stands still for whoever reads this; again, when somebody else has replaced it. */
  makeRpc("myrmidon/Replace", {
    payload: { ...About, owner: Schema.Int, ticket: Schema.Int },
    success: Schema.Uint8Array,
    error: Schema.Union([ActorExited, ProtocolMismatch, ReplaceFailed, StateStays]),
    stream: true
  }),
  /** What it is replaced with. */
  makeRpc("myrmidon/Replacement", {
    payload: { owner: Schema.Int, ticket: Schema.Int, state: Schema.Uint8Array }
  }),
  makeRpc("myrmidon/Trace", {
    payload: { pid: Pid.schema, options: Schema.Unknown },
    success: Seen,
    error: Schema.Union([ActorExited, InvalidOption]),
    stream: true
  })
] as const
