/** How agents are asked, and what it means when one does not answer. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { AskError } from "../../AskError.ts"
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

/**
 * Until a way or a mailbox that was full is tried again. Nobody tells a sender that is no actor when there is room again
 * (G113), so it looks: about as often as the event loop gets its turn under load, and 100 times a second at most.
 */
const pause = Duration.millis(10)

/** Tries again then; it does not hold the process. */
export const later = (again: () => void): void => void setTimeout(again, Duration.toMillis(pause)).unref()

/** Asks an agent, and again while there is no room; it may take its time. */
export const patiently = (agent: Cell, message: Message<string, unknown>): Effect.Effect<unknown, AskError> =>
  Effect.catch(
    agent.ask(message, { timeout: Infinity }) as Effect.Effect<unknown, AskError>,
    (error) =>
      error.reason._tag === "MailboxFull"
        ? Effect.andThen(Effect.sleep(pause), Effect.suspend(() => patiently(agent, message)))
        : Effect.fail(error)
  )

/** The same for an answer that is a stream: nothing of it has begun when there was no room for the question. */
export const patientStream = (
  agent: Cell,
  message: Message<string, unknown>,
  options?: { readonly bufferSize?: number | undefined }
): Stream.Stream<unknown, unknown> =>
  Stream.retry(
    agent.stream(message, options),
    Schedule.while(
      Schedule.spaced(pause),
      ({ input }) => input instanceof AskError && input.reason._tag === "MailboxFull"
    )
  )

/**
 * Fails when an isolate stops answering, or has no room for a question for so long, while somebody waits for it. `most`:
 * how long it may be silent now.
 */
export const watchdog = (
  agent: Cell,
  every: number,
  most: () => number = () => every
): Effect.Effect<never, AskError> => {
  const look = (left: number, silent: number): Effect.Effect<unknown, AskError> =>
    Effect.catch(
      agent.ask(messages["myrmidon/IsAlive"]({ pid: agent.pid }), { timeout: every }) as Effect.Effect<
        unknown,
        AskError
      >,
      (error) => {
        const { _tag } = error.reason
        if (_tag === "MailboxFull" && left > 0) {
          return Effect.andThen(
            Effect.sleep(pause),
            Effect.suspend(() => look(left - Duration.toMillis(pause), silent))
          )
        }
        return _tag === "AskTimeout" && silent + every < most() ? look(left, silent + every) : Effect.fail(error)
      }
    )
  return Effect.forever(Effect.andThen(Effect.suspend(() => look(every, 0)), Effect.sleep(Duration.millis(every))))
}
