/** Actors whose end takes a while, and is told: by `terminate`, then by their Scope. */
import { Actor, ActorRef } from "@myrmidonjs/actor"
import { Effect, Layer, Schema } from "effect"
import { Rpc } from "effect/rpc"

export const Log = Actor.make("LeaverLog", [
  Rpc.make("Say", { payload: Schema.String }),
  Rpc.make("Said", { success: Schema.Array(Schema.String) })
])
const { Say } = Log.messages

export const LogLive = Log.behavior({
  init: (): Array<string> => [],
  handlers: {
    Say: (said, line) => void said.push(line),
    Said: (said) => said
  }
})

const Leaver = Actor.make("Leaver", [])
const Args = Schema.Struct({ name: Schema.String, log: ActorRef.schema(Log) })

export const LeaverLive = Actor.module(
  import.meta.url,
  Leaver.behavior({
    init: ({ log, name }: typeof Args.Type) =>
      Effect.as(Effect.addFinalizer(() => Effect.ignore(log.tell(Say(`${name} closed`)))), { log, name }),
    handlers: {},
    // Others have every chance to be faster, were they asked meanwhile.
    terminate: ({ log, name }) => Effect.andThen(Effect.sleep(20), Effect.ignore(log.tell(Say(`${name} left`))))
  }),
  Layer.empty,
  { args: Args }
)
