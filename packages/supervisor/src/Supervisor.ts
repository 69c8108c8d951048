/**
 * Supervision trees: which children are started, in which order, and what happens when one of them ends.
 *
 * The rules are those of Erlang/OTP. Children are actors, other supervisors, or any scoped Effect. A tree is described by
 * child specs (this file), then started and watched (`Running.ts`); parts of it can live on other isolates (`Placed.ts`).
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
