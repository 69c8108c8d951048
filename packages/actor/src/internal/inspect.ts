/** Reads and writes of states, between two messages. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { AnyRef } from "../ActorRef.ts"
import type { ActorElsewhere } from "../ActorElsewhere.ts"
import type { ActorExited } from "../AskError.ts"
import { Pid } from "../Pid.ts"
import { ReplaceFailed } from "../ReplaceFailed.ts"
import { ProtocolMismatch } from "../SpawnError.ts"
import { SwapInProgress } from "../SwapError.ts"
import { elsewhere, gone, notHere } from "./about.ts"
import { behaviorOf } from "./behaviorImpl.ts"
import type { Program } from "./bound.ts"
import { type Cell, cellOf } from "./cell.ts"
import { isQuiet } from "./quiet.ts"
import { resume, suspend, SuspendedBy } from "./suspension.ts"
import { quiet } from "./hotSwap.ts"
import { functionOf } from "./invalid.ts"
import { checkKnown } from "./known.ts"
import { type Traced, traceOf, type TraceOptions } from "./trace.ts"
import { baseOf, issueOf } from "./upgrade.ts"

type Answer = Effect.Effect<unknown, ActorElsewhere | ActorExited | ProtocolMismatch | ReplaceFailed>

/** The state of an actor that has one and runs this. */
export const stateOf = <A, E>(
  cell: Cell,
  program: Program,
  use: (state: unknown) => Effect.Effect<A, E>
): Effect.Effect<A, E | ActorElsewhere | ActorExited | ProtocolMismatch> => {
  const away = notHere(cell)
  if (away !== undefined) return Effect.fail(away)
  if (cell.life?.ended !== undefined || !cell.host.shard.isAlive(cell)) return Effect.fail(gone(cell))
  return baseOf(cell.bound.program) === program ? use(cell.state) : Effect.fail(mismatch(cell, program))
}

/** It runs something else. */
export const mismatch = (
  cell: Cell,
  expected: { readonly protocol: string; readonly version: string }
): ProtocolMismatch => {
  const found = cell.bound.program
  return new ProtocolMismatch({
    // Somebody without a name is called by its PID.
    name: cell.life?.name ?? Pid.print(cell.pid),
    expected: `${expected.protocol} ${expected.version}`,
    found: `${found.protocol} ${found.version}`
  })
}

const traceOptions: ReadonlySet<string> = new Set(
  ["limit", "perSecond", "direction"] satisfies ReadonlyArray<keyof TraceOptions>
)

/** Where the actor lives. */
export const traceAnywhere = (
  ref: AnyRef,
  options?: TraceOptions
): Stream.Stream<Traced, ActorElsewhere | ActorExited> =>
  Stream.suspend(() => {
    const cell = cellOf(ref)
    checkKnown(options, traceOptions)
    return elsewhere(cell)?.inspector.trace(cell, options) ?? traceOf(ref, options)
  })

/** As it is, also while a handler of it waits. */
export const readState = (ref: AnyRef, running: unknown): Answer =>
  Effect.suspend(() => {
    const cell = cellOf(ref)
    const behavior = behaviorOf(running)
    const { program } = behavior
    const far = elsewhere(cell)?.inspector
    if (far !== undefined) return far.getState(cell, behavior)
    const read = Effect.suspend(() => stateOf(cell, program, Effect.succeed))
    return cell.life?.starting === true ? Effect.andThen(quiet(cell), read) : read
  })

/** Between two messages: a handler that waits has read the state that it will go on with, and the next one waits. */
export const replaceState = (ref: AnyRef, running: unknown, f: (state: unknown) => unknown): Answer =>
  Effect.suspend(() => {
    const cell = cellOf(ref)
    const behavior = behaviorOf(running)
    const { program } = behavior
    functionOf("f", f)
    const far = elsewhere(cell)?.inspector
    if (far !== undefined) return far.replaceState(cell, behavior, f)
    const replace = Effect.suspend(() =>
      stateOf(cell, program, (state) => {
        // What its migration or its way back comes to takes the place of any state that is put there meanwhile.
        if (cell.life?.swap?.busy === true) {
          return Effect.fail(new ReplaceFailed({ cause: new SwapInProgress({ pid: cell.pid }) }))
        }
        try {
          const next = f(state)
          const issue = issueOf(next, program)
          if (issue !== undefined) return Effect.fail(new ReplaceFailed({ cause: issue }))
          return Effect.succeed(cell.state = next)
        } catch (cause) {
          return Effect.fail(new ReplaceFailed({ cause }))
        }
      })
    )
    if (isQuiet(cell) || !cell.host.shard.isAlive(cell)) return replace
    return Effect.acquireUseRelease(
      Effect.sync(() => suspend(cell, SuspendedBy.Inspector)),
      () => Effect.andThen(quiet(cell), replace),
      () => Effect.sync(() => resume(cell, SuspendedBy.Inspector))
    )
  })
