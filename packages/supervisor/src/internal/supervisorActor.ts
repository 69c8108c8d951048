/**
 * The actor of a supervisor: it hears of ends and of orders, and leaves the decisions to its `Incarnation`.
 */
import { Actor } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"
import type * as Scope from "effect/Scope"
import type { ChildStartError } from "../SupervisorError.ts"
import { Incarnation } from "./incarnation.ts"
import type { Node, SupervisorNode } from "./node.ts"
import { register } from "./registry.ts"

const SupervisorProtocol = Actor.make("Supervisor", [
  /** `counts`: a start has failed, and trying again is another attempt. By reference: it never leaves the actor. */
  Rpc.make("Retry", { payload: { node: Schema.Any, ticket: Schema.Int, counts: Schema.Boolean } })
])
const { Retry } = SupervisorProtocol.messages

export const SupervisorLive = SupervisorProtocol.behavior({
  init: (node: SupervisorNode, self): Effect.Effect<Incarnation, ChildStartError<unknown>, Scope.Scope> =>
    Effect.contextWith((context: Context.Context<Scope.Scope>) => {
      const before = node.incarnation
      const later = (child: Node, ticket: number, delay: number): void => {
        // A full mailbox refuses a message, never a timer.
        if (delay > 0 || self.tell(Retry({ node: child, ticket, counts: true })) !== "Accepted") {
          self.after(delay, Retry({ node: child, ticket, counts: delay === 0 }))
        }
      }
      const incarnation = new Incarnation(node, self, self.ref, context, later)
      node.incarnation = incarnation
      register(self.ref, node)
      return Effect.as(
        // A kill spares the supervisor its cleanup, and its children their end: it comes with its Scope. Whoever comes
        // after it waits for that, so that no child runs twice.
        Effect.addFinalizer(() => incarnation.terminate).pipe(
          Effect.andThen(before === undefined ? Effect.void : before.terminate),
          Effect.andThen(incarnation.startAll())
        ),
        incarnation
      )
    }),
  handlers: {
    Retry: (incarnation, { counts, node, ticket }) => incarnation.retry(node as Node, ticket, counts)
  },
  signals: {
    down: (incarnation, { from, reason }) => incarnation.ended(from, reason),
    exit: (incarnation, { from, reason }, self) => {
      // The end of a child is its DOWN's business; whoever else is linked or sends has no say. From nobody: the
      // supervisor above, or the program, which both speak from outside.
      if (from === 0 || from === incarnation.node.parent?.incarnation?.self.pid) self.stop(reason)
    }
  },
  terminate: (incarnation) => incarnation.terminate
})
