/**
 * Supervision trees: who is started, in which order, and what happens when one of them ends.
 *
 * The rules are those of Erlang/OTP. Children are actors, other supervisors, or any scoped Effect.
 *
 * @since 0.1.0
 */
import {
  type ActorExited,
  type ActorRef,
  ActorSystem,
  type AnyRef,
  type Behavior,
  type Movable,
  type NamedRef,
  type SpawnError,
  type SpawnOptions
} from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Child, Dynamic, MovableChild, Supervisor, TreeNode } from "./Child.ts"
import type { ChildOptions, SupervisorOptions } from "./ChildSpec.ts"
import { changeTree } from "./internal/change.ts"
import { eventsOf } from "./internal/events.ts"
import { IgnoreStart } from "./internal/ignore.ts"
import { startTree } from "./internal/start.ts"
import * as tree_ from "./internal/tree.ts"
import { childOptions, typed, untyped } from "./internal/typed.ts"
import type { StateStore } from "./StateStore.ts"
import { makeStateStore } from "./StateStore.ts"
import type { ChildNotRunning, ChildStartError, InvalidSpec } from "./SupervisorError.ts"
import type { SupervisorEvent } from "./SupervisorEvent.ts"

export { module, placed } from "./Placed.ts"

/**
 * A supervisor of children that are known beforehand. They start in this order, one after the other, and stop in reverse.
 *
 * **Example** (A tree of two, and a crash)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Stream } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Worker = Actor.make("Worker", [Rpc.make("Crash")])
 * const WorkerLive = Worker.behavior({
 *   init: () => ({}),
 *   handlers: { Crash: () => { throw new Error("boom") } }
 * })
 * const Tree = Supervisor.make("app", { strategy: "one_for_one", intensity: 3, period: "5 seconds" }, [
 *   Supervisor.child("first", WorkerLive, undefined),
 *   Supervisor.child("second", WorkerLive, undefined)
 * ])
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(Tree)
 *   const first = yield* app.get("first")
 *   yield* first.tell(Worker.messages.Crash())
 *   yield* Supervisor.events.pipe(Stream.filter((event) => event._tag === "Restarted"), Stream.runHead)
 *   return (yield* app.get("first")).pid === first.pid
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Id extends string, const Children extends ReadonlyArray<Child.Any>>(
  id: Id,
  options: SupervisorOptions & ChildOptions,
  children: Children
): Supervisor<Id, Children[number]> =>
  typed({
    kind: "supervisor",
    id,
    given: options,
    options: childOptions(options),
    supervisor: options,
    children: Array.isArray(children) ? children.map(untyped) : children as never
  })

/**
 * An actor as a child. `provides`: a service whose value follows the child over its restarts, by its name (its path in
 * the tree, unless it has one). `restoreFrom`: what it starts with when it is started again, by explicit choice.
 *
 * **Example** (A service that outlives the child)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * class TheCounter extends Actor.Service<TheCounter>()("app/TheCounter", Counter) {}
 * const Tree = Supervisor.make("app", { strategy: "one_for_one" }, [
 *   Supervisor.child("counter", CounterLive, 40, { restart: "permanent", provides: TheCounter })
 * ])
 * const program = Effect.flatMap(TheCounter, (counter) => counter.ask(Counter.messages.Add(2))).pipe(
 *   Effect.provide(Supervisor.layer(Tree))
 * )
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export function child<const Id extends string, Rpcs extends Rpc.Any, Args, State, E>(
  id: Id,
  behavior: Movable<Rpcs, Args, State, E>,
  args: Args,
  options?: ChildOptions & SpawnOptions & {
    readonly provides?: undefined
    readonly restoreFrom?: undefined
  }
): MovableChild<Id, ActorRef<Rpcs>, never, E | SpawnError>
export function child<const Id extends string, Rpcs extends Rpc.Any, Args, State, E, R, Out = never>(
  id: Id,
  behavior: Behavior<Rpcs, Args, State, E, R>,
  args: Args,
  options?: ChildOptions & SpawnOptions & {
    readonly provides?: Context.Key<Out, NamedRef<Rpcs>> | undefined
    readonly restoreFrom?: StateStore<Args> | undefined
  }
): Child<Id, ActorRef<Rpcs>, Out, E | SpawnError, R | ActorSystem>
export function child(
  id: string,
  behavior: object,
  args: unknown,
  options: ChildOptions & SpawnOptions & { readonly provides?: unknown; readonly restoreFrom?: unknown } = {}
): Child.Any {
  const {
    place: _place,
    provides,
    restart: _restart,
    restoreFrom,
    shutdown: _shutdown,
    significant: _significant,
    ...spawn
  } = Object(options) as typeof options
  return typed({
    kind: "actor",
    id,
    behavior: behavior as never,
    args,
    spawn,
    given: options,
    options: childOptions(options),
    provides: provides as never,
    restoreFrom: restoreFrom as StateStore<unknown> | undefined
  })
}

/**
 * A supervisor of many children of one behaviour, started at run time by its handle. `provides`: that handle as a
 * service. `partitions`: so many supervisors, each with an intensity of its own, behind one handle.
 *
 * The options of `ChildOptions` are those of its children; it is itself a permanent child without a time limit.
 *
 * **Example** (A session for whoever comes)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   const counters = yield* Supervisor.start(Supervisor.dynamic("counters", CounterLive, { restart: "temporary" }))
 *   const first = yield* counters.start(1)
 *   yield* counters.start(2)
 *   yield* counters.terminate(first)
 *   return yield* counters.count
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 1
 * ```
 *
 * **Example** (Its handle as a service of the Layer)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { type Dynamic, Supervisor } from "@myrmidonjs/supervisor"
 * import { Context, Effect, Layer, Schema } from "effect"
 * import { Rpc, type RpcGroup } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * class Counters extends Context.Service<
 *   Counters,
 *   Dynamic<RpcGroup.Rpcs<typeof Counter.group>, number, never>
 * >()("app/Counters") {}
 * const Tree = Supervisor.make("app", {}, [Supervisor.dynamic("counters", CounterLive, { provides: Counters })])
 * const program = Effect.gen(function*() {
 *   const counter = yield* Effect.flatMap(Counters, (counters) => counters.start(40))
 *   return yield* counter.ask(Counter.messages.Add(2))
 * })
 * const app = Layer.provideMerge(Supervisor.layer(Tree), ActorSystem.layerMemory())
 *
 * await Effect.runPromise(Effect.provide(program, app)) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export function dynamic<const Id extends string, Rpcs extends Rpc.Any, Args, State, E>(
  id: Id,
  behavior: Movable<Rpcs, Args, State, E>,
  options?: SupervisorOptions & ChildOptions & {
    readonly partitions?: number | undefined
    readonly provides?: undefined
  }
): MovableChild<Id, Dynamic<Rpcs, Args, E>, never, never>
export function dynamic<const Id extends string, Rpcs extends Rpc.Any, Args, State, E, R, Out = never>(
  id: Id,
  behavior: Behavior<Rpcs, Args, State, E, R>,
  options?: SupervisorOptions & ChildOptions & {
    readonly partitions?: number | undefined
    readonly provides?: Context.Key<Out, Dynamic<Rpcs, Args, E>> | undefined
  }
): Child<Id, Dynamic<Rpcs, Args, E>, Out, never, R | ActorSystem>
export function dynamic(
  id: string,
  behavior: object,
  options: SupervisorOptions & ChildOptions & {
    readonly partitions?: number | undefined
    readonly provides?: unknown
  } = {}
): Child.Any {
  return typed({
    kind: "dynamic",
    id,
    behavior: behavior as never,
    given: options,
    options: {},
    child: childOptions(options),
    supervisor: options,
    partitions: options?.partitions,
    provides: options?.provides as never
  })
}

/**
 * Any Effect as a child: a stream consumer, `Layer.launch(...)`. It counts as started once forked, and ends when the
 * Effect does: `Normal` by success, `Crashed` by failure. Its Scope is its own and closes with it.
 *
 * **Example** (A loop that is started again when it fails)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Queue } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const rounds = yield* Queue.unbounded<string>()
 *   const round = Effect.andThen(Queue.offer(rounds, "began"), Effect.never)
 *   const failing = Effect.andThen(Queue.offer(rounds, "failed"), Effect.fail("once"))
 *   let runs = 0
 *   yield* Supervisor.start(
 *     Supervisor.make("app", {}, [Supervisor.effect("loop", Effect.suspend(() => runs++ === 0 ? failing : round))])
 *   )
 *   return [yield* Queue.take(rounds), yield* Queue.take(rounds)]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["failed", "began"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const effect = <const Id extends string, A, E, R>(
  id: Id,
  effect: Effect.Effect<A, E, R>,
  options: ChildOptions = {}
): Child<Id, void, never, never, Exclude<R, Scope.Scope>> =>
  typed({ kind: "effect", id, effect, given: options, options: childOptions(options) })

/**
 * A resource as a child: an HTTP server, a pool. It counts as started once acquired; its Scope is closed when it stops.
 *
 * **Example** (A resource that others need)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect } from "effect"
 *
 * const log: Array<string> = []
 * const pool = Effect.acquireRelease(
 *   Effect.sync(() => (log.push("opened"), { size: 4 })),
 *   () => Effect.sync(() => void log.push("closed"))
 * )
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(Supervisor.make("app", {}, [Supervisor.scoped("pool", pool)]))
 *   return (yield* app.get("pool")).size
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 4
 * log // => ["opened", "closed"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const scoped = <const Id extends string, A, E, R>(
  id: Id,
  acquire: Effect.Effect<A, E, R>,
  options: ChildOptions = {}
): Child<Id, A, never, E, Exclude<R, Scope.Scope>> =>
  typed({ kind: "scoped", id, effect: acquire, given: options, options: childOptions(options) })

/**
 * As the `init` of a child, or what it acquires: it does not want to start now. That is no failure; the spec stays, the
 * child does not run, and `restart` asks it again. Of a dynamic supervisor nothing is kept: `start` fails with
 * `SpawnError`, since there is no child to give, and a child that says so when it is started again is forgotten.
 *
 * **Example** (A child that is not wanted today)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({
 *   init: (enabled: boolean) => enabled ? Effect.succeed(0) : Supervisor.ignore,
 *   handlers: {}
 * })
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(
 *     Supervisor.make("app", {}, [
 *       Supervisor.child("on", WorkerLive, true),
 *       Supervisor.child("off", WorkerLive, false)
 *     ])
 *   )
 *   return (yield* app.which).map(({ id, status }) => `${id} ${status}`)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["on running", "off stopped"]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ignore: Effect.Effect<never> = Effect.suspend(() => Effect.die(new IgnoreStart()))

/**
 * A store for `restoreFrom`, in memory.
 *
 * **Example** (What a child starts with again)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Schema, Stream } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const offsets = Supervisor.stateStore<number>()
 * const Reader = Actor.make("Reader", [Rpc.make("Read"), Rpc.make("Crash"), Rpc.make("Offset", { success: Schema.Int })])
 * const { Crash, Offset, Read } = Reader.messages
 * const ReaderLive = Reader.behavior({
 *   init: (offset: number) => ({ offset }),
 *   handlers: {
 *     Read: (state) => offsets.write(++state.offset),
 *     Crash: () => {
 *       throw new Error("boom")
 *     },
 *     Offset: (state) => state.offset
 *   }
 * })
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(
 *     Supervisor.make("app", {}, [Supervisor.child("reader", ReaderLive, 0, { restoreFrom: offsets })])
 *   )
 *   const reader = yield* app.get("reader")
 *   yield* reader.tell(Read())
 *   yield* reader.tell(Crash())
 *   yield* Supervisor.events.pipe(Stream.filter((event) => event._tag === "Restarted"), Stream.runHead)
 *   return yield* (yield* app.get("reader")).ask(Offset())
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 1
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const stateStore: <Args>() => StateStore<Args> = makeStateStore

/**
 * The tree as a part of an application: built with its Layer graph, stopped with its scope, and its `R` is what its
 * children need and do not provide to each other.
 *
 * **Example** (A tree in the Layers of a program)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * class TheCounter extends Actor.Service<TheCounter>()("app/TheCounter", Counter) {}
 * const AppLive = Supervisor.layer(
 *   Supervisor.make("app", {}, [Supervisor.child("counter", CounterLive, 40, { provides: TheCounter })])
 * )
 * const program = Effect.flatMap(TheCounter, (counter) => counter.ask(Counter.messages.Add(2)))
 *
 * await Effect.runPromise(Effect.provide(program, AppLive.pipe(Layer.provide(ActorSystem.layerMemory())))) // => 42
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <Id extends string, A, Out, E, R>(
  tree: Child<Id, A, Out, E, R>
): Layer.Layer<Out, ChildStartError<E> | InvalidSpec, R | ActorSystem> =>
  Layer.effectContext(
    Effect.map(startTree(untyped(tree)), ({ provided }) => provided as Context.Context<Out>) as Effect.Effect<
      Context.Context<Out>,
      ChildStartError<E> | InvalidSpec,
      R | ActorSystem | Scope.Scope
    >
  )

/**
 * Starts a tree in the surrounding Scope, which stops it in order when it closes.
 *
 * **Example** (A tree that ends with its scope)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const Tree = Supervisor.make("app", {}, [Supervisor.child("worker", WorkerLive, undefined)])
 * const program = Effect.gen(function*() {
 *   const worker = yield* Effect.scoped(Effect.flatMap(Supervisor.start(Tree), (app) => app.get("worker")))
 *   return yield* Actor.isAlive(worker)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const start = <Id extends string, A, Out, E, R>(
  tree: Child<Id, A, Out, E, R>
): Effect.Effect<A, ChildStartError<E> | InvalidSpec, R | ActorSystem | Scope.Scope> =>
  Effect.map(startTree(untyped(tree)), ({ value }) => value as A) as Effect.Effect<
    A,
    ChildStartError<E> | InvalidSpec,
    R | ActorSystem | Scope.Scope
  >

/**
 * Gives a running supervisor another list of specs, by OTP's rule for code change: children that stay keep their PIDs;
 * how they are restarted and stopped changes at once, what they start with at their next start. New ones are there and
 * not started, and those that are gone are forgotten, not ended. Nested supervisors change with it. Also for a dynamic
 * supervisor. One that lives on another isolate takes the tree of a module, `Supervisor.placed(id, tree)`: functions do not
 * cross. From then on it starts again with that tree. A change of a supervisor below it is lost when the placed one starts
 * again: one that is to stay is made to the placed one, with a tree that has it further down.
 *
 * **Example** (A new list for a supervisor that runs)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const worker = Supervisor.child("worker", WorkerLive, undefined)
 * const V1 = Supervisor.make("app", {}, [worker])
 * const V2 = Supervisor.make("app", {}, [worker, Supervisor.child("helper", WorkerLive, undefined)])
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(V1)
 *   const before = yield* app.get("worker")
 *   yield* Supervisor.change(app.ref, V2)
 *   const after = yield* app.get("worker")
 *   return [before.pid === after.pid, (yield* app.which).map(({ id, status }) => `${id} ${status}`)]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [true, ["worker running", "helper stopped"]]
 * ```
 *
 * @category operations
 * @since 0.1.0
 */
