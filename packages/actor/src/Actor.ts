/**
 * Defines actors (`make`, `module`, `Service`), and asks about running ones (`info`, `isAlive`, `whereis`).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Rpc from "effect/rpc/Rpc"
import type * as RpcClient from "effect/rpc/RpcClient"
import type * as RpcGroup from "effect/rpc/RpcGroup"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { ActorRef, AnyRef, NamedRef, Recipient } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type { ActorExited, AskError } from "./AskError.ts"
import type { Behavior } from "./Behavior.ts"
import { fingerprintOf } from "./internal/codec/fingerprint.ts"
import { msgpack } from "./internal/codec/msgpack.ts"
import { infoOf, isAlive as isCellAlive } from "./internal/about.ts"
import { provideBehavior } from "./internal/behavior.ts"
import { cellOf } from "./internal/cell.ts"
import { makeMovable } from "./internal/isolate/movable.ts"
import { invalid } from "./internal/invalid.ts"
import { lookupName } from "./internal/named.ts"
import { isName } from "./internal/name.ts"
import { makeProtocol } from "./internal/protocol.ts"
import { protocolOf } from "./internal/protocolOf.ts"
import { infosOf, makeGroup } from "./internal/rpc.ts"
import { makeClient, makeHandlers } from "./internal/rpcBridge.ts"
import { hostOf } from "./internal/system.ts"
import type { Message } from "./Message.ts"
import type { Movable } from "./Movable.ts"
import type { Pid } from "./Pid.ts"
import type { Protocol } from "./Protocol.ts"
import type { Self as ActorSelf } from "./Self.ts"
import type { IsolateUnavailable, NameNotFound, ProtocolMismatch } from "./SpawnError.ts"

export { exit, kill, resume, stop, suspend } from "./Lifecycle.ts"

/**
 * The type of a ref: `type CounterRef = Actor.Ref<typeof Counter>`.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Ref<P> = P extends Protocol<infer _N, infer Rpcs> ? ActorRef<Rpcs> : never

/**
 * Every message of a protocol, as a discriminated union.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Messages<P> = P extends Protocol<infer _N, infer Rpcs> ? Message.Any<Rpcs> : never

/**
 * The third argument of the handlers of a protocol, for functions that several of them call:
 * `(self: Actor.Self<typeof Counter, State>) => …`.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Self<P, State> = P extends Protocol<infer _N, infer Rpcs> ? ActorSelf<Rpcs, State> : never

/**
 * What an actor looks like from outside.
 *
 * @category models
 * @since 0.1.0
 */
export interface ActorInfo {
  readonly pid: Pid
  readonly name: string | undefined
  readonly protocol: string
  readonly version: string
  readonly status: "idle" | "runnable" | "busy" | "suspended"
  /** Messages that wait, all lanes. */
  readonly mailbox: number
  /** Senders that wait for room in the mailbox (policy `suspend`): actors, and fibers in `tell` or `ask`. */
  readonly held: number
  /** Messages handled. */
  readonly reductions: number
  /** ms of handler time. */
  readonly millis: number
  /**
   * Bytes that the runtime holds for it: its record, its queue, links, monitors, timers, name and open asks. Not the
   * program's own: state, payloads, fibers. Counted on the native system, estimated on the twin.
   */
  readonly memory: number
  readonly links: ReadonlyArray<Pid>
}

