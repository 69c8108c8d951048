/**
 * The actor of a supervisor: it hears of ends and of orders, and leaves the decisions to its `Incarnation`.
 */
import type { ExitReason } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildStartError } from "../SupervisorError.ts"
import { Incarnation, type Orders } from "./incarnation.ts"
import type { Node, SupervisorNode } from "./node.ts"
import { register } from "./registry.ts"
import { SupervisorProtocol } from "./supervisorProtocol.ts"

const { Ended, Retry } = SupervisorProtocol.messages

export const SupervisorLive = SupervisorProtocol.behavior({
  init: (node: SupervisorNode, self): Effect.Effect<Incarnation, ChildStartError<unknown>, Scope.Scope> =>
    Effect.contextWith((context: Context.Context<Scope.Scope>) => {
      const before = node.incarnation
      // A full mailbox refuses a message, never a timer.
      const orders: Orders = {
        decide: (child, ticket, reason) => {
          const message = Ended({ node: child, ticket, reason })
          if (self.tell(message) !== "Accepted") self.after(0, message)
        },
        retry: (child, ticket, delay) => {
          const message = Retry({ node: child, ticket, counts: delay === 0 })
          if (delay > 0 || self.tell(message) !== "Accepted") self.after(delay, message)
        }
      }
      const incarnation = new Incarnation(node, self, self.ref, context, orders)
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
    Ended: (incarnation, { node, reason, ticket }) => incarnation.decide(node as Node, ticket, reason as ExitReason),
    Retry: (incarnation, { counts, node, ticket }) => incarnation.retry(node as Node, ticket, counts),
    Heard: (incarnation, { events }) => incarnation.hear(events)
  },
  signals: {
    exit: (incarnation, { from, reason }, self) => {
      // The end of a child is told otherwise; whoever else is linked or sends has no say. From nobody: the
      // supervisor above, or the program, which both speak from outside.
      if (incarnation.node.obeys(from)) self.stop(reason)
    }
  },
  terminate: (incarnation) => incarnation.terminate
})
