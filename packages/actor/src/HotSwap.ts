/**
 * Hot swap: another behaviour for actors that live, with their state migrated, and the way back.
 *
 * The actor finishes its message; its queue, PID, name, links, monitors and timers stay; the next message is handled by
 * the new behaviour. When anything about a migration fails, nothing has changed.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type { ActorInfo } from "./Actor.ts"
import type { ActorRef, AnyRef, NamedRef } from "./ActorRef.ts"
import { ActorSystem } from "./ActorSystem.ts"
import type { Behavior } from "./Behavior.ts"
import { behaviorOf } from "./internal/behaviorImpl.ts"
import { Cell } from "./internal/cell.ts"
import { functionOf, invalid } from "./internal/invalid.ts"
import { registerUpgrade } from "./internal/isolate/registry.ts"
import { urlOf } from "./internal/isolate/urlOf.ts"
import { holderNow } from "./internal/named.ts"
import {
  checkedUpgrade,
  resolveRollback,
  resolveSelection,
  resolveSwap,
  swapOptions as optionsOf,
  togetherOf
} from "./internal/swapOptions.ts"
import type { Plan, Report } from "./internal/swapReport.ts"
import { planMany, rollBackOne, swapMany, swapOne } from "./internal/swapWhere.ts"
import { swapError, UpgradeImpl } from "./internal/upgrade.ts"
import { watchModule } from "./internal/watchModule.ts"
import { InvalidOption } from "./SpawnError.ts"
import type { SwapError } from "./SwapError.ts"

/**
 * One step from a version to the next, or several: a value to plan, apply, test and chain.
 *
 * @category models
 * @since 0.1.0
 */
export interface Upgrade<in out From extends Rpc.Any, in out To extends Rpc.Any, out R> {
  readonly "~myrmidon/Upgrade": {
    readonly from: (_: From) => From
    readonly to: (_: To) => To
    readonly services: () => R
  }
  readonly from: string
  readonly to: string
}

/**
 * How long a new version is on probation: until it has handled `messages` (1,000 by default, 65,536 at most) or `within`
 * has passed (5 seconds by default; of a group, since the last of it was swapped), whichever is first. When it crashes
 * meanwhile, the version before comes back. Whoever gives up waiting for it ends it: it has passed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Canary {
  /** It has passed when it has handled so many: 1,000 by default, from 1 to 65,536. */
  readonly messages?: number | undefined
  /** It has passed when so much time is over: 5 seconds by default. */
  readonly within?: Duration.Input | undefined
  /** Of a group: after so many (1 by default) nobody else is swapped, and all are brought back. */
  readonly maxRollbacks?: number | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface SwapOptions {
  /** None by default: a version that crashes then ends its actor. `{}` has the defaults of `Canary`. */
  readonly canary?: Canary | undefined
  /**
   * For the end of the message in hand and the migration together, of each actor; and before that, for what the new
   * behaviour needs, where a module has to be imported or its Layer built. 5 seconds by default. It comes between steps of
   * an Effect or a Promise: a migration that computes in one go, or loops for ever, cannot be interrupted.
   */
  readonly timeout?: Duration.Input | undefined
  /** Versions that each actor keeps for `rollback`, with their states: 2 by default, 16 at most. */
  readonly keep?: number | undefined
}

/**
 * Which actors: those that run `upgrade.from` and that these keep.
 *
 * @category models
 * @since 0.1.0
 */
export interface Selection {
  readonly where?: ((info: ActorInfo) => boolean) | undefined
  /** Those that this actor has spawned, and those below them: a supervisor's tree. By name: who has it when it runs. */
  readonly tree?: AnyRef | NamedRef<never> | undefined
}

/**
 * @category models
 * @since 0.1.0
 */
export interface GroupOptions extends SwapOptions, Selection {
  /** All at once, or nobody: see `swapAll`. */
  readonly together?: boolean | undefined
  /** Actors that may be waited for at the same time, for their handlers or their migrations: 1 by default. */
  readonly concurrency?: number | undefined
}

