/**
 * Every public function, with what a caller without types may hand in for each of its arguments: refused by the name of the
 * field or of the argument, and nothing throws from inside or is taken where it can mean nothing (G296). `fits` says which
 * of the junk means something there.
 */
import { Actor, type ActorSystem, ExitReason, InvalidOption, SpawnError } from "@myrmidonjs/actor"
import { type Child, ChildNotRunning, InvalidSpec, Supervisor } from "@myrmidonjs/supervisor"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Layer, type Scope } from "effect"
import { Journal, testSystems, workerOf } from "./fixtures.ts"

const junk: ReadonlyArray<unknown> = [
  undefined,
  null,
  5,
  -1,
  0.5,
  NaN,
  true,
  "",
  "junk",
  "a\ud800",
  Symbol("junk"),
  10n,
  [],
  {},
  Object.create(null),
  {
    toString: () => {
      throw new Error("toString was called")
    }
  },
  new Map(),
  () => {}
]

type Is = (value: unknown) => boolean
const or = (...kinds: ReadonlyArray<Is>): Is => (value) => kinds.some((is) => is(value))
const isMissing: Is = (value) => value === undefined
const isFive: Is = (value) => value === 5
const isText: Is = (value) => typeof value === "string" && value !== ""
const isDuration: Is = (value) => value === 5 || value === 0.5 || value === 10n
const isEmpty: Is = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 0
const isOptions = or(isMissing, isEmpty)

type Row = readonly [field: string, call: (value: never) => unknown, fits?: Is]

const worker = workerOf(new Journal())
const child = () => Supervisor.child("child", worker, "child")
const start = (tree: unknown) => Supervisor.start(tree as Child<string, unknown, never, unknown, ActorSystem>)

const each = (
  make: (options: never) => unknown,
  fields: Readonly<Record<string, Is | undefined>>,
  prefix = ""
): ReadonlyArray<Row> =>
  Object.entries(fields).map(([field, fits]) => [
    `${prefix}${field}`,
    (value) => start(make({ [field]: value } as never)),
    or(isMissing, fits ?? (() => false))
  ])

const ofChild: Readonly<Record<string, Is | undefined>> = {
  restart: undefined,
  shutdown: or(isDuration, (value) => value === 0),
  significant: (value) => value === false || value === true,
  place: isFive
}
const ofSupervisor: Readonly<Record<string, Is | undefined>> = {
  strategy: undefined,
  intensity: isFive,
  period: isFive,
  backoff: undefined,
  autoShutdown: undefined
}
const ofSpawn: Readonly<Record<string, Is | undefined>> = {
  name: isText,
  mailbox: isEmpty,
  initTimeout: isDuration,
  budget: isFive
}

const specs: ReadonlyArray<Row> = [
  ["children", (tree) => start(tree)],
  ["id", (id) => start(Supervisor.make(id, {}, [])), isText],
  ["options", (options) => start(Supervisor.make("tree", options, [])), isEmpty],
  ["children", (children) => start(Supervisor.make("tree", {}, children)), (value) => Array.isArray(value)],
  ["children", (child) => start(Supervisor.make("tree", {}, [child]))],
  ...each((options) => Supervisor.make("tree", options, []), { ...ofSupervisor, ...ofChild }),
  ["id", (id) => start(Supervisor.child(id, worker, "")), isText],
  ["behavior", (behavior) => start(Supervisor.child("child", behavior, ""))],
  ["options", (options) => start(Supervisor.child("child", worker, "", options)), isOptions],
  ...each((options) => Supervisor.child("child", worker, "", options), {
    ...ofChild,
    ...ofSpawn,
    provides: undefined,
    restoreFrom: undefined
  }),
  ["id", (id) => start(Supervisor.dynamic(id, worker)), isText],
  ["behavior", (behavior) => start(Supervisor.dynamic("dynamic", behavior))],
  ["options", (options) => start(Supervisor.dynamic("dynamic", worker, options)), isOptions],
  ...each((options) => Supervisor.dynamic("dynamic", worker, options), {
    ...ofSupervisor,
    ...ofChild,
    partitions: isFive,
    provides: undefined
  }),
  ["id", (id) => start(Supervisor.effect(id, Effect.void)), isText],
  ["effect", (effect) => start(Supervisor.effect("effect", effect))],
  ["options", (options) => start(Supervisor.effect("effect", Effect.void, options)), isOptions],
  ["effect", (effect) => start(Supervisor.scoped("scoped", effect))],
  ["options", (options) => start(Supervisor.scoped("scoped", Effect.void, options)), isOptions],
  ["id", (id) => start(Supervisor.placed(id, Placed)), isText],
  ["tree", (tree) => start(Supervisor.placed("placed", tree))],
  ["options", (options) => start(Supervisor.placed("placed", Placed, options)), isOptions],
  ["url", (url) => Supervisor.module(url, Supervisor.make("tree", {}, []), Layer.empty)],
  ["tree", (tree) => Supervisor.module(import.meta.url, tree, Layer.empty)],
  ["layer", (layer) => Supervisor.module(import.meta.url, Supervisor.make("tree", {}, []), layer)],
  ["children", (tree) => Layer.build(Supervisor.layer(tree))],
  ["ref", (ref) => Supervisor.tree(ref)],
  ["ref", (ref) => Supervisor.change(ref, Supervisor.make("tree", {}, []))],
  ["tree", (tree) => Supervisor.render(tree)]
]

