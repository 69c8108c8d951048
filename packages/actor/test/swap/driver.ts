/**
 * Runs a row of `conformance/swap` on an `ActorSystem`. What each step means: `conformance/swap/README.md`.
 */
import {
  Actor,
  ActorSystem,
  type AskError,
  type DeadLetter,
  type ExitReason,
  HotSwap,
  InvalidOption,
  Monitor,
  type RolledBack,
  SwapError,
  type SwapOptions,
  type SwapReport,
  type SystemEvent
} from "@myrmidonjs/actor"
import { assert } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import type { Under } from "../conformance/under.ts"
import { reasonText } from "../conformance/script.ts"
import { Meter, Say, type UpgradeRow, type VersionRow, World } from "./meter.ts"

type Step = readonly [verb: string, ...rest: ReadonlyArray<never>]

export interface Row {
  readonly id: string
  readonly title: string
  readonly holds: ReadonlyArray<string>
  readonly versions?: Readonly<Record<string, VersionRow>>
  readonly upgrades?: Readonly<Record<string, UpgradeRow>>
  readonly steps: ReadonlyArray<Step>
}

interface SpawnRow {
  readonly version?: string
  readonly n?: number
  readonly odd?: boolean
  readonly name?: string
  readonly capacity?: number
}

type GroupRow = SwapOptions & {
  readonly together?: boolean
  readonly where?: ReadonlyArray<string>
  readonly tree?: string
}

const textOf = ({ payload }: { readonly payload: unknown }): string => (payload as { readonly text: string }).text

const errorText = ({ reason }: SwapError): string => {
  switch (reason._tag) {
    case "MigrationFailed":
      return `MigrationFailed(${reason.cause instanceof Error ? reason.cause.message : String(reason.cause)})`
    case "StateNotCopyable":
      return `StateNotCopyable(${reason.path})`
    case "WrongVersion":
      return `WrongVersion(${reason.running.split(" ").at(-1)})`
    case "ActorExited":
      return `ActorExited(${reasonText(reason.reason)})`
    case "RolledBack":
      return rolledBackText(reason)
    default:
      return reason._tag
  }
}

const rolledBackText = ({ handled, reason }: RolledBack): string => {
  const messages = handled.map((message) => `${textOf(message)}${message.answered ? " answered" : ""}`)
  return `RolledBack(${reasonText(reason)}: ${messages.join(", ")})`
}

const resultText = (exit: Exit.Exit<unknown, SwapError | AskError | { readonly _tag: "Refused"; text: string }>) => {
  if (Exit.isSuccess(exit)) return typeof exit.value === "number" ? `ok ${exit.value}` : "ok"
  const failed = exit.cause.reasons.find(Cause.isFailReason)
  if (failed === undefined) {
    const defect = Cause.squash(exit.cause)
    return defect instanceof InvalidOption ? `InvalidOption(${defect.option})` : `died: ${String(defect)}`
  }
  const { error } = failed
  if (error instanceof SwapError) return errorText(error)
  if (error._tag === "Refused") return `error ${error.text}`
  return error.reason._tag === "ActorExited" ? `ActorExited(${reasonText(error.reason.reason)})` : error.reason._tag
}

/** What a row runs on. */
export interface Ground extends Pick<Under, "settle" | "advance" | "letters"> {
  /** Of the whole system, where that is more than the one of the row. */
  readonly events?: Stream.Stream<SystemEvent>
  readonly makeWorld?: (...rows: ConstructorParameters<typeof World>) => World
}