/**
 * Makes a protocol: the name of a kind of actor, and the messages that it understands, each an `Rpc` of `effect/rpc`.
 *
 * The protocol has the constructors of its messages (`messages`), and makes behaviours that handle them (`behavior`).
 * To senders a ref is typed by it: a message that the protocol does not have, or a wrong payload, does not compile.
 *
 * **Example** (An actor in ten lines)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: { by: Schema.Int }, success: Schema.Int })])
 * const { Add } = Counter.messages
 * const CounterLive = Counter.behavior({
 *   init: (start: number) => ({ n: start }),
 *   handlers: { Add: (state, { by }) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* CounterLive.spawn(40)
 *   yield* counter.tell(Add({ by: 1 }))
 *   return yield* counter.ask(Add({ by: 1 }))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Name extends string, const Rpcs extends ReadonlyArray<Rpc.Any>>(
  name: Name,
  rpcs: Rpcs
): Protocol<Name, Rpcs[number]> => makeProtocol(name, makeGroup(rpcs))

/**
 * Makes a protocol from an `RpcGroup` that exists already: one that is also served over HTTP, or by `effect/cluster`.
 *
 * **Example** (One group, an actor behind it)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc, RpcGroup } from "effect/rpc"
 *
 * const group = RpcGroup.make(Rpc.make("Add", { payload: Schema.Int, success: Schema.Int }))
 * const Counter = Actor.fromRpcGroup("Counter", group)
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* CounterLive.spawn(40)
 *   return yield* counter.ask(Counter.messages.Add(2))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromRpcGroup = <const Name extends string, Rpcs extends Rpc.Any>(
  name: Name,
  group: RpcGroup.RpcGroup<Rpcs>
): Protocol<Name, Rpcs> => makeProtocol(name, group)

/**
 * Makes a service for an actor that others depend on:
 * `class TheCounter extends Actor.Service<TheCounter>()("app/TheCounter", Counter) {}`.
 *
 * Its value is a `NamedRef`, which finds the actor by name with each message, so that it stays good when the actor is
 * restarted. `Supervisor.child` provides it with `provides: TheCounter`.
 *
 * **Example** (A program that needs an actor and does not say which)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorRef, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * class TheCounter extends Actor.Service<TheCounter>()("app/TheCounter", Counter) {}
 * const add = Effect.flatMap(TheCounter, (counter) => counter.ask(Counter.messages.Add(2)))
 * const program = Effect.gen(function*() {
 *   yield* CounterLive.spawn(40, { name: "counter" })
 *   return yield* Effect.provideService(add, TheCounter, yield* ActorRef.named(Counter, "counter"))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const Service = <Self>() =>
<const Id extends string, Name extends string, Rpcs extends Rpc.Any>(
  id: Id,
  protocol: Protocol<Name, Rpcs>
): Context.ServiceClass<Self, Id, NamedRef<Rpcs>> => {
  protocolOf(protocol)
  if (!isName(id)) throw invalid("id", "a well-formed string that is not empty", id)
  return Context.Service<Self, NamedRef<Rpcs>>()(id)
}

/**
 * Gives a behaviour the services that it needs, from the caller's context. What comes back needs none, so that it can
 * also be spawned without an Effect: `spawnUnsafe`, `self.spawnUnsafe`, `self.become`.
 *
 * **Example** (Spawning without an Effect, also what needs services)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Context, Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * class Step extends Context.Service<Step, number>()("app/Step") {}
 * const Counter = Actor.make("Counter", [Rpc.make("Next", { success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Next: (state) => Effect.map(Step, (step) => (state.n += step)) }
 * })
 * const program = Effect.gen(function*() {
 *   const system = yield* ActorSystem
 *   const ready = yield* Actor.provide(CounterLive)
 *   const counter = system.spawnUnsafe(ready, 40)
 *   return yield* counter.ask(Counter.messages.Next())
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.provideService(Step, 2), Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const provide = <Rpcs extends Rpc.Any, Args, State, E, R>(
  behavior: Behavior<Rpcs, Args, State, E, R>
): Effect.Effect<Behavior<Rpcs, Args, State, E>, never, R> =>
  Effect.map(Effect.context<R>(), (context) => provideBehavior(behavior, context as Context.Context<never>))

/**
 * An `RpcClient` whose calls are asks of this actor: for code that was written for the client of an RPC server.
 *
 * **Example** (Code that was written for an RpcClient)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   const client = Actor.client(yield* CounterLive.spawn(40))
 *   return yield* client.Add(2)
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category interop
 * @since 0.1.0
 */
export const client = <Rpcs extends Rpc.Any>(to: Recipient<Rpcs>): RpcClient.RpcClient<Rpcs, AskError> => makeClient(to)

/**
 * The handlers of an `RpcServer` whose requests are asks of this actor, so that clients reach it over HTTP, WebSocket
 * or workers. When the actor ends before it has answered, the client gets a defect.
 *
 * **Example** (An actor behind a server of the group)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc, RpcTest } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const remote = Effect.flatMap(RpcTest.makeClient(Counter.group), (client) => client.Add(2))
 * const CounterHandlers = Actor.layerRpcHandlers(Counter, CounterLive.spawn(40))
 * const program = Effect.provide(remote, CounterHandlers)
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category interop
 * @since 0.1.0
 */
export const layerRpcHandlers = <Name extends string, Rpcs extends Rpc.Any, E, R>(
  protocol: Protocol<Name, Rpcs>,
  to: Effect.Effect<Recipient<Rpcs>, E, R>
): Layer.Layer<Rpc.ToHandler<Rpcs>, E, Exclude<R, Scope.Scope>> => makeHandlers(protocol, to)

