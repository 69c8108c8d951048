/**
 * The actor of a dynamic supervisor.
 */
import { Actor } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"
import type * as Scope from "effect/Scope"
import type { Entry } from "./children.ts"
import { DynamicIncarnation } from "./dynamic.ts"
import type { DynamicNode } from "./node.ts"
import { register } from "./registry.ts"

const DynamicProtocol = Actor.make("DynamicSupervisor", [
  /** By reference: it never leaves the actor. */
  Rpc.make("Retry", { payload: { entry: Schema.Any, counts: Schema.Boolean } }),
  Rpc.make("Settle")
])
const { Retry, Settle } = DynamicProtocol.messages

export const DynamicLive = DynamicProtocol.behavior({
  init: (node: DynamicNode, self): Effect.Effect<DynamicIncarnation, never, Scope.Scope> =>
    Effect.contextWith((context: Context.Context<Scope.Scope>) => {
      const before = node.incarnation
      const incarnation = new DynamicIncarnation(node, self, self.ref, context, {
        // A full mailbox refuses a message, never a timer.
        settle: () => {
          if (self.tell(Settle()) !== "Accepted") self.after(0, Settle())
        },
        retry: (entry, delay) => {
          const message = Retry({ entry, counts: delay === 0 })
          if (delay > 0 || self.tell(message) !== "Accepted") self.after(delay, message)
        }
      })
      node.incarnation = incarnation
      register(self.ref, node)
      return Effect.as(
        Effect.andThen(
          // A kill spares the supervisor its cleanup, and its children their end: it comes with its Scope.
          Effect.addFinalizer(() => incarnation.terminate),
          before === undefined ? Effect.void : before.terminate
        ),
        incarnation
      )
    }),
  handlers: {
    Retry: (incarnation, { counts, entry }) => incarnation.retry(entry as Entry, counts),
    Settle: (incarnation) => incarnation.settle()
  },
  signals: {
    exit: (incarnation, { from, reason }, self) => {
      if (incarnation.node.obeys(from)) self.stop(reason)
    }
  },
  terminate: (incarnation) => incarnation.terminate
})