export const run = Effect.fnUntraced(function*(row: Row, under: Ground) {
  const { makeWorld = (...rows) => new World(...rows) } = under
  const world = makeWorld(row.versions ?? {}, row.upgrades ?? {})
  const results = new Map<string, string | null>()
  const reports = new Map<string, unknown>()
  const ends = new Map<string, ExitReason>()
  const events: Array<string> = []
  const scope = yield* Scope.make()
  let outcome = ""
  let lettersSeen = 0

  const eventText = (event: SystemEvent): string | undefined => {
    if (event._tag === "Swapped") return `${world.idOf(event.pid)} ${event.from}>${event.to}`
    if (event._tag !== "SwapRolledBack") return undefined
    return `${world.idOf(event.pid)} back from ${event.version}: ${reasonText(event.reason)}`
  }
  yield* Effect.forkIn(
    (under.events ?? (yield* ActorSystem).events).pipe(Stream.runForEach((event) =>
      Effect.sync(() => {
        const text = eventText(event)
        if (text !== undefined) events.push(text)
      })
    )),
    scope,
    { startImmediately: true }
  )
  yield* under.settle

  const asked = <A, E extends Parameters<typeof resultText>[0] extends Exit.Exit<unknown, infer F> ? F : never>(
    as: string,
    effect: Effect.Effect<A, E, ActorSystem>,
    text: (exit: Exit.Exit<A, E>) => string = resultText
  ) => {
    results.set(as, null)
    const done = Effect.map(Effect.exit(effect), (exit) => void results.set(as, text(exit)))
    return Effect.asVoid(Effect.forkIn(done, scope, { startImmediately: true }))
  }

  const failedText = (failed: SwapReport["failed"]) =>
    failed.map(({ error, pid }) => `${world.idOf(pid)} ${errorText(error)}`)

  const swapAll = (as: string, upgrade: string, { tree, where, ...options }: GroupRow = {}) => {
    reports.set(as, null)
    const selection = {
      ...options,
      ...tree === undefined ? {} : { tree: world.ref(tree) },
      ...where === undefined ? {} : { where: ({ pid }: Actor.ActorInfo) => where.includes(world.idOf(pid)) }
    }
    const done = Effect.map(HotSwap.swapAll(world.upgrade(upgrade), selection), (report) => {
      const { failed, pause, rolledBack, swapped } = report
      assert.isTrue(
        0 <= pause.p50 && pause.p50 <= pause.p99 && pause.p99 <= pause.max,
        `${row.id}: the pauses of ${as}`
      )
      reports.set(as, {
        swapped,
        rolledBack: rolledBack.map((back) => `${world.idOf(back.pid)} ${rolledBackText(back)}`),
        failed: failedText(failed)
      })
    })
    return Effect.asVoid(Effect.forkIn(done, scope, { startImmediately: true }))
  }

  const plan = (as: string, upgrade: string, options?: { readonly sample?: number }) =>
    Effect.map(HotSwap.plan(world.upgrade(upgrade), options), ({ checked, failures }) => {
      reports.set(as, { checked, failed: failedText(failures) })
    })

  const shift = (all: Map<string, Array<() => void>>, key: string, what: string) =>
    Effect.sync(() => {
      const one = all.get(key)?.shift()
      if (one === undefined) throw new Error(`${row.id}: ${key} has no ${what}`)
      one()
    })

  const step = (action: Step): Effect.Effect<void, unknown, ActorSystem> => {
    const [verb, ...rest] = action as readonly [string, ...ReadonlyArray<unknown>]
    const [first, second, third] = rest as ReadonlyArray<string>
    switch (verb) {
      case "batch":
        return Effect.forEach(rest[0] as ReadonlyArray<Step>, step, { discard: true })
      case "spawn": {
        const { capacity, n = 0, name, odd = false, version = "1" } = (rest[1] ?? {}) as SpawnRow
        const args = { id: first!, n, odd }
        const spawned = world.place(world.behavior(version).spawnDetached(args, { name, mailbox: { capacity } }))
        return Effect.map(spawned, (ref) => world.know(first!, ref))
      }
      case "tell":
        return Effect.sync(() => void (outcome = world.ref(first!).tellUnsafe(Say({ text: second! }))))
      case "flood":
        return Effect.sync(() => {
          for (let i = 0; i < (rest[1] as number); i++) world.ref(first!).tellUnsafe(Say({ text: "count" }))
        })
      case "ask":
        return asked(first!, world.ref(second!).ask(Say({ text: third! })))
      case "release":
        return shift(world.waiting, first!, "handler that waits")
      case "answer":
        return shift(world.open, first!, "open answer")
      case "migrated":
        return Effect.sync(() => world.migrating.get(first!)!.shift()!(second as "ok"))
      case "swap":
        return asked(
          first!,
          Effect.asVoid(HotSwap.swap(world.ref(second!), world.upgrade(third!), rest[3] as SwapOptions))
        )
      case "rollback":
        return asked(first!, HotSwap.rollback(world.ref(second!), rest[2] as object))
      case "swapAll":
        return swapAll(first!, second!, rest[2] as GroupRow)
      case "plan":
        return plan(first!, second!, rest[2] as object)
      case "suspend":
        return Actor.suspend(world.ref(first!))
      case "resume":
        return Actor.resume(world.ref(first!))
      case "kill":
        return Actor.kill(world.ref(first!))
      case "watch":
        return Effect.flatMap(Scope.provide(Monitor.make(world.ref(second!)), scope), (down) =>
          Effect.asVoid(
            Effect.forkIn(Effect.map(down, (reason) => void ends.set(first!, reason)), scope, {
              startImmediately: true
            })
          ))
      case "advance":
        return Effect.andThen(TestClock.adjust(rest[0] as number), under.advance(rest[0] as number))
      default:
        return expectation(action)
    }
  }

  const letterText = (letter: DeadLetter): string => `${letter.why} ${world.idOf(letter.to)} ${textOf(letter.message)}`

  const expectation = (action: Step): Effect.Effect<void, unknown, ActorSystem> => {
    const [verb, ...rest] = action as readonly [string, ...ReadonlyArray<unknown>]
    const [first, second] = rest as ReadonlyArray<string>
    const message = `${row.id}: ${JSON.stringify(action)}`
    const same = (found: unknown, wanted: unknown) => Effect.sync(() => assert.deepStrictEqual(found, wanted, message))
    switch (verb) {
      case "outcome":
        return same(outcome, first)
      case "log":
        return Effect.suspend(() => {
          const log = world.logs.get(first!) ?? []
          world.logs.delete(first!)
          return same(log, rest[1])
        })
      case "result":
        return same(results.get(first!), second)
      case "report":
      case "planned":
        return same(reports.get(first!), rest[1])
      case "alive":
        return Effect.flatMap(Actor.isAlive(world.ref(first!)), (alive) => same(alive, rest[1]))
      case "whereis":
        return Effect.flatMap(
          Effect.exit(Actor.whereis(Meter, first!)),
          (exit) => same(Exit.isSuccess(exit) ? world.idOf(exit.value.pid) : null, second)
        )
      case "ended":
        return Effect.suspend(() => {
          const reason = ends.get(first!)
          return same(reason === undefined ? null : reasonText(reason), second)
        })
      case "dead":
        return Effect.suspend(() => {
          const letters = under.letters.slice(lettersSeen).map(letterText)
          lettersSeen = under.letters.length
          return same(letters, rest[0])
        })
      case "events":
        return same(events.splice(0), rest[0])
      case "info":
        return Effect.flatMap(Actor.info(world.ref(first!)), (info) => {
          const seen: Record<string, unknown> = { ...info, links: info.links.map((pid) => world.idOf(pid)) }
          const wanted = rest[1] as Record<string, unknown>
          return same(Object.fromEntries(Object.keys(wanted).map((key) => [key, seen[key]])), wanted)
        })
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
