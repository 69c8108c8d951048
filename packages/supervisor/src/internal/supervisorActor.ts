/**
 * The actor of a supervisor: it hears of ends and of orders, and leaves the decisions to its `Incarnation`.
 */
import { Actor } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Rpc } from "effect/rpc"
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
  init: (node: SupervisorNode, self): Effect.Effect<Incarnation, ChildStartError<unknown>> =>
    Effect.contextWith((context: Context.Context<never>) => {
      const later = (child: Node, ticket: number, delay: number): void => {
        if (delay === 0) self.tell(Retry({ node: child, ticket, counts: true }))
        else self.after(delay, Retry({ node: child, ticket, counts: false }))
      }
      const incarnation = new Incarnation(node, self, self.ref, context, later)
      node.incarnation = incarnation
      register(self.ref, node)
      return Effect.as(incarnation.startAll(), incarnation)
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