/**
 * Makes a behaviour that can also be spawned on other isolates (worker threads): it has `spawnOn` besides `spawn`.
 *
 * Functions do not cross between isolates, so each of them imports the module that calls this. `url` is that module's
 * `import.meta.url`; call it at the top level of the module. The services that the behaviour needs come from `layer`,
 * which is built once in each isolate.
 *
 * The arguments of `init` cross as plain data, or as the schema `args` encodes them. An error of `init` or of the Layer
 * crosses by the schema `error`; without one it is a `SpawnError` with `InitCrashed`.
 *
 * **Example** (An actor on another core, or here where there is none)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Sum = Actor.make("Sum", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const SumLive = Actor.module(
 *   import.meta.url,
 *   Sum.behavior({ init: (from: number) => ({ n: from }), handlers: { Add: (state, by) => (state.n += by) } }),
 *   Layer.empty
 * )
 * const program = Effect.flatMap(SumLive.spawnOn("spread", 40), (sum) => sum.ask(Sum.messages.Add(2)))
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const module = <Rpcs extends Rpc.Any, Args, State, E, R, LE = never>(
  url: string,
  behavior: Behavior<Rpcs, Args, State, E, R>,
  layer: Layer.Layer<Exclude<R, ActorSystem>, LE, ActorSystem>,
  options?: {
    readonly args?: Schema.Codec<Args, unknown> | undefined
    readonly error?: Schema.Codec<E | LE, unknown> | undefined
  }
): Movable<Rpcs, Args, State, E | LE> => makeMovable(url, behavior, layer, options)

/**
 * What a running actor is and does: its state of life, mailbox length, messages handled, handler time, memory and
 * links.
 *
 * **Example** (What an actor has done)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* CounterLive.spawn(40, { name: "counter" })
 *   yield* counter.ask(Counter.messages.Add(2))
 *   const { mailbox, name, protocol, reductions } = yield* Actor.info(counter)
 *   return { mailbox, name, protocol, reductions }
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => { mailbox: 0, name: "counter", protocol: "Counter", reductions: 1 }
 * ```
 *
 * @category observability
 * @since 0.1.0
 */
export const info = (ref: AnyRef): Effect.Effect<ActorInfo, ActorExited> => Effect.suspend(() => infoOf(cellOf(ref)))

/**
 * Whether an actor is alive. Exit signals that were sent to it before act first: right after `kill` the answer is
 * false.
 *
 * **Example** (Before and after a kill)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect } from "effect"
 *
 * const WorkerLive = Actor.make("Worker", []).behavior({ init: () => 0, handlers: {} })
 * const program = Effect.gen(function*() {
 *   const worker = yield* WorkerLive.spawn()
 *   const before = yield* Actor.isAlive(worker)
 *   yield* Actor.kill(worker)
 *   return [before, yield* Actor.isAlive(worker)]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [true, false]
 * ```
 *
 * @category observability
 * @since 0.1.0
 */
export const isAlive = (ref: AnyRef): Effect.Effect<boolean> => Effect.suspend(() => isCellAlive(cellOf(ref)))

/**
 * Finds the actor that has this name now, in any isolate of the system, and gives a ref of this protocol.
 *
 * Fails with `ProtocolMismatch` when the actor does not understand the protocol. When it lives in another isolate, that
 * one is asked, and `IsolateUnavailable` says that it did not answer within `isolateSilence`. An actor in Rust is
 * checked by its `fingerprint`, where it declares one.
 *
 * **Example** (Finding an actor by its name)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by) }
 * })
 * const program = Effect.gen(function*() {
 *   yield* CounterLive.spawn(40, { name: "counter" })
 *   const counter = yield* Actor.whereis(Counter, "counter")
 *   const nobody = yield* Effect.flip(Actor.whereis(Counter, "other"))
 *   return [yield* counter.ask(Counter.messages.Add(2)), nobody._tag]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [42, "NameNotFound"]
 * ```
 *
 * @category names
 * @since 0.1.0
 */
export const whereis = <Name extends string, Rpcs extends Rpc.Any>(
  protocol: Protocol<Name, Rpcs>,
  name: string
): Effect.Effect<ActorRef<Rpcs>, NameNotFound | ProtocolMismatch | IsolateUnavailable, ActorSystem> =>
  Effect.flatMap(ActorSystem, (system) => lookupName(hostOf(system), protocol, name))

/**
 * The shape of a protocol as 16 hexadecimal digits, to compare the TypeScript and the Rust side of one: made of its
 * tags, and of the names and wire forms of all fields of payloads, replies and errors (docs/codec.md).
 *
 * An actor in Rust declares it as `FINGERPRINT`. Then `whereis` with a protocol of another shape fails with
 * `ProtocolMismatch`, instead of messages that cannot be read.
 *
 * **Example** (What to declare in Rust)
 *
 * ```ts import.meta.vitest
 * import { Actor } from "@myrmidonjs/actor"
 * import { Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: { by: Schema.Int }, success: Schema.Int })])
 *
 * Actor.fingerprint(Counter) // => "47e25aa9d4345417"
 * ```
 *
 * @category protocols
 * @since 0.1.0
 */
export const fingerprint = <Name extends string, Rpcs extends Rpc.Any>(protocol: Protocol<Name, Rpcs>): string =>
  fingerprintOf(msgpack.format, infosOf(protocolOf(protocol).group))
