/**
 * Runs a conformance row on an `ActorSystem`. The rows, and what each step means: `conformance/README.md`.
 */
import type { ActorSystem } from "@myrmidonjs/actor"
import { Actor, type DeadLetter, type ExitReason, Monitor, type TellOutcome } from "@myrmidonjs/actor"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { readdirSync, readFileSync } from "node:fs"
import {
  type Action,
  askResult,
  type AskStep,
  Do,
  Enter,
  Note,
  parseReason,
  Peek,
  questionOf,
  reasonText,
  Script,
  spawnOptions,
  type SpawnStep,
  Urgent,
  World
} from "./script.ts"

export interface Row {
  readonly id: string
  readonly title: string
  readonly holds: ReadonlyArray<string>
  readonly steps: ReadonlyArray<Action>
}

const folder = new URL("../../../../conformance/", import.meta.url)

/** Every row but those of `not-here.json`, by file. */
export const rows: ReadonlyArray<readonly [file: string, rows: ReadonlyArray<Row>]> = readdirSync(folder)
  .filter((name) => name.endsWith(".json") && name !== "not-here.json")
  .map((name) => [name.replace(".json", ""), JSON.parse(readFileSync(new URL(name, folder), "utf8"))] as const)

/** What a driver needs of the system beside its public face. */
export interface Under {
  /** Runs until nothing is runnable. */
  readonly settle: Effect.Effect<void>
  /** Moves the virtual clock and settles. */
  readonly advance: (ms: number) => Effect.Effect<void>
  /** All dead letters so far. */
  readonly letters: ReadonlyArray<DeadLetter>
}

/** What a program without expectations came to. */
export interface Ending {
  readonly logs: Readonly<Record<string, ReadonlyArray<string>>>
  readonly results: Readonly<Record<string, string | null>>
  readonly ended: Readonly<Record<string, string | null>>
  readonly alive: ReadonlyArray<string>
}

