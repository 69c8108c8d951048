/**
 * Runs a row of `conformance/inspector` on an `ActorSystem`. What each step means: `conformance/inspector/README.md`.
 */
import {
  Actor,
  type ActorElsewhere,
  type ActorExited,
  ActorRef,
  type ActorStatistics,
  type ActorSystem,
  type AskError,
  Inspector,
  type ProtocolMismatch,
  type ReplaceFailed,
  type TracedMessage,
  type TraceOptions
} from "@myrmidonjs/actor"
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { reasonText } from "../conformance/script.ts"
import type { Under } from "../conformance/under.ts"
import { Probe, Say, type SpawnRow, type State, Watch, World } from "./probe.ts"

type Step = readonly [verb: string, ...rest: ReadonlyArray<unknown>]

export interface Row {
  readonly id: string
  readonly title: string
  readonly holds: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Step>
}

interface Trace {
  readonly fiber: Fiber.Fiber<unknown, unknown>
  entries: Array<string>
  over: boolean
}

interface Count {
  readonly scope: Scope.Closeable
  readonly read: Effect.Effect<ActorStatistics, ActorExited>
}

type Failed = string | AskError | ActorExited | ActorElsewhere | ProtocolMismatch | ReplaceFailed

const resultText = (exit: Exit.Exit<string, Failed>): string => {
  if (Exit.isSuccess(exit)) return `ok ${exit.value}`
  const error = exit.cause.reasons.find(Cause.isFailReason)?.error
  if (error === undefined) return "died"
  if (typeof error === "string") return `error ${error}`
  return error._tag === "AskError" ? error.reason._tag : error._tag
}

const replacements: Readonly<Record<string, (state: State) => State>> = {
  hundred: (state) => ({ ...state, n: state.n + 100 }),
  invalid: (state) => ({ ...state, n: 0.5 }),
  throw: () => {
    throw new Error("no")
  }
}

const entryText = (world: World, event: TracedMessage): string => {
  const { kind, payload, skipped } = event
  const words: Array<string> = [event._tag === "In" ? "in" : "out", kind]
  const who = event._tag === "In" ? event.from : event.to
  if (typeof payload === "string" || typeof payload === "number") words.push(String(payload))
  // An exit signal or a DOWN.
  else if (typeof payload === "object" && payload !== null && "reason" in payload) {
    words.push(reasonText(payload.reason as never))
  }
  if (who !== undefined) words.push(event._tag === "In" ? "from" : "to", world.idOf(who))
  if (event._tag === "In" && event.threw) words.push("threw")
  if (event._tag === "Out" && event.outcome !== "Accepted") words.push(event.outcome)
  if (skipped > 0) words.push("skipped", String(skipped))
  return words.join(" ")
}

export const run = Effect.fnUntraced(function*(row: Row, under: Under) {
  const inspector = yield* Inspector
  const world = new World(yield* ActorRef.named(Probe, "nobody"))
  const scope = yield* Scope.make()
  const traces = new Map<string, Trace>()
  const counts = new Map<string, Count>()
  const results = new Map<string, string | null>()

  const trace = (as: string, id: string, options?: TraceOptions) =>
    Effect.gen(function*() {
      const entries: Array<string> = []
      const reading = Stream.runForEach(
        inspector.trace(world.ref(id), options),
        (event) => Effect.sync(() => void found.entries.push(entryText(world, event)))
      )
      const fiber = yield* Effect.forkIn(
        Effect.andThen(reading, Effect.sync(() => found.over = true)),
        scope,
        { startImmediately: true }
      )
      const found: Trace = { fiber, entries, over: false }
      traces.set(as, found)
    })

  const asked = (as: string, effect: Effect.Effect<string, Failed>) => {
    results.set(as, null)
    const done = Effect.map(Effect.exit(effect), (exit) => void results.set(as, resultText(exit)))
    return Effect.asVoid(Effect.forkIn(done, scope, { startImmediately: true }))
  }

  const step = (action: Step): Effect.Effect<void, unknown, ActorSystem> => {
    const [verb, ...rest] = action
    const [first, second, third] = rest as ReadonlyArray<string>
    const same = (seen: unknown, wanted: unknown) =>
      Effect.sync(() => assert.deepStrictEqual(seen, wanted, `${row.id}: ${JSON.stringify(action)}`))
    switch (verb) {
      case "batch":
        return Effect.forEach(rest[0] as ReadonlyArray<Step>, step, { discard: true })
      case "spawn":
        return world.spawn(first!, rest[1] as SpawnRow | undefined)
      case "trace":
        return trace(first!, second!, rest[2] as TraceOptions | undefined)
      case "untrace":
        return Fiber.interrupt(traces.get(first!)!.fiber)
      case "count":
        return Effect.gen(function*() {
          const scope = yield* Scope.make()
          const read = yield* Scope.provide(inspector.statistics(world.ref(second!)), scope)
          counts.set(first!, { scope, read })
        })
      case "uncount":
        return Scope.close(counts.get(first!)!.scope, Exit.void)
      case "state":
        return asked(
          first!,
          Effect.map(inspector.getState(world.ref(second!), world.first), ({ n }) => String(n))
        )
      case "replace":
        return asked(
          first!,
          Effect.map(
            inspector.replaceState(world.ref(second!), world.first, replacements[third!]!),
            ({ n }) => String(n)
          )
        )
      case "tell":
        return Effect.sync(() => void world.ref(first!).tellUnsafe(Say(second!)))
      case "ask":
        return asked(first!, world.ref(second!).ask(Say(third!)))
      case "read":
        return asked(
          first!,
          Effect.map(Stream.runCollect(world.ref(second!).stream(Watch(Number(third)))), (items) => items.join(" "))
        )
      case "release":
        return Effect.sync(() => world.release(first!))
      case "answer":
        return Effect.sync(() => world.answer(first!))
      case "swap":
        return Effect.asVoid(world.swap(first!))
      case "kill":
        return Actor.kill(world.ref(first!))
      case "advance":
        return under.advance(rest[0] as number)
      case "traced":
        return Effect.suspend(() => same(traces.get(first!)!.entries.splice(0), rest[1]))
      case "over":
        return Effect.suspend(() => same(traces.get(first!)!.over, rest[1]))
      case "counted":
        return Effect.flatMap(counts.get(first!)!.read, (found) => {
          const wanted = rest[1] as Partial<ActorStatistics>
          return same(Object.fromEntries(Object.keys(wanted).map((key) => [key, found[key as never]])), wanted)
        })
      case "result":
        return Effect.suspend(() => same(results.get(first!), second))
      default:
        throw new Error(`${row.id} has the unknown step ${verb}`)
    }
  }

  for (const action of row.steps) {
    yield* step(action)
    yield* under.settle
  }
  yield* Scope.close(scope, Exit.void)
})
