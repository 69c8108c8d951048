/**
 * Supervisors that live on other isolates: `Supervisor.module` and `Supervisor.placed`.
 *
 * @since 0.1.0
 */
import { Actor, type ActorSystem, type SpawnError } from "@myrmidonjs/actor"
import type * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type { Child, MovableChild, MovableTree, RunningElsewhere, Supervisor } from "./Child.ts"
import type { ChildOptions } from "./ChildSpec.ts"
import { build } from "./internal/build.ts"
import { invalidArgument } from "./internal/invalid.ts"
import { keeperOf } from "./internal/keeper.ts"
import { isObject, type PlacedSpec, type SupervisorSpec } from "./internal/spec.ts"
import { registerTree } from "./internal/trees.ts"
import { childOptions, typed, untyped } from "./internal/typed.ts"

/**
 * Makes a tree that can run on another isolate (a worker thread); `Supervisor.placed` then puts it below a supervisor.
 *
 * Functions do not cross between isolates, so each of them imports the module that calls this. `url` is that module's
 * `import.meta.url`; call it at the top level of the module. The services that the children need and do not provide to
 * each other come from `layer`, which is built once in each isolate.
 *
 * An error of a child's `init` crosses by the schema `error` that `Actor.module` was given, or else by this one, which
 * is also for errors of `layer`. Without a schema it is a `SpawnError` with `InitCrashed`.
 *
 * **Example** (A supervisor on another core, or here where there is none)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Sum = Actor.make("Sum", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const SumLive = Sum.behavior({ init: (from: number) => ({ n: from }), handlers: { Add: (state, by) => (state.n += by) } })
 * const Sums = Supervisor.module(
 *   import.meta.url,
 *   Supervisor.make("sums", {}, [Supervisor.child("first", SumLive, 40), Supervisor.child("second", SumLive, 0)]),
 *   Layer.empty
 * )
 * const Tree = Supervisor.make("app", {}, [Supervisor.placed("sums", Sums, { place: "spread" })])
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(Tree)
 *   const sums = yield* app.get("sums")
 *   const first = yield* sums.get("first")
 *   return yield* first.ask(Sum.messages.Add(2))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const module = <const Id extends string, const Children extends Child.Any, LE = never>(
  url: string,
  tree: Supervisor<Id, Children>,
  layer: Layer.Layer<
    Exclude<Exclude<Child.Services<Children>, Child.Provides<Children>>, ActorSystem>,
    LE,
    ActorSystem
  >,
  options: {
    readonly error?: Schema.Codec<LE | Exclude<Child.ErrorOf<Children>, SpawnError>, unknown> | undefined
  } = {}
): MovableTree<Children, LE> => {
  const spec = untyped(tree) as SupervisorSpec
  if (!isObject(spec) || spec.kind !== "supervisor") invalidArgument("tree", "must be made by Supervisor.make")
  // Its services are those of the Layer, which its type has been held against.
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion -- it is not: tsc refuses the call without it
  const services = layer as Layer.Layer<never, LE, ActorSystem>
  const keeper = keeperOf(() => movable, build)
  const behavior = Actor.module(url, keeper, services, { error: options.error as Schema.Codec<LE, unknown> })
  const movable: PlacedSpec["tree"] = registerTree({ spec, behavior: behavior as never })
  return movable as never
}

/**
 * Makes a child that is a whole tree on another isolate: on the one that `place` says, with its children, unless these
 * have a `place` of their own.
 *
 * It is restarted by its restart type, there or elsewhere, also when its isolate goes away, and only when all actors of
 * its former life have ended. It provides what its children provide: actors, by their names.
 *
 * **Example** (A tree twice, each in its place)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem } from "@myrmidonjs/actor"
 * import { Supervisor } from "@myrmidonjs/supervisor"
 * import { Effect, Layer } from "effect"
 *
 * const RoomLive = Actor.make("Room", []).behavior({ init: () => 0, handlers: {} })
 * const Rooms = Supervisor.module(
 *   import.meta.url,
 *   Supervisor.make("rooms", {}, [Supervisor.child("lobby", RoomLive, undefined)]),
 *   Layer.empty
 * )
 * const Tree = Supervisor.make("app", {}, [
 *   Supervisor.placed("east", Rooms, { place: "spread" }),
 *   Supervisor.placed("west", Rooms, { place: "main" })
 * ])
 * const program = Effect.gen(function*() {
 *   const app = yield* Supervisor.start(Tree)
 *   const [east, west] = [yield* app.get("east"), yield* app.get("west")]
 *   return (yield* east.get("lobby")).pid === (yield* west.get("lobby")).pid
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => false
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const placed = <const Id extends string, Children extends Child.Any, LE>(
  id: Id,
  tree: MovableTree<Children, LE>,
  options: ChildOptions = {}
): MovableChild<
  Id,
  RunningElsewhere<Children>,
  Child.Provides<Children>,
  Child.ErrorOf<Children> | LE | SpawnError
> =>
  typed({
    kind: "placed",
    id,
    tree: tree as unknown as PlacedSpec["tree"],
    given: options,
    options: childOptions(options)
  })
