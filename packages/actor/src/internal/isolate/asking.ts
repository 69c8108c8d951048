/** How agents are asked, and what it means when one does not answer. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AskError } from "../../AskError.ts"
import type { ExitReason } from "../../ExitReason.ts"
import type { Message } from "../../Message.ts"
import type { Cell } from "../cell.ts"
import { Agent } from "./protocol.ts"

export const { messages } = Agent

export const unreachable = (isolate: number): ExitReason => ({
  _tag: "NodeUnreachable",
  node: `isolate ${isolate}`,
  because: "silent"
})

/** Until a way or a mailbox that was full is tried again. */
const pause = Duration.millis(10)

/** Asks an agent, and again while there is no room; it may take its time. */
export const patiently = (agent: Cell, message: Message<string, unknown>): Effect.Effect<unknown, AskError> =>
  Effect.catch(
    agent.ask(message, { timeout: Infinity }) as Effect.Effect<unknown, AskError>,
    (error) =>
      error.reason._tag === "MailboxFull"
        ? Effect.andThen(Effect.sleep(pause), Effect.suspend(() => patiently(agent, message)))
        : Effect.fail(error)
  )

/** Fails when an isolate stops answering while somebody waits for it. */
export const watchdog = (agent: Cell, every: number): Effect.Effect<never, AskError> => {
  const look = agent.ask(messages["myrmidon/IsAlive"]({ pid: agent.pid }), { timeout: every })
  return Effect.forever(Effect.andThen(look as Effect.Effect<boolean, AskError>, Effect.sleep(Duration.millis(every))))
}
