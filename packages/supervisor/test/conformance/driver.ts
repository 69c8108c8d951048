/**
 * Plays a row of `conformance/supervisor` with real actors under virtual time. What each step means: the README there.
 */
import {
  Actor,
  ActorRef,
  ActorSystem,
  type AnyRef,
  ExitReason,
  Monitor,
  type Pid,
  type SpawnError
} from "@myrmidonjs/actor"
import {
  type Child,
  ChildNotRunning,
  type ChildOptions,
  ChildPresent,
  ChildStartError,
  type Dynamic,
  InvalidSpec,
  type Running,
  Supervisor,
  type SupervisorEvent,
  type SupervisorOptions,
  type TreeNode
} from "@myrmidonjs/supervisor"
import { assert } from "@effect/vitest"
import { Cause, Deferred, Duration, Effect, Exit, type Fiber, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Crash, Journal, Leave, lived, resourceOf, type StartRefused, Unlink, Worker, workerOf } from "../fixtures.ts"

/** As the rows have it. */
class Refused extends Error {}

type Step = readonly [verb: string, ...rest: ReadonlyArray<never>]

interface ChildRow extends Omit<ChildOptions, "shutdown"> {
  readonly id: string
  readonly shutdown?: number | "brutal" | "infinity"
  readonly trap?: boolean
  readonly hangs?: boolean
  /** It is no actor: an Effect that runs until it is told how to end, or a resource. */
  readonly effect?: "runs" | "scoped"
  /** A supervisor. */
  readonly children?: ReadonlyArray<ChildRow>
  readonly dynamic?: boolean
  readonly strategy?: SupervisorOptions["strategy"]
  readonly intensity?: number
  readonly period?: number
  readonly backoff?: { readonly min: number; readonly max: number }
  readonly autoShutdown?: SupervisorOptions["autoShutdown"]
  /** Of the children of a dynamic supervisor. */
  readonly child?: ChildRow
}

export interface Row {
  readonly id: string
  readonly title: string
  readonly holds: ReadonlyArray<string>
  readonly tree: ChildRow
  readonly script?: Readonly<Record<string, ReadonlyArray<"fail" | "throw" | "ignore" | "hang">>>
  readonly steps: ReadonlyArray<Step>
}

type AnyRunning = Running<Child<string, unknown, unknown, unknown, unknown>>
type AnyDynamic = Dynamic<never, string, StartRefused>

/** Turns of the event loop without news that count as quiet. */
const quiet = 4

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

type AnyTree = ReturnType<
  typeof Supervisor.make<string, ReadonlyArray<Child<string, unknown, never, unknown, ActorSystem>>>
>

/** Where the actors of a row live, and how it is known that all is quiet. */
export interface Ground {
  /** A child of that behaviour. */
  readonly child: (
    id: string,
    behavior: ReturnType<typeof workerOf>,
    options: ChildOptions
  ) => Child<string, unknown, never, unknown, ActorSystem>
  /** A dynamic supervisor whose children are of that behaviour. */
  readonly dynamic: (
    id: string,
    behavior: ReturnType<typeof workerOf>,
    options: SupervisorOptions & ChildOptions
  ) => Child<string, unknown, never, unknown, ActorSystem>
  /** A supervisor below another one. */
  readonly nested: (
    tree: AnyTree,
    options: ChildOptions
  ) => Child<string, unknown, never, unknown, ActorSystem>
  /** After each step. */
  readonly settle: Effect.Effect<void>
  readonly advance: (ms: number) => Effect.Effect<void>
}

/** All in one isolate. */
export const inPlace: Ground = {
  child: (id, behavior, options) => Supervisor.child(id, behavior, id, options),
  dynamic: (id, behavior, options) => Supervisor.dynamic(id, behavior, options),
  nested: (tree) => tree as Child<string, unknown, never, unknown, ActorSystem>,
  settle: Effect.void,
  advance: (ms) => TestClock.adjust(Duration.millis(ms))
}

