/**
 * What a reader of a trace can ask of an event. Compiled, never run.
 */
import type {
  ActorElsewhere,
  ActorExited,
  ActorRef,
  ActorStatistics,
  Inspector,
  Pid,
  TellOutcome,
  TracedIn,
  TracedMessage,
  TracedOut
} from "@myrmidonjs/actor"
import type { Effect, Scope, Stream } from "effect"
import { expect } from "tstyche"

declare const inspector: Inspector["Service"]
declare const ref: ActorRef<never>
declare const event: TracedMessage

expect(inspector.trace(ref)).type.toBe<Stream.Stream<TracedMessage, ActorExited | ActorElsewhere>>()
expect(event.kind).type.toBe<
  "tell" | "ask" | "stream" | "exit" | "down" | "forward" | "reply" | "failure" | "item" | "end"
>()
if (event._tag === "In") {
  expect(event).type.toBe<TracedIn>()
  expect(event.from).type.toBe<Pid | undefined>()
  expect(event.threw).type.toBe<boolean>()
  // @ts-expect-error! what came in has no outcome
  void event.outcome
} else {
  expect(event).type.toBe<TracedOut>()
  expect(event.to).type.toBe<Pid | undefined>()
  expect(event.outcome).type.toBe<TellOutcome>()
}

inspector.trace(ref, { limit: 10, perSecond: 5, direction: "out" })
// @ts-expect-error! no such direction
inspector.trace(ref, { direction: "both" })

expect(inspector.statistics(ref)).type.toBe<
  Effect.Effect<Effect.Effect<ActorStatistics, ActorExited>, ActorExited, Scope.Scope>
>()