/**
 * What became of a group. Every actor of it that was reached is counted once; after `maxRollbacks` nobody else is.
 *
 * @category models
 * @since 0.1.0
 */
export interface SwapReport extends Report {}

/**
 * What a rehearsal has found.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlanReport extends Plan {}

/**
 * @category models
 * @since 0.1.0
 */
export interface UpgradeOptions<OldState, NewState, M> {
  /** Gets a copy, and may change it. May be left out only where the old state already is a new state. */
  readonly migrate?: ((state: OldState) => M & (NewState | Effect.Effect<NewState, unknown, unknown>)) | undefined
  /**
   * Plain data is copied by itself; what is none needs a `state` schema on the old behaviour or a function here. `share`
   * gives the migration the state itself: fast, and a failed migration that has changed it cannot be undone.
   */
  readonly copy?: "share" | ((state: OldState) => OldState) | undefined
  /** For a rollback that keeps what the new version has done: the old state from the new one, else the one before the swap. */
  readonly back?: ((state: NewState) => OldState) | undefined
}

const impl = (upgrade: unknown): UpgradeImpl => {
  if (upgrade instanceof UpgradeImpl) return upgrade
  throw invalid("upgrade", "made by HotSwap.upgrade", upgrade)
}

/**
 * An upgrade from one behaviour to another. `from` types the old state, and is checked against what the actor runs. An
 * option that is no function throws `InvalidOption`.
 *
 * **Example** (A state that gains a field)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const V1 = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } })
 * const V2 = Counter.behavior({
 *   version: "2",
 *   init: (n: number) => ({ n, steps: 0 }),
 *   handlers: { Add: (state, by) => (state.steps++, state.n += by * 10) }
 * })
 * const toV2 = HotSwap.upgrade(V1, V2, { migrate: (old) => ({ ...old, steps: 0 }) })
 * const program = Effect.gen(function*() {
 *   const counter = yield* V1.spawn(1)
 *   yield* counter.ask(Counter.messages.Add(1))
 *   yield* HotSwap.swap(counter, toV2)
 *   return yield* counter.ask(Counter.messages.Add(1))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 12
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const upgrade = <
  Old extends Rpc.Any,
  OldArgs,
  OldState,
  OE,
  OR,
  New extends Rpc.Any,
  NewArgs,
  NewState,
  NE,
  NR,
  M = NewState
>(
  from: Behavior<Old, OldArgs, OldState, OE, OR>,
  to: Behavior<New, NewArgs, NewState, NE, NR> & Behavior.Compatible<Old, New>,
  ...[options]: [OldState] extends [NewState] ? [options?: UpgradeOptions<OldState, NewState, M>]
    : [options: UpgradeOptions<OldState, NewState, M> & { readonly migrate: unknown }]
): Upgrade<Old, New, NR | Behavior.ServicesOf<M>> =>
  // The types of the options are those of the two behaviours.
  new UpgradeImpl([{ from: behaviorOf(from), to: behaviorOf(to), options: checkedUpgrade(options) }]) as never

/**
 * One upgrade after the other, as one: nothing in between is ever seen. Throws `InvalidOption` when the second does not
 * start from the behaviour that the first ends with.
 *
 * **Example** (Two versions further in one step)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const V1 = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } })
 * const V2 = Counter.behavior({
 *   version: "2",
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by * 10) }
 * })
 * const V3 = Counter.behavior({
 *   version: "3",
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by * 100) }
 * })
 * const toV3 = HotSwap.andThen(HotSwap.upgrade(V1, V2), HotSwap.upgrade(V2, V3))
 * const program = Effect.gen(function*() {
 *   const counter = yield* V1.spawn(1)
 *   yield* HotSwap.swap(counter, toV3)
 *   return yield* counter.ask(Counter.messages.Add(1))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 101
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const andThen = <A extends Rpc.Any, B extends Rpc.Any, C extends Rpc.Any, R, R2>(
  first: Upgrade<A, B, R>,
  second: Upgrade<B, C, R2>
): Upgrade<A, C, R | R2> => {
  const { last, steps } = impl(first), { first: next, steps: others } = impl(second)
  if (next.program !== last.program) {
    const issue = `starts from version ${next.program.version}, and the first does not end with that behaviour`
    throw new InvalidOption({ option: "second", issue })
  }
  return new UpgradeImpl([...steps, ...others]) as never
}

/**
 * An upgrade that other isolates can import, from the module at `url` (`import.meta.url`): what swaps actors there. Both
 * behaviours, and the upgrade itself, are made when that module, or one that it imports, is evaluated. The module has to
 * evaluate to the same upgrades in the same order everywhere; what the new behaviour needs comes from its own Layer
 * (`Actor.module`).
 *
 * **Example** (An upgrade for all isolates)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Layer, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * // counter.ts, which every isolate that runs it imports
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const V1 = Actor.module(
 *   import.meta.url,
 *   Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } }),
 *   Layer.empty
 * )
 * const V2 = Actor.module(
 *   import.meta.url,
 *   Counter.behavior({
 *     version: "2",
 *     init: (n: number) => ({ n }),
 *     handlers: { Add: (state, by) => (state.n += by * 10) }
 *   }),
 *   Layer.empty
 * )
 * const toV2 = HotSwap.module(import.meta.url, HotSwap.upgrade(V1, V2))
 *
 * const program = Effect.gen(function*() {
 *   const counter = yield* V1.spawnOn("worker", 1)
 *   const { swapped } = yield* HotSwap.swapAll(toV2)
 *   return [swapped, yield* counter.ask(Counter.messages.Add(1))]
 * })
 * // With workers: ActorSystem.layer({ isolates: 4 }). On the twin and in tests the same program runs in place.
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [1, 11]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const module = <From extends Rpc.Any, To extends Rpc.Any>(
  url: string,
  upgrade: Upgrade<From, To, ActorSystem>
): Upgrade<From, To, never> => registerUpgrade(urlOf(url), new UpgradeImpl(impl(upgrade).steps)) as never

const options = <A>(f: () => A): Effect.Effect<A> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(f())
    } catch (error) {
      return Effect.die(error)
    }
  })

/** Whom a ref or a name means now. */
const holder = (ref: AnyRef | NamedRef<never>): Effect.Effect<Cell, SwapError> =>
  Effect.suspend(() => {
    const found = holderNow(ref)
    return found instanceof Cell ? Effect.succeed(found) : Effect.fail(swapError(found))
  })

