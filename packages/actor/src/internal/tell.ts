/**
 * `ref.tell(message)`: an Effect of two fields that sends when it runs.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Message } from "../Message.ts"
import type { TellError } from "../TellError.ts"
import type { Cell } from "./cell.ts"
import { senderOf } from "./current.ts"
import { primitive } from "./primitive.ts"
import { room } from "./queued.ts"
import { holdsSenders, sendMessage, sendTimeoutOf, tellError } from "./send.ts"
import { Outcome } from "./shard.ts"

export interface Tell extends Effect.Effect<void, TellError> {}
export class Tell {
  readonly to: Cell
  readonly message: Message<string, unknown>

  constructor(to: Cell, message: Message<string, unknown>) {
    this.to = to
    this.message = message
  }
}

primitive<Tell>(Tell, "ActorRef.tell", function(fiber) {
  const to = this.to
  const from = senderOf(fiber, to.host)
  const outcome = sendMessage(to, this.message, from)
  if (outcome === Outcome.Accepted) return Exit.void
  // An actor is held by the shard, between its slices. Whoever is none is held here, for the same time.
  if (outcome === Outcome.MailboxFull && from === undefined && holdsSenders(to)) return waitForRoom(to, this.message)
  return Exit.fail(tellError(to, this.message, outcome))
})

const waitForRoom = (to: Cell, message: Message<string, unknown>): Effect.Effect<void, TellError> => {
  const attempt: Effect.Effect<void, TellError> = Effect.suspend(() => {
    const outcome = sendMessage(to, message, undefined)
    if (outcome === Outcome.Accepted) return Effect.void
    if (outcome !== Outcome.MailboxFull) return Effect.fail(tellError(to, message, outcome))
    return Effect.andThen(room(to), attempt)
  })
  return Effect.timeoutOrElse(Effect.andThen(room(to), attempt), {
    duration: sendTimeoutOf(to),
    orElse: () => Effect.fail(tellError(to, message, Outcome.MailboxFull))
  })
}
