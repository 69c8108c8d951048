/**
 * What a program does with a supervision tree: starts it, changes it while it runs, and looks at it.
 *
 * @since 0.1.0
 */
import { type ActorExited, ActorSystem, type AnyRef } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Child, TreeNode } from "./Child.ts"
import { changeTree } from "./internal/change.ts"
import { eventsOf } from "./internal/events.ts"
import { startTree } from "./internal/start.ts"
import * as internal from "./internal/tree.ts"
import { untyped } from "./internal/typed.ts"
import type { ChildNotRunning, ChildStartError, InvalidSpec } from "./SupervisorError.ts"
import type { SupervisorEvent } from "./SupervisorEvent.ts"

/**
 * A Layer that starts the tree when it is built, and stops it, in order, when its scope closes. It provides what the
 * children provide, and needs the services that they need and do not provide to each other.
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
 * Starts a tree, which is stopped in order when the surrounding `Scope` closes. Succeeds with the handle of the
 * supervisor when all children have started.
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
 * Gives a running supervisor another list of child specs, by OTP's rules for code change.
 *
 * Children in both lists go on with their PIDs: how they are restarted and stopped changes at once, what they start
 * with at their next start. New children are not started by this (`restart` does); children that are not in the new
 * list are forgotten, not ended. Nested supervisors change as well, and dynamic ones.
 *
 * For a supervisor on another isolate the new tree is one of a module, `Supervisor.placed(id, tree)`, since functions
 * do not cross. From then on it starts again with that tree. To change a supervisor further down there, change the
 * placed one, with a tree that has the change: one made directly to the lower one is lost when the placed one starts
 * again.
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
 * The tree below a supervisor as data: ids, PIDs, states, restarts. Of a dynamic supervisor 100 children are listed.
 * An actor that is no supervisor, or a supervisor that another isolate has started, is refused (`InvalidOption`, a
 * defect).
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
export const tree: (ref: AnyRef) => Effect.Effect<TreeNode, ActorExited> = internal.tree

/**
 * Prints a tree as text, a line for each child: its name, PID, restarts, mailbox length and state.
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
export const render: (tree: TreeNode) => string = internal.render

/**
 * What happens in all supervision trees of the system, as a stream: starts, crashes, restarts, escalations.
 *
 * The stream is bounded: a slow reader loses events, which the metric `myrmidon_supervisor_dropped_events` counts. The
 * metrics `myrmidon_supervisor_started`, `_crashed` (with the attribute `reason`), `_restarted` and `_escalated` count
 * all of them.
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
