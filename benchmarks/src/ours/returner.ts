/** What a worker isolate imports for `buffer`: an actor that gives each block back to whom it was told to. */
import { Actor, ActorRef, SharedBuffer } from "@myrmidonjs/actor"
import * as Layer from "effect/Layer"
import * as Rpc from "effect/rpc/Rpc"
import * as Schema from "effect/Schema"

const payload = { data: SharedBuffer.schema, left: Schema.Int }

/** The other end. */
export const Server = Actor.make("Server", [Rpc.make("Back", { payload })])
const { Back } = Server.messages

export const Returner = Actor.make("Returner", [
  Rpc.make("Meet", { payload: ActorRef.schema(Server) }),
  Rpc.make("Over", { payload })
])

/** A hop's mark, at both ends of a block. */
export const mark = (data: SharedBuffer): void => {
  const bytes = data.bytes()
  bytes[0]++
  bytes[bytes.length - 1]++
}

interface State {
  server: Actor.Ref<typeof Server> | undefined
}

export const ReturnerLive = Actor.module(
  import.meta.url,
  Returner.behavior({
    init: (): State => ({ server: undefined }),
    handlers: {
      Meet: (state, server) => void (state.server = server),
      Over: (state, { data, left }, self) => {
        mark(data)
        self.send(state.server!, Back({ data, left }))
      }
    }
  }),
  Layer.empty
)