export const play = Effect.fnUntraced(function*(row: Row, ground: Ground = inPlace) {
  const journal = new Journal()
  for (const [id, script] of Object.entries(row.script ?? {})) journal.script.set(id, [...script])
  const events: Array<SupervisorEvent> = []
  const scope = yield* Scope.make()
  const results: Array<string> = []
  let running: AnyRunning | undefined
  let pids = new Map<string, Pid>()
  let end: ExitReason | undefined
  let starting: Fiber.Fiber<void> | undefined
  const dynamicRefs = new Map<string, AnyRef>()
  let restarted: Pid | undefined

  const treatmentOf = ({ restart, shutdown, significant }: ChildRow): ChildOptions => ({
    restart,
    shutdown: typeof shutdown === "number" ? Duration.millis(shutdown) : shutdown,
    significant
  })
  const specOf = (child: ChildRow, isRoot = false): Child<string, unknown, never, unknown, ActorSystem> => {
    const options = {
      ...treatmentOf(child),
      strategy: child.strategy,
      intensity: child.intensity,
      period: child.period === undefined ? undefined : Duration.millis(child.period),
      backoff: child.backoff === undefined
        ? undefined
        : { min: Duration.millis(child.backoff.min), max: Duration.millis(child.backoff.max) },
      autoShutdown: child.autoShutdown
    }
    if (child.children !== undefined) {
      const tree = Supervisor.make(child.id, options, child.children.map((child) => specOf(child)))
      return isRoot
        ? tree as Child<string, unknown, never, unknown, ActorSystem>
        : ground.nested(tree, treatmentOf(child))
    }
    if (child.dynamic === true) {
      const { child: inner = { id: child.id } } = child
      return ground.dynamic(child.id, workerOf(journal, inner), { ...options, ...treatmentOf(inner) })
    }
    if (child.effect === "runs") return Supervisor.effect(child.id, runningOf(child.id), treatmentOf(child))
    if (child.effect === "scoped") {
      return Supervisor.scoped(child.id, resourceOf(journal, child.id), treatmentOf(child)) as Child<
        string,
        unknown,
        never,
        unknown,
        ActorSystem
      >
    }
    return ground.child(child.id, workerOf(journal, child), treatmentOf(child))
  }

  /** How the present life of an Effect is to end. */
  const orders = new Map<string, Deferred.Deferred<void, Error>>()
  const runningOf = (id: string) =>
    Effect.suspend(() => {
      const order = Deferred.makeUnsafe<void, Error>()
      orders.set(id, order)
      return Effect.andThen(lived(journal, id), Deferred.await(order))
    })
  /** What an Effect is told; false: the child is an actor. */
  const orderEffect = (id: string, end: Effect.Effect<void, Error>): boolean => {
    const order = orders.get(id)
    if (order !== undefined) Deferred.doneUnsafe(order, end)
    return order !== undefined
  }

  const settle = Effect.gen(function*() {
    let seen = -1
    for (let calm = 0; calm < quiet;) {
      yield* ground.settle
      yield* turn
      const now = journal.count + events.length + results.length
      calm = now === seen ? calm + 1 : 0
      seen = now
    }
  })

  const nodes = Effect.gen(function*() {
    const found = new Map<string, TreeNode>()
    const walk = (node: TreeNode): void => {
      if (!found.has(node.id) || node.status === "running") found.set(node.id, node)
      node.children.forEach(walk)
    }
    if (running !== undefined && end === undefined) {
      const tree = yield* Effect.exit(Supervisor.tree(running.ref))
      if (Exit.isSuccess(tree)) walk(tree.value)
    }
    return found
  })

  const supervisor = (id: string): Effect.Effect<AnyRunning, unknown> => {
    const path = pathTo(row.tree, id)
    if (running === undefined || path === undefined) return Effect.die(new Error(`no supervisor "${id}"`))
    let at: Effect.Effect<AnyRunning, unknown> = Effect.succeed(running)
    for (const next of path.slice(1)) {
      at = Effect.flatMap(at, (above) => above.get(next) as Effect.Effect<AnyRunning, unknown>)
    }
    return at
  }
  const childOf = (id: string): Effect.Effect<AnyRef, unknown> =>
    Effect.suspend(() => {
      const ref = dynamicRefs.get(id)
      if (ref !== undefined) return Effect.succeed(ref)
      const path = pathTo(row.tree, id) ?? [row.tree.id, id]
      return Effect.flatMap(supervisor(path.at(-2)!), (above) =>
        Effect.flatMap(above.which, (children) => {
          const ref = children.find((child) => child.id === id && child.status === "running")?.ref
          return ref === undefined ? Effect.fail(new Error(`${id} does not run`)) : Effect.succeed(ref)
        }))
    })
  const worker = (id: string) => childOf(id) as Effect.Effect<Actor.Ref<typeof Worker>, unknown>

  const note = (as: string) => <A>(effect: Effect.Effect<A, unknown, ActorSystem>) =>
    Effect.forkIn(
      Effect.map(Effect.exit(effect), (exit) => void results.push(`${as}: ${textOf(exit)}`)),
      scope,
      { startImmediately: true }
    )

  const step = ([verb, ...rest]: Step): Effect.Effect<unknown, unknown, ActorSystem> => {
    const [first, second, third] = rest as ReadonlyArray<string>
    switch (verb) {
      case "start":
        return Effect.gen(function*() {
          const tree = specOf(row.tree, true)
          starting = yield* note("start")(Effect.gen(function*() {
            running = (yield* Scope.provide(Supervisor.start(tree), scope)) as AnyRunning
            const down = yield* Scope.provide(Monitor.make(running.ref), scope)
            yield* Effect.forkIn(Effect.map(down, (reason) => void (end = reason)), scope, { startImmediately: true })
          }))
        })
      case "stopStart":
        return Effect.sync(() => starting?.interruptUnsafe())
      case "crash":
        if (orderEffect(first!, Effect.fail(new Error(second ?? "boom")))) return Effect.void
        return Effect.flatMap(worker(first!), (ref) => ref.tell(Crash(second ?? "boom")))
      case "together":
        return Effect.forEach(rest[0] as unknown as ReadonlyArray<string>, worker).pipe(
          Effect.map((refs) => refs.forEach((ref) => ref.tellUnsafe(Crash("boom"))))
        )
      case "leave":
        if (orderEffect(first!, Effect.void)) return Effect.void
        return Effect.flatMap(worker(first!), (ref) => ref.tell(Leave(second ?? "normal")))
      case "unlink":
        return Effect.flatMap(worker(first!), (ref) => ref.tell(Unlink()))
      case "kill":
        return Effect.flatMap(childOf(first!), Actor.kill)
      case "suspend":
        return Effect.flatMap(childOf(first!), Actor.suspend)
      case "resume":
        return Effect.flatMap(childOf(first!), Actor.resume)
      case "exit":
        return Effect.flatMap(Effect.sync(() => running!.ref), (ref) => Actor.exit(ref, ExitReason.shutdown()))
      case "killTree":
        return Effect.flatMap(Effect.sync(() => running!.ref), Actor.kill)
      case "stop":
        return Effect.asVoid(Effect.flatMap(Effect.sync(() => running!.ref), (ref) => note("stop")(Actor.stop(ref))))
      case "advance":
        return ground.advance(rest[0] as unknown as number)
      case "script":
        return Effect.sync(() => void journal.script.set(first!, [...(rest[1] as unknown as ReadonlyArray<"fail">)]))
      case "terminate":
        return note(`terminate ${second}`)(Effect.flatMap(supervisor(first!), (above) => above.terminate(second!)))
      case "restart":
        return note(`restart ${second}`)(Effect.flatMap(supervisor(first!), (above) => above.restart(second!)))
      case "delete":
        return note(`delete ${second}`)(Effect.flatMap(supervisor(first!), (above) => above.delete(second!)))
      case "add": {
        const child = rest[1] as unknown as ChildRow
        return note(`add ${child.id}`)(
          Effect.flatMap(
            supervisor(first!),
            (above) => above.start(specOf(child)) as Effect.Effect<unknown, unknown, ActorSystem>
          )
        )
      }
      case "spawn":
        return note(`spawn ${second}`)(Effect.gen(function*() {
          const dynamic = (yield* supervisor(first!)) as unknown as AnyDynamic
          const place = pathTo(row.tree, first!)!.join("/")
          // Its errors are those of a spawn; the machines' are those of a supervisor.
          const refused = (error: StartRefused | SpawnError) => {
            if (error._tag === "StartRefused" || error.reason._tag === "InitCrashed") {
              return new Refused(`ChildStartError ${place}`)
            }
            return error.reason._tag === "OwnerStopped" ? new Refused(`ChildNotRunning ${first} stopped`) : error
          }
          dynamicRefs.set(second!, yield* Effect.mapError(dynamic.start(second!), refused))
        }))
      case "release":
        return note(`release ${second}`)(Effect.gen(function*() {
          const dynamic = (yield* supervisor(first!)) as unknown as AnyDynamic
          yield* dynamic.terminate(dynamicRefs.get(second!) as never)
        }))
      case "follow":
        return Effect.gen(function*() {
          dynamicRefs.set(second!, yield* ActorRef.fromPid(Worker, restarted!))
        })
      case "change":
        return note("change")(Supervisor.change(running!.ref, specOf(rest[0] as unknown as ChildRow, true) as never))
      case "snapshot":
        return Effect.map(nodes, (found) => {
          pids = new Map(Array.from(found.values(), ({ id, pid }) => [id, pid!] as const))
        })
      case "trace":
        return Effect.sync(() => assert.deepStrictEqual(journal.take(), rest[0] as unknown as ReadonlyArray<string>))
      case "sorted":
        return Effect.sync(() =>
          assert.deepStrictEqual([...journal.take()].sort(), [...(rest[0] as unknown as ReadonlyArray<string>)].sort())
        )
      case "results":
        return Effect.sync(() => assert.deepStrictEqual(results.splice(0), rest[0] as never))
      case "events":
        return Effect.sync(() =>
          assert.deepStrictEqual(
            events.splice(0).map(({ _tag, child, reason }) =>
              `${_tag} ${child}${_tag === "Crashed" ? ` ${ExitReason.print(reason!)}` : ""}`
            ),
            rest[0] as never
          )
        )
      case "kept":
      case "renewed":
        return Effect.map(nodes, (found) => {
          for (const id of rest[0] as unknown as ReadonlyArray<string>) {
            const before = pids.get(id), now = found.get(id)?.pid
            assert.isDefined(now, `${id} runs`)
            if (verb === "kept") assert.strictEqual(now, before, `${id} is the same`)
            else assert.notStrictEqual(now, before, `${id} is another`)
          }
        })
      case "which":
        return Effect.gen(function*() {
          const above = yield* supervisor(first!)
          assert.deepStrictEqual((yield* above.which).map(({ id, status }) => `${id} ${status}`), rest[1] as never)
        })
      case "count":
        return Effect.gen(function*() {
          const above = yield* supervisor(first!)
          assert.deepStrictEqual(yield* above.count, rest[1] as never)
        })
      case "size":
        return Effect.gen(function*() {
          const dynamic = (yield* supervisor(first!)) as unknown as AnyDynamic
          assert.strictEqual(yield* dynamic.count, Number(second))
        })
      case "ended":
        return Effect.sync(() => assert.strictEqual(end === undefined ? null : ExitReason.print(end), rest[0] as never))
      case "actors":
        return Effect.gen(function*() {
          assert.strictEqual((yield* (yield* ActorSystem).info).actors, Number(first))
        })
      default:
        return Effect.die(new Error(`no step "${verb}" (${third})`))
    }
  }

  yield* Effect.forkIn(
    Stream.runForEach(Supervisor.events, (event) =>
      Effect.sync(() => {
        if (event._tag === "Restarted") restarted = event.pid
        events.push(event)
      })),
    scope,
    { startImmediately: true }
  )
  yield* turn
  for (const [at, action] of row.steps.entries()) {
    const exit = yield* Effect.exit(step(action))
    if (Exit.isFailure(exit)) {
      const error = Cause.squash(exit.cause)
      if (error instanceof Error) error.message = `${row.id}, step ${at} ${JSON.stringify(action)}: ${error.message}`
      return yield* Effect.die(error)
    }
    yield* settle
  }
  yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
  yield* settle
  yield* ground.advance(3_600_000)
  yield* settle
  assert.strictEqual((yield* (yield* ActorSystem).info).actors, 0, "nothing is left of the tree")
})

const pathTo = (tree: ChildRow, id: string): ReadonlyArray<string> | undefined => {
  if (tree.id === id) return [tree.id]
  for (const child of tree.children ?? []) {
    const below = pathTo(child, id)
    if (below !== undefined) return [tree.id, ...below]
  }
  return undefined
}

const textOf = (exit: Exit.Exit<unknown, unknown>): string => {
  if (Exit.isSuccess(exit)) return "ok"
  const error = Cause.squash(exit.cause)
  if (error instanceof ChildStartError) return `ChildStartError ${error.path.join("/")}`
  if (error instanceof InvalidSpec) return `InvalidSpec ${error.id} ${error.field}`
  if (error instanceof ChildNotRunning || error instanceof ChildPresent) {
    return `${error._tag} ${error.id} ${error.status}`
  }
  return error instanceof Refused ? error.message : String(error)
}
