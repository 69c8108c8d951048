/**
 * Whoever is no actor, and waits for room in a full mailbox (G16, G308): an actor is held by the shard, between its slices.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { AskError } from "../AskError.ts"
import type { Call } from "./call.ts"
import type { Cell } from "./cell.ts"
import { told } from "./crashed.ts"
import { lifeOf } from "./life.ts"
import { askEnded } from "./send.ts"
import { CallEnd } from "./shard.ts"

/** Done when a mailbox has room again; whoever waits is counted meanwhile (G297). */
export const room = (to: Cell): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const undo = to.host.shard.awaitRoom(to, () => resume(Exit.void))
    return Effect.sync(undo)
  })

/**
 * Before a question waits: makes of its end what it is. Its callee may end meanwhile, before the question is in its mailbox:
 * as of one that was in there, the asker learns why.
 */
export const knowEnd = (to: Cell): (call: Call, exit: Exit.Exit<unknown, unknown>) => Exit.Exit<unknown, unknown> => {
  const life = lifeOf(to.target())
  return (call, exit) => {
    if (life.ended === undefined || Exit.isSuccess(exit)) return exit
    const error = exit.cause.reasons.find(Cause.isFailReason)?.error
    if (!(error instanceof AskError) || error.reason._tag !== "ActorExited") return exit
    const { pid, reason } = error.reason
    return reason._tag !== "NoProc" || pid !== call.callee.pid
      ? exit
      : Exit.fail(askEnded(call, CallEnd.Exited, told(life.ended)))
  }
}