/**
 * Swaps one actor, and waits for its canary where it has one. The ref that comes back is the same actor, as what it
 * understands now; the old ref stays good. By name it is the actor that has the name when the swap begins; a name that
 * nobody has fails with `ActorExited`. An option out of range is a defect, `InvalidOption`.
 *
 * A handler that swaps its own actor waits for itself, until the time is over: it forks the swap (`Effect.forkDetach`).
 *
 * **Example** (A version on probation, which crashes)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Fiber, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const { Add } = Counter.messages
 * const V1 = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } })
 * const Bad = Counter.behavior({
 *   version: "bad",
 *   init: (n: number) => ({ n }),
 *   handlers: {
 *     Add: () => {
 *       throw new Error("never tried")
 *     }
 *   }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* V1.spawn(1)
 *   const swapped = yield* Effect.forkChild(Effect.flip(HotSwap.swap(counter, HotSwap.upgrade(V1, Bad), { canary: {} })))
 *   yield* Effect.yieldNow
 *   yield* counter.tell(Add(1))
 *   const { reason } = yield* Fiber.join(swapped)
 *   return [reason._tag, yield* counter.ask(Add(1))]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => ["RolledBack", 2]
 * ```
 *
 * @category swapping
 * @since 0.1.0
 */
export const swap = <From extends Rpc.Any, To extends Rpc.Any, R>(
  ref: ActorRef<From> | NamedRef<From>,
  upgrade: Upgrade<From, To, R>,
  swapOptions?: SwapOptions
): Effect.Effect<ActorRef<To>, SwapError, R | ActorSystem> =>
  Effect.contextWith((context: Context.Context<R | ActorSystem>) =>
    Effect.flatMap(options(() => resolveSwap(swapOptions, optionsOf.one)), (resolved) =>
      Effect.map(
        Effect.flatMap(
          holder(ref),
          (cell) => swapOne(cell, impl(upgrade), context as Context.Context<never>, resolved)
        ),
        (cell) => cell as unknown as ActorRef<To>
      ))
  )

