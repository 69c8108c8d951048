/**
 * An Effect as a child: an actor whose Scope is the Effect's.
 */
import { Actor, ExitReason } from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { Rpc } from "effect/rpc"
import * as Scope from "effect/Scope"
import type { EffectNode } from "./node.ts"

const EffectChild = Actor.make("SupervisedEffect", [Rpc.make("Ended")])
const { Ended } = EffectChild.messages

interface State {
  exit: Exit.Exit<unknown, unknown> | undefined
}

export const EffectLive = EffectChild.behavior({
  init: (node: EffectNode, self): Effect.Effect<State, unknown> => {
    const state: State = { exit: undefined }
    // The scope is this actor's, whatever the tree was started with.
    const services = node.context.pipe(Context.omit(Scope.Scope as never))
    const effect = Effect.provideContext(node.spec.effect as Effect.Effect<unknown, unknown>, services)
    if (node.spec.kind === "scoped") {
      return Effect.map(effect, (value) => {
        node.value = value
        return state
      })
    }
    return Effect.map(Effect.forkScoped(effect, { startImmediately: true }), (fiber) => {
      fiber.addObserver((exit) => {
        state.exit = exit
        self.tell(Ended())
      })
      return state
    }) as Effect.Effect<State>
  },
  handlers: {
    Ended: ({ exit }, _, self) => {
      if (exit === undefined || Exit.isSuccess(exit)) return self.stop()
      // Interrupted from within: it gave up by itself.
      if (Cause.hasInterruptsOnly(exit.cause)) return self.stop(ExitReason.shutdown("interrupted"))
      throw Cause.squash(exit.cause)
    }
  }
})
