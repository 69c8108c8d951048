/**
 * The actor of a dynamic supervisor.
 */
import { Actor } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"
import { DynamicIncarnation, type Entry } from "./dynamic.ts"
import type { DynamicNode } from "./node.ts"
import { register } from "./registry.ts"

const DynamicProtocol = Actor.make("DynamicSupervisor", [
  /** By reference: it never leaves the actor. */
  Rpc.make("Retry", { payload: { entry: Schema.Any, counts: Schema.Boolean } })
])
const { Retry } = DynamicProtocol.messages

export const DynamicLive = DynamicProtocol.behavior({
  init: (node: DynamicNode, self): Effect.Effect<DynamicIncarnation> =>
    Effect.contextWith((context: Context.Context<never>) =>
      Effect.sync(() => {
        const incarnation = new DynamicIncarnation(node, self, self.ref, context, (entry, delay) => {
          if (delay === 0) self.tell(Retry({ entry, counts: true }))
          else self.after(delay, Retry({ entry, counts: false }))
        })
        node.incarnation = incarnation
        register(self.ref, node)
        return incarnation
      })
    ),
  handlers: {
    Retry: (incarnation, { counts, entry }) => incarnation.retry(entry as Entry, counts)
  },
  signals: {
    exit: (incarnation, { from, reason }, self) => {
      if (from === 0 || from === incarnation.node.parent?.incarnation?.self.pid) self.stop(reason)
      else incarnation.ended(from, reason)
    }
  },
  terminate: (incarnation) => incarnation.terminate
})