/**
 * Swaps every actor that runs `upgrade.from`: one by one, so that nothing stands still, or `together`, where all are held
 * still, changed and let go, and nobody changes when one fails. Failures are in the report, actor by actor. A crowd is
 * worked through in turns of the event loop: who is spawned meanwhile is not looked for.
 *
 * **Example** (Everybody, one after the other)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const V1 = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } })
 * const V2 = Counter.behavior({
 *   version: "2",
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by * 10) }
 * })
 * const program = Effect.gen(function*() {
 *   const counters = yield* Effect.replicateEffect(V1.spawn(1), 3)
 *   const { failed, swapped } = yield* HotSwap.swapAll(HotSwap.upgrade(V1, V2))
 *   const answers = yield* Effect.forEach(counters, (counter) => counter.ask(Counter.messages.Add(1)))
 *   return { swapped, failed, answers }
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => { swapped: 3, failed: [], answers: [11, 11, 11] }
 * ```
 *
 * @category swapping
 * @since 0.1.0
 */
export const swapAll = <From extends Rpc.Any, To extends Rpc.Any, R>(
  upgrade: Upgrade<From, To, R>,
  swapOptions?: GroupOptions
): Effect.Effect<SwapReport, never, R | ActorSystem> =>
  Effect.contextWith((context: Context.Context<R | ActorSystem>) =>
    Effect.gen(function*() {
      const resolved = yield* options(() => resolveSwap(swapOptions, optionsOf.group))
      const together = yield* options(() => togetherOf(swapOptions?.together))
      const selection = yield* options(() => resolveSelection(swapOptions))
      return yield* swapMany(impl(upgrade), context, selection, together, resolved)
    })
  )

/**
 * Runs the migrations on copies and commits nothing: of all actors, or of a `sample`, evenly spread. Nobody is held up.
 *
 * **Example** (A rehearsal on copies)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const V1 = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } })
 * const V2 = Counter.behavior({
 *   version: "2",
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by * 10) }
 * })
 * const toV2 = HotSwap.upgrade(V1, V2, {
 *   migrate: ({ n }) => n < 0 ? Effect.fail("below zero") : { n }
 * })
 * const program = Effect.gen(function*() {
 *   yield* Effect.forEach([1, -1, 2], (n) => V1.spawn(n))
 *   const { checked, failures } = yield* HotSwap.plan(toV2)
 *   return [checked, failures.map(({ error }) => error.reason._tag)]
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => [3, ["MigrationFailed"]]
 * ```
 *
 * @category swapping
 * @since 0.1.0
 */
export const plan = <From extends Rpc.Any, To extends Rpc.Any, R>(
  upgrade: Upgrade<From, To, R>,
  planOptions?: Selection & {
    readonly sample?: number | undefined
    /**
     * For each migration that is an Effect or a Promise (what computes in one go cannot be interrupted), and for what has to
     * be imported or built first. 5 seconds by default.
     */
    readonly timeout?: Duration.Input | undefined
  }
): Effect.Effect<PlanReport, never, R | ActorSystem> =>
  Effect.contextWith((context: Context.Context<R | ActorSystem>) =>
    Effect.gen(function*() {
      const selection = yield* options(() => resolveSelection(planOptions))
      const sample = yield* options(() => sampleOf(planOptions?.sample))
      const { timeout } = yield* options(() => resolveSwap(planOptions, optionsOf.rehearsal))
      return yield* planMany(impl(upgrade), context, selection, sample, timeout)
    })
  )

