/** Looks into actors of other isolates. A state that comes from there is a copy. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import { ActorElsewhere } from "../../ActorElsewhere.ts"
import { ActorExited, AskError } from "../../AskError.ts"
import type { Message } from "../../Message.ts"
import { ReplaceFailed } from "../../ReplaceFailed.ts"
import type { InvalidOption, ProtocolMismatch } from "../../SpawnError.ts"
import { gone } from "../about.ts"
import type { BehaviorImpl } from "../behaviorImpl.ts"
import type { Cell } from "../cell.ts"
import type { FarInspector } from "../isolates.ts"
import type { Traced, TraceOptions } from "../trace.ts"
import { wireOfBound } from "../wire.ts"
import { messages, patiently, patientStream, unreachable, watchdog } from "./asking.ts"
import { decodeState, encodeState, receiveTraced } from "./inspections.ts"
import { type Running, type Seen, StateStays } from "./inspectProtocol.ts"
import type { Team } from "./team.ts"

type Failure = ActorExited | ActorElsewhere | ProtocolMismatch

const runningOf = ({ module, program: { protocol, version } }: BehaviorImpl): typeof Running.Type => ({
  protocol,
  version,
  module: module === undefined ? null : { url: module.url, ordinal: module.ordinal }
})

export class TeamInspector implements FarInspector {
  private readonly team: Team

  constructor(team: Team) {
    this.team = team
  }

  /** Fails when its isolate has ended, does not answer, or is one of Rust actors. */
  private about<A, E>(
    cell: Cell,
    use: (agent: Cell) => Stream.Stream<A, E | AskError | StateStays>
  ): Stream.Stream<A, Exclude<E, AskError | StateStays> | ActorExited | ActorElsewhere> {
    return Stream.suspend((): Stream.Stream<A, Exclude<E, AskError | StateStays> | ActorExited | ActorElsewhere> => {
      const isolate = this.team.isolateOf(cell)
      if (isolate === undefined) return Stream.fail(gone(cell))
      const agent = this.team.agentOf(isolate)
      if (agent === undefined) return Stream.fail(new ActorElsewhere({ pid: cell.pid }))
      const watched = Stream.interruptWhen(use(agent), watchdog(agent, this.team.host.options.isolateSilence))
      return Stream.mapError(watched, (error) => {
        if (error instanceof StateStays) return new ActorElsewhere({ pid: cell.pid })
        if (!(error instanceof AskError)) return error as Exclude<E, AskError | StateStays>
        const reason = error.reason._tag === "ActorExited" ? error.reason.reason : unreachable(isolate)
        return new ActorExited({ pid: cell.pid, name: cell.life?.name, reason })
      })
    })
  }

  private stream<A, E>(agent: Cell, message: Message<string, unknown>): Stream.Stream<A, E | AskError> {
    return patientStream(agent, message) as Stream.Stream<A, E | AskError>
  }

  getState(cell: Cell, running: BehaviorImpl): Effect.Effect<unknown, Failure> {
    const states = this.about(cell, (agent) =>
      this.stream<Uint8Array, Failure | StateStays>(
        agent,
        messages["myrmidon/State"]({ pid: cell.pid, running: runningOf(running) })
      ))
    return Effect.flatMap(
      Stream.runCollect(Stream.take(states, 1)),
      ([bytes]): Effect.Effect<unknown, Failure> =>
        bytes === undefined ? Effect.fail(gone(cell)) : this.decoded(cell, running, bytes)
    )
  }

  private decoded(cell: Cell, { program }: BehaviorImpl, bytes: Uint8Array): Effect.Effect<unknown, ActorElsewhere> {
    const state = decodeState(this.team.host, program, bytes)
    return Exit.isSuccess(state) ? Effect.succeed(state.value) : Effect.fail(new ActorElsewhere({ pid: cell.pid }))
  }

  replaceState(
    cell: Cell,
    running: BehaviorImpl,
    f: (state: unknown) => unknown
  ): Effect.Effect<unknown, Failure | ReplaceFailed> {
    return Effect.suspend(() => {
      const { host } = this.team
      const owner = this.team.here, ticket = host.nextRef()
      let next: unknown
      const about = { pid: cell.pid, running: runningOf(running), owner, ticket }
      const states = this.about(cell, (agent) =>
        Stream.mapEffect(
          this.stream<Uint8Array, Failure | ReplaceFailed | StateStays>(agent, messages["myrmidon/Replace"](about)),
          (bytes) =>
            Effect.gen({ self: this }, function*() {
              const state = yield* this.decoded(cell, running, bytes)
              next = yield* Effect.try({ try: () => f(state), catch: (cause) => new ReplaceFailed({ cause }) })
              const replacement = encodeState(host, running.program, next)
              if (replacement === undefined) {
                return yield* new ReplaceFailed({ cause: new Error("the new state does not cross isolates") })
              }
              yield* patiently(agent, messages["myrmidon/Replacement"]({ owner, ticket, state: replacement }))
            })
        ))
      return Effect.map(Stream.runDrain(states), () => next)
    })
  }

  trace(cell: Cell, options: TraceOptions | undefined): Stream.Stream<Traced, ActorExited | ActorElsewhere> {
    const wire = wireOfBound(cell.bound)
    const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
    const message = messages["myrmidon/Trace"]({ pid: cell.pid, options: Object.fromEntries(given) })
    const traced = Stream.map(
      this.about(cell, (agent) => this.stream<typeof Seen.Type, ActorExited | InvalidOption>(agent, message)),
      (seen) => receiveTraced(wire, seen)
    )
    // As here: an option out of range is a defect.
    return Stream.catchTag(traced, "InvalidOption", (error) => Stream.die(error))
  }
}
