/**
 * Hot swap: gives running actors another behaviour, with their state migrated, and takes them back to the one before.
 *
 * The actor finishes the message that it handles, and the new behaviour handles the next one. Mailbox, PID, name,
 * links, monitors and timers stay. When anything about a migration fails, the actor goes on as if nothing had been
 * tried.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
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
  sampleOf,
  swapOptions as optionsOf,
  togetherOf
} from "./internal/swapOptions.ts"
import type { Plan, Report } from "./internal/swapReport.ts"
import { planMany, rollBackOne, swapMany, swapOne } from "./internal/swapWhere.ts"
import { swapError, UpgradeImpl } from "./internal/upgrade.ts"
import { watchModule } from "./internal/watchModule.ts"
import { InvalidOption } from "./SpawnError.ts"
import type { SwapError } from "./SwapError.ts"
import type { GroupOptions, Selection, SwapOptions, UpgradeOptions } from "./SwapOptions.ts"

export type { Canary, GroupOptions, Selection, SwapOptions, UpgradeOptions } from "./SwapOptions.ts"

/**
 * An upgrade from one behaviour to another, in one step or several: a value that can be rehearsed (`plan`), applied
 * (`swap`, `swapAll`) and chained (`andThen`).
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
 * What `swapAll` has done: each actor that was reached is counted once. After `maxRollbacks` no further actor is
 * reached.
 *
 * @category models
 * @since 0.1.0
 */
export interface SwapReport extends Report {}

/**
 * What `plan` has found.
 *
 * @category models
 * @since 0.1.0
 */
export interface PlanReport extends Plan {}

const impl = (upgrade: unknown): UpgradeImpl => {
  if (upgrade instanceof UpgradeImpl) return upgrade
  throw invalid("upgrade", "made by HotSwap.upgrade", upgrade)
}

/**
 * Makes an upgrade from one behaviour to another of the same protocol, or of a wider one. `migrate` makes the new state
 * from a copy of the old one; it may be left out where the old state is a new state as it is.
 *
 * An actor that does not run the behaviour `from` is not swapped. An option that is no function throws `InvalidOption`.
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
 * Chains two upgrades to one: an actor goes from the first to the last version at once. Throws `InvalidOption` when the
 * second does not start from the behaviour that the first ends with.
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
 * Makes an upgrade that also swaps actors on other isolates (worker threads).
 *
 * Functions do not cross between isolates, so each of them imports the module that calls this. `url` is that module's
 * `import.meta.url`; call it at the top level of the module, in the same order everywhere, and make both behaviours
 * there or in modules that it imports. The services of the new behaviour come from its own Layer (`Actor.module`).
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

/** A value that is checked: what is wrong with it is a defect (`InvalidOption`). */
const checkedOrDie = <A>(check: () => A): Effect.Effect<A> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(check())
    } catch (error) {
      return Effect.die(error)
    }
  })

/** The actor that a ref or a name stands for now. */
const holder = (ref: AnyRef | NamedRef<never>): Effect.Effect<Cell, SwapError> =>
  Effect.suspend(() => {
    const found = holderNow(ref)
    return found instanceof Cell ? Effect.succeed(found) : Effect.fail(swapError(found))
  })

/**
 * Swaps one actor. With a canary it waits until the new version has passed, and fails when that was rolled back.
 *
 * Succeeds with a ref of the same actor, typed by the messages that it understands now; the old ref stays good. A name
 * stands for the actor that has it when the swap begins; if nobody has it, the swap fails with `ActorExited`. An option
 * out of range is a defect, `InvalidOption`.
 *
 * A handler that swaps its own actor has to fork the swap (`Effect.forkDetach`): the swap waits until the handler is
 * done.
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
    Effect.flatMap(checkedOrDie(() => resolveSwap(swapOptions, optionsOf.one)), (resolved) =>
      Effect.map(
        Effect.flatMap(
          holder(ref),
          (cell) => swapOne(cell, impl(upgrade), context as Context.Context<never>, resolved)
        ),
        (cell) => cell as unknown as ActorRef<To>
      ))
  )

/**
 * Swaps every actor that runs the behaviour `from` of the upgrade. The report names those that failed, with their
 * errors.
 *
 * By default one actor after the other, so that the program goes on meanwhile. With `together` all are suspended,
 * changed and resumed as one: if one fails, none changes. Actors that are spawned while this runs are not looked for.
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
      const resolved = yield* checkedOrDie(() => resolveSwap(swapOptions, optionsOf.group))
      const together = yield* checkedOrDie(() => togetherOf(swapOptions?.together))
      const selection = yield* checkedOrDie(() => resolveSelection(swapOptions))
      return yield* swapMany(impl(upgrade), context, selection, together, resolved)
    })
  )

/**
 * Rehearses an upgrade: runs the migrations on copies of the actors' states, and changes nothing. `sample`: of so many
 * actors, evenly spread, instead of all. No actor is suspended for it.
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
     * For each migration that is an Effect or a Promise (what computes in one go cannot be interrupted), and for what
     * has to be imported or built first. 5 seconds by default.
     */
    readonly timeout?: Duration.Input | undefined
  }
): Effect.Effect<PlanReport, never, R | ActorSystem> =>
  Effect.contextWith((context: Context.Context<R | ActorSystem>) =>
    Effect.gen(function*() {
      const selection = yield* checkedOrDie(() => resolveSelection(planOptions))
      const sample = yield* checkedOrDie(() => sampleOf(planOptions?.sample))
      const { timeout } = yield* checkedOrDie(() => resolveSwap(planOptions, optionsOf.rehearsal))
      return yield* planMany(impl(upgrade), context, selection, sample, timeout)
    })
  )

/**
 * Takes an actor back to the version before, or to a `version` that it still keeps, with the state that it had then.
 * What it has done since is lost, unless the upgrade has `back`. A canary that runs ends by it. A name stands for the
 * actor that has it now.
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
 * For development: imports a module again whenever its file changes, and calls `apply` with it, which swaps the running
 * actors. A file that cannot be imported is logged, and changes nothing.
 *
 * Never ends by itself: fork it. Every version that was imported stays in memory. Needs `node:fs`.
 * `examples/hot-reload` is a program that does this.
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