export const change = <Id extends string, A, Out, E, R>(
  ref: AnyRef,
  tree: Child<Id, A, Out, E, R>
): Effect.Effect<void, ChildNotRunning | InvalidSpec, R | ActorSystem> => changeTree(ref, untyped(tree))

/**
 * The tree below a supervisor as data. Of a dynamic supervisor the first hundred children are listed. An actor that is no
 * supervisor, or one that another isolate has started, is refused (`InvalidOption`, a defect).
 *
 * **Example** (Who is there)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const Tree = Supervisor.make("app", {}, [Supervisor.child("worker", WorkerLive, undefined)])
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(Tree)
 *   const { children, id, type } = yield* Supervisor.tree(app.ref)
 *   return [id, type, children.map((child) => child.id)]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["app", "supervisor", ["worker"]]
 * ```
 *
 * @category observability
 * @since 0.1.0
 */
export const tree: (ref: AnyRef) => Effect.Effect<TreeNode, ActorExited> = tree_.tree

/**
 * A tree as text: names, PIDs, restarts, queue lengths, state.
 *
 * **Example** (A tree for people)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const Tree = Supervisor.make("app", {}, [Supervisor.child("worker", WorkerLive, undefined)])
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(Tree)
 *   const text = Supervisor.render(yield* Supervisor.tree(app.ref))
 *   return text.split("\n").map((line) => /\w+/.exec(line)?.[0])
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["app", "worker"]
 * ```
 *
 * @category observability
 * @since 0.1.0
 */
export const render: (tree: TreeNode) => string = tree_.render

/**
 * What happens in all trees of the system. The metrics `myrmidon_supervisor_started`, `_crashed` (with the attribute
 * `reason`), `_restarted` and `_escalated` count the same, whoever reads. Bounded: a slow reader loses events, which the metric
 * `myrmidon_supervisor_dropped_events` counts.
 *
 * **Example** (What happens in a tree)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Fiber, Stream } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const Tree = Supervisor.make("app", {}, [Supervisor.child("worker", WorkerLive, undefined)])
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(Tree)
 *   const seen = yield* Effect.forkChild(Stream.runCollect(Stream.take(Supervisor.events, 2)), { startImmediately: true })
 *   yield* Actor.kill(yield* app.get("worker"))
 *   return (yield* Fiber.join(seen)).map((event) => event._tag)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["Crashed", "Restarted"]
 * ```
 *
 * @category observability
 * @since 0.1.0
 */
export const events: Stream.Stream<SupervisorEvent, never, ActorSystem> = Stream.unwrap(
  Effect.map(ActorSystem, (system) => eventsOf(system).stream)
)