const Placed = Supervisor.module(import.meta.url, Supervisor.make("tree", {}, []), Layer.empty)

const outcomeOf = (call: (value: never) => unknown, value: unknown) =>
  Effect.suspend(() => {
    let given: unknown
    try {
      given = call(value as never)
    } catch (error) {
      return Effect.succeed(Exit.die(error))
    }
    return Effect.exit((Effect.isEffect(given) ? given : Effect.succeed(given)) as Effect.Effect<unknown, unknown>)
  })

const check = (rows: ReadonlyArray<Row>): Effect.Effect<void, never, ActorSystem | Scope.Scope> =>
  Effect.gen(function*() {
    const wrong: Array<string> = []
    for (const [field, call, fits] of rows) {
      for (const value of junk) {
        if (fits?.(value) === true) continue
        const outcome = yield* Effect.scoped(outcomeOf(call, value))
        const squashed = Exit.isSuccess(outcome) ? undefined : Cause.squash(outcome.cause)
        const error = squashed instanceof SpawnError ? squashed.reason : squashed
        const named = error instanceof InvalidSpec
          ? error.field
          : error instanceof InvalidOption
          ? error.option
          : error instanceof ChildNotRunning
          ? "id"
          : undefined
        const isUnread = error instanceof Error && error.message.includes("unknown; known are")
        if (!isUnread && named?.startsWith(field) !== true) {
          wrong.push(`${field}, given ${Object.prototype.toString.call(value)} ${typeof value}: ${error?.toString()}`)
        }
      }
    }
    assert.deepStrictEqual(wrong, [])
  })

describe.each(testSystems)("junk on the %s", (_, system) => {
  it.effect("G296: specs", () => check(specs).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G296: handles of what runs", () =>
    Effect.gen(function*() {
      const tree = Supervisor.make("tree", {}, [child(), Supervisor.dynamic("dynamic", worker)])
      const running = yield* Supervisor.start(tree)
      const dynamic = yield* running.get("dynamic")
      yield* check([
        ["id", (id) => running.get(id)],
        ["id", (id) => running.restart(id)],
        ["id", (id) => running.terminate(id)],
        ["id", (id) => running.delete(id)],
        ["children", (child) => running.start(child)],
        ["children", (tree) => Supervisor.change(running.ref, tree)],
        ["ref", (ref) => dynamic.terminate(ref)],
        ["options", (options) => dynamic.start("started", options), isOptions],
        ["options", (options) => dynamic.startUnsafe("started", options), isOptions]
      ])
      assert.isTrue(yield* Actor.isAlive(yield* running.get("child")))
      assert.include(Supervisor.render(yield* Supervisor.tree(running.ref)), "child")
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G217: how a dynamic child is tied to its supervisor is no option of its start", () =>
    Effect.gen(function*() {
      const running = yield* Supervisor.start(Supervisor.make("tree", {}, [Supervisor.dynamic("dynamic", worker)]))
      const dynamic = yield* running.get("dynamic")
      for (const options of [{ link: true }, { monitor: false }, { onEnd: () => {} }, { restart: "temporary" }]) {
        const [option] = Object.keys(options)
        const issue = "unknown; known are name, mailbox, initTimeout, budget"
        const refused = yield* Effect.flip(dynamic.start("child", options as never))
        assert(refused instanceof SpawnError && refused.reason instanceof InvalidOption)
        assert.deepStrictEqual([refused.reason.option, refused.reason.issue], [option, issue])
        assert.throws(() => dynamic.startUnsafe("child", options as never), `option ${option}: ${issue}`)
      }
      assert.strictEqual(yield* dynamic.count, 0)
    }).pipe(Effect.scoped, Effect.provide(system)))

  it.effect("G296, G4: a tree of what is no supervisor is refused, and of what has ended said so", () =>
    Effect.gen(function*() {
      const running = yield* Supervisor.start(Supervisor.make("tree", {}, [child()]))
      const worker = yield* running.get("child")
      const refused = Cause.squash((yield* Effect.flip(Effect.sandbox(Supervisor.tree(worker)))) as never)
      assert.deepStrictEqual(refused instanceof InvalidOption && [refused.option, refused.issue], [
        "ref",
        "must be of a supervisor that was started in this isolate"
      ])
      yield* running.terminate("child")
      const ended = yield* Effect.flip(Supervisor.tree(worker))
      assert.notDeepEqual(ended.reason, ExitReason.noProc(false))
    }).pipe(Effect.scoped, Effect.provide(system)))
})