const sampleOf = (sample: number | undefined): number => {
  if (sample === undefined) return Infinity
  if (Number.isSafeInteger(sample) && sample > 0) return sample
  throw invalid("sample", "a whole number from 1", sample)
}

/**
 * Back to the version before, or to a named one that is still kept, with the state that it had; what was done since is
 * kept only by an upgrade with `back`. A canary ends by it. A name is that of whoever has it now, as in `swap`.
 *
 * **Example** (The version before, with its state)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const V1 = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: (state, by) => (state.n += by) } })
 * const V2 = Counter.behavior({
 *   version: "2",
 *   init: (n: number) => ({ n }),
 *   handlers: { Add: (state, by) => (state.n += by * 10) }
 * })
 * const program = Effect.gen(function*() {
 *   const counter = yield* V1.spawn(1)
 *   yield* HotSwap.swap(counter, HotSwap.upgrade(V1, V2))
 *   yield* counter.ask(Counter.messages.Add(1))
 *   yield* HotSwap.rollback(counter)
 *   return yield* counter.ask(Counter.messages.Add(1))
 * })
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 2
 * ```
 *
 * @category swapping
 * @since 0.1.0
 */
export const rollback = (
  ref: AnyRef | NamedRef<never>,
  rollbackOptions?: { readonly version?: string | undefined; readonly timeout?: Duration.Input | undefined }
): Effect.Effect<void, SwapError, ActorSystem> =>
  // One step for each of very many.
  Effect.flatMap(ActorSystem, () => {
    const { timeout, version } = resolveRollback(rollbackOptions)
    const found = holderNow(ref)
    return found instanceof Cell ? rollBackOne(found, version, timeout) : Effect.fail(swapError(found))
  })

/**
 * For development: imports the module again whenever its file changes, and lets `apply` swap the actors that live. A file
 * that cannot be imported is logged and changes nothing. Ends never by itself; what was imported stays in memory. Needs
 * `node:fs`. `examples/hot-reload` is a program that does it.
 *
 * **Example** (Reading the new behaviour out of the module)
 *
 * ```ts import.meta.vitest
 * import { Actor, ActorSystem, HotSwap } from "@myrmidonjs/actor"
 * import { Effect, Schema } from "effect"
 * import { Rpc } from "effect/rpc"
 *
 * const Counter = Actor.make("Counter", [Rpc.make("Add", { payload: Schema.Int, success: Schema.Int })])
 * const CounterLive = Counter.behavior({ init: (n: number) => ({ n }), handlers: { Add: ({ n }, by) => n + by } })
 * const reload = HotSwap.watch(import.meta.url, (module) =>
 *   HotSwap.swapAll(HotSwap.upgrade(CounterLive, (module as { readonly CounterLive: typeof CounterLive }).CounterLive)))
 * // Beside the program, for as long as that runs.
 * const program = Effect.andThen(
 *   Effect.forkScoped(reload),
 *   Effect.flatMap(CounterLive.spawn(40), (counter) => counter.ask(Counter.messages.Add(2)))
 * )
 *
 * await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(ActorSystem.layerMemory()))) // => 42
 * ```
 *
 * @category swapping
 * @since 0.1.0
 */
export const watch = <E, R>(
  url: string,
  apply: (module: object) => Effect.Effect<SwapReport, E, R>
): Effect.Effect<never, E, R | ActorSystem> =>
  Effect.flatMap(ActorSystem, () => watchModule(urlOf(url), functionOf("apply", apply)))
