/**
 * Supervision trees: which children are started, in which order, and what happens when one of them ends.
 *
 * The rules are those of Erlang/OTP. Children are actors, other supervisors, or any scoped Effect. A tree is described
 * by child specs (this file), then started and watched (`Running.ts`); parts of it can live on other isolates
 * (`Placed.ts`).
 *
 * @since 0.1.0
 */
import type { ActorRef, ActorSystem, Behavior, Movable, NamedRef, SpawnError, SpawnOptions } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type * as Scope from "effect/Scope"
import type { Child, Dynamic, MovableChild, Supervisor } from "./Child.ts"
import type { ChildOptions, SupervisorOptions } from "./ChildSpec.ts"
import { IgnoreStart } from "./internal/ignore.ts"
import { childOptions, typed, untyped } from "./internal/typed.ts"
import type { StateStore } from "./StateStore.ts"
import { makeStateStore } from "./StateStore.ts"

export { module, placed } from "./Placed.ts"
export { change, events, layer, render, start, tree } from "./Running.ts"

/**
 * Makes a supervisor with a fixed list of children. They start in this order, each when the one before has started, and
 * stop in reverse order. This is a value, which starts nothing: `layer` or `start` does.
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
 * Makes a child of a supervisor from a behaviour and the argument of its `init`. The child is started, and when it has
 * ended it is started again or not, as `restart` says.
 *
 * `provides`: a service (`Actor.Service`) for others to find this actor by. It follows the child over its restarts, by
 * the child's name, which is its path in the tree unless it has another one. `restoreFrom`: a `stateStore` with the
 * argument for the next `init`; without it the child is always started again with the argument given here.
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
 * Makes a supervisor of many children of one behaviour, which are started at run time by its handle (`Dynamic`).
 *
 * `provides`: that handle as a service. `partitions`: how many supervisors share the children behind one handle, each
 * with its own count of restarts (`intensity`). The `ChildOptions` are for the children; the supervisor itself is a
 * permanent child without a time limit.
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
 * Makes a child of a supervisor from an Effect that runs for as long as the child: a stream consumer,
 * `Layer.launch(...)`. The child counts as started once the Effect is forked, and ends with it: `Normal` when it
 * succeeds, `Crashed` when it fails. It has a `Scope` of its own, which closes then.
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
 * Makes a child of a supervisor from a resource: an HTTP server, a pool. The child counts as started once the resource
 * is acquired; when it is stopped, the `Scope` of the resource closes.
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
 * The result of an `init`, or of a resource, of a child that does not want to run now. This is no failure: the
 * supervisor goes on without the child, keeps its spec, and `restart` asks again.
 *
 * A dynamic supervisor keeps nothing of such a child: `start` fails with `SpawnError`, since there is no ref to give; a
 * child that says so when it is restarted is forgotten.
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
 * Makes a store in memory for `restoreFrom`: the child writes what it should start with next time, and the supervisor
 * reads it when it starts the child again.
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