export const run = Effect.fnUntraced(function*(row: Row, under: Under, world: World = new World()) {
  const watches = new Map<string, { readonly scope: Scope.Closeable; readonly ended: { reason: ExitReason | null } }>()
  const questions = new Map<string, { result: string | null }>()
  let outcome: TellOutcome | undefined
  let lettersSeen = 0

  const spawn = (id: string, step: SpawnStep) =>
    world.place(id, world.behaviorOf(step).spawnDetached({ id, init: step.init }, spawnOptions(step)))

  const watch = Effect.fnUntraced(function*(as: string, id: string) {
    const scope = yield* Scope.make()
    const ended: { reason: ExitReason | null } = { reason: null }
    const down = yield* Scope.provide(Monitor.make(world.ref(id)), scope)
    yield* Effect.forkIn(Effect.map(down, (reason) => void (ended.reason = reason)), scope, { startImmediately: true })
    watches.set(as, { scope, ended })
  })

  const ask = Effect.fnUntraced(function*(as: string, id: string, mode: string, text: string, step: AskStep = {}) {
    const { first, ...options } = step
    const question: { result: string | null } = { result: null }
    questions.set(as, question)
    yield* Effect.forkDetach(
      Effect.map(Effect.exit(world.ref(id).ask(questionOf(mode, text, first), options)), (exit) => {
        question.result = askResult(exit)
      }),
      { startImmediately: true }
    )
  })

  const letterText = (letter: DeadLetter): string => {
    const payload = letter.message.payload as { readonly text?: string }
    return `${letter.why} ${world.idOf(letter.to)} ${letter.message._tag.toLowerCase()} ${payload.text ?? ""}`.trimEnd()
  }

  const spawnFailure = (exit: Exit.Exit<unknown, unknown>): string => {
    const failed = Exit.isFailure(exit) ? exit.cause.reasons.find((reason) => reason._tag === "Fail") : undefined
    const error = failed?.error as { readonly _tag: string; readonly reason: { readonly _tag: string } } | undefined
    if (error?._tag !== "SpawnError") return Exit.isSuccess(exit) ? "started" : String(exit)
    const reason = error.reason as never as {
      readonly _tag: string
      readonly holder: never
      readonly option: string
      readonly reason: ExitReason
    }
    switch (reason._tag) {
      case "NameTaken":
        return `NameTaken(${world.idOf(reason.holder)})`
      case "InitCrashed":
        return `InitCrashed(${reasonText(reason.reason)})`
      case "InvalidOption":
        return `InvalidOption(${reason.option})`
      default:
        return reason._tag
    }
  }

  const step = (action: Action): Effect.Effect<void, unknown, ActorSystem> => {
    const [verb, ...rest] = action
    const [first, second, third, fourth] = rest as ReadonlyArray<string>
    switch (verb) {
      case "batch":
        return Effect.forEach(rest[0] as ReadonlyArray<Action>, step, { discard: true })
      case "repeat":
        return Effect.forEach(
          Array.from({ length: rest[0] as number }, () => rest[1] as ReadonlyArray<Action>).flat(),
          (each) => Effect.andThen(step(each), under.settle),
          { discard: true }
        )
      case "peek":
        return Effect.sync(() => void (outcome = world.ref(first!).tellUnsafe(Peek({ text: second! }))))
      case "enter":
        return Effect.sync(() => void (outcome = world.ref(first!).tellUnsafe(Enter({ action: rest[1] }))))
      case "flood":
        return Effect.sync(() => {
          for (let i = 0; i < (rest[1] as number); i++) world.ref(first!).tellUnsafe(Note({ text: `${i}` }))
        })
      case "trySpawn":
        return Effect.map(Effect.exit(spawn(first!, rest[1] as SpawnStep)), (exit) => {
          if (Exit.isSuccess(exit)) world.know(first!, exit.value)
          else world.log("outside", spawnFailure(exit))
        })
      case "spawn":
        return Effect.map(spawn(first!, rest[1] as SpawnStep), (ref) => world.know(first!, ref))
      case "spawnFails":
        return Effect.map(Effect.exit(spawn(first!, rest[1] as SpawnStep)), (exit) => {
          assert.strictEqual(spawnFailure(exit), third)
        })
      case "tell":
        return Effect.sync(() => void (outcome = world.ref(first!).tellUnsafe(Note({ text: second! }))))
      case "urgent":
        return Effect.sync(() => void (outcome = world.ref(first!).tellUnsafe(Urgent({ text: second! }))))
      case "do":
        return Effect.sync(() => void world.ref(first!).tellUnsafe(Do({ action: rest[1] })))
      case "ask":
        return ask(first!, second!, third!, fourth!, rest[4] as AskStep)
      case "release":
        return Effect.sync(() => world.waiting.get(first!)?.shift()?.())
      case "answer":
        return Effect.suspend(() => {
          world.open.get(first!)?.shift()?.(second!)
          return Effect.void
        })
      case "kill":
        return Actor.kill(world.ref(first!))
      case "exit":
        return Actor.exit(world.ref(first!), parseReason(second!))
      case "stop":
        return Effect.asVoid(Effect.forkDetach(Actor.stop(world.ref(first!)), { startImmediately: true }))
      case "watch":
        return watch(first!, second!)
      case "unwatch":
        return Effect.suspend(() => {
          const watch = watches.get(first!)
          return watch === undefined ? Effect.void : Scope.close(watch.scope, Exit.void)
        })
      case "advance":
        return under.advance(rest[0] as number)
      default:
        return expectation(action)
    }
  }

  const expectation = (action: Action): Effect.Effect<void, unknown, ActorSystem> => {
    const [verb, ...rest] = action
    const [first, second] = rest as ReadonlyArray<string>
    const message = `${row.id}: ${JSON.stringify(action)}`
    switch (verb) {
      case "outcome":
        return Effect.sync(() => assert.strictEqual(outcome, first, message))
      case "log":
        return Effect.sync(() => {
          const log = world.logs.get(first!) ?? []
          world.logs.delete(first!)
          assert.deepStrictEqual(log, rest[1] as ReadonlyArray<string>, message)
        })
      case "alive":
        return Effect.map(Actor.isAlive(world.ref(first!)), (alive) => assert.strictEqual(alive, rest[1], message))
      case "whereis":
        return Effect.map(
          Effect.exit(Actor.whereis(Script, first!)),
          (exit) => assert.strictEqual(Exit.isSuccess(exit) ? world.idOf(exit.value.pid) : null, second, message)
        )
      case "ended":
        return Effect.sync(() => {
          const { reason } = watches.get(first!)!.ended
          assert.strictEqual(reason === null ? null : reasonText(reason), second, message)
        })
      case "result":
        return Effect.sync(() => assert.strictEqual(questions.get(first!)!.result, second, message))
      case "dead":
        return Effect.sync(() => {
          const letters = under.letters.slice(lettersSeen).map(letterText)
          lettersSeen = under.letters.length
          assert.deepStrictEqual(letters, rest[0] as unknown as ReadonlyArray<string>, message)
        })
      case "deadCount":
        return Effect.sync(() => {
          assert.strictEqual(under.letters.length - lettersSeen, rest[0], message)
          lettersSeen = under.letters.length
        })
      case "info":
        return Effect.map(Actor.info(world.ref(first!)), (info) => {
          const seen: Record<string, unknown> = { ...info, links: info.links.map((pid) => world.idOf(pid)) }
          for (const [key, value] of Object.entries(rest[1] as object)) {
            assert.deepStrictEqual(seen[key], value, `${message}, ${key}`)
          }
        })
      default:
        throw new Error(`${row.id} has the unknown step ${verb}`)
    }
  }

  for (const action of row.steps) {
    yield* step(action)
    yield* under.settle
  }

  const alive = yield* Effect.filter(world.refs, ([, ref]) => Actor.isAlive(ref))
  const ending: Ending = {
    logs: Object.fromEntries(Array.from(world.logs, ([id, log]) => [id, [...log]])),
    results: Object.fromEntries(Array.from(questions, ([name, { result }]) => [name, result])),
    ended: Object.fromEntries(
      Array.from(watches, ([name, { ended }]) => [name, ended.reason === null ? null : reasonText(ended.reason)])
    ),
    alive: alive.map(([id]) => id)
  }
  return ending
})
