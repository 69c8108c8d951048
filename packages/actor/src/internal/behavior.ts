/**
 * `Behavior` as users see it: `spawn` and its relatives, as Effects over `spawn.ts`.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Rpc from "effect/rpc/Rpc"
import * as Scope from "effect/Scope"
import { ActorSystem } from "../ActorSystem.ts"
import type { Behavior } from "../Behavior.ts"
import type { ExitReason } from "../ExitReason.ts"
import type { SpawnOptions } from "../Self.ts"
import { BehaviorImpl, behaviorOf, boundFor, type Place } from "./behaviorImpl.ts"
import type { Program } from "./bound.ts"
import type { Cell } from "./cell.ts"
import type { Host } from "./host.ts"
import { effectOf } from "./effectOf.ts"
import { functionOf } from "./invalid.ts"
import { failureOf, linkedBy } from "./linked.ts"
import { Owner } from "./owner.ts"
import { primitive } from "./primitive.ts"
import { begin, checkSpawnOptions, settled, Starting } from "./spawn.ts"
import { stopAll } from "./stop.ts"
import { hostOf } from "./system.ts"
import { type Watch, watch } from "./watch.ts"

export interface Monitored {
  readonly ref: Cell
  readonly down: Effect.Effect<ExitReason>
}

export class SpawnableBehavior extends BehaviorImpl {
  get version(): string {
    return this.program.version
  }

  spawn(args: unknown, options?: SpawnOptions): Effect.Effect<Cell, unknown, unknown> {
    return new Spawn(this, args, options, true)
  }

  spawnDetached(args: unknown, options?: SpawnOptions): Effect.Effect<Cell, unknown, unknown> {
    return new Spawn(this, args, options, false)
  }

  spawnMonitored(args: unknown, options?: SpawnOptions): Effect.Effect<Monitored, unknown, unknown> {
    return Effect.withFiber((fiber) => {
      const scope = Context.getUnsafe(fiber.context, Scope.Scope)
      return spawnWatched(
        fiber,
        this,
        args,
        options,
        true,
        ({ cell, watching }) =>
          Effect.as(Scope.addFinalizer(scope, Effect.sync(() => watching.stop())), { ref: cell, down: watching.end })
      )
    })
  }

  spawnLinked(
    args: unknown,
    use: (ref: Cell) => Effect.Effect<unknown, unknown>,
    options?: SpawnOptions
  ): Effect.Effect<unknown, unknown, unknown> {
    return Effect.withFiber((fiber) => {
      functionOf("use", use)
      const used = (cell: Cell) => Effect.suspend(() => effectOf("use", use(cell)))
      return spawnWatched(fiber, this, args, options, false, ({ cell, watching }, restore) =>
        Effect.onExit(
          restore(linkedBy(cell, failureOf(cell, watching), used(cell))),
          () => {
            watching.stop()
            // What was begun for this use alone has none any more.
            return stopAll([cell], cell.host.options)
          }
        ))
    })
  }
}

/** A spawn as one object; the Effect of a plain `init` runs to its end in one step. */
interface Spawn extends Effect.Effect<Cell, unknown> {}
class Spawn {
  declare readonly behavior: BehaviorImpl
  declare readonly args: unknown
  declare readonly options: SpawnOptions | undefined
  declare readonly isScoped: boolean

  constructor(behavior: BehaviorImpl, args: unknown, options: SpawnOptions | undefined, isScoped: boolean) {
    this.behavior = behavior
    this.args = args
    this.options = options
    this.isScoped = isScoped
  }
}

primitive<Spawn>(Spawn, "Behavior.spawn", function(fiber) {
  return spawnIn(fiber, this.behavior, this.args, this.options, this.isScoped, undefined)
})

interface Watched {
  readonly cell: Cell
  readonly watching: Watch
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** With a watch that stands before `init` runs: an end that comes from there has its reason, too. */
const spawnWatched = <A, E, R>(
  fiber: Fiber.Fiber<unknown, unknown>,
  behavior: BehaviorImpl,
  args: unknown,
  options: SpawnOptions | undefined,
  isScoped: boolean,
  use: (watched: Watched, restore: Restore) => Effect.Effect<A, E, R>
): Effect.Effect<A, unknown, R> =>
  Effect.uninterruptibleMask((restore) => {
    let watching: Watch | undefined
    const spawned = Effect.suspend(() =>
      spawnIn(fiber, behavior, args, options, isScoped, (cell) => watching = watch(cell))
    )
    const watched = Effect.onExit(
      restore(spawned),
      (exit) => Exit.isSuccess(exit) ? Effect.void : Effect.sync(() => watching?.stop())
    )
    return Effect.flatMap(watched, (cell) => use({ cell, watching: watching! }, restore))
  })

const spawnIn = (
  fiber: Fiber.Fiber<unknown, unknown>,
  behavior: BehaviorImpl,
  args: unknown,
  options: SpawnOptions | undefined,
  isScoped: boolean,
  begun: ((cell: Cell) => void) | undefined
): Effect.Effect<Cell, unknown> => {
  const { host, owner, scope } = placeOf(fiber.context as PlaceContext, behavior, isScoped)
  let result: Cell | Starting
  try {
    checkSpawnOptions(options, false)
    result = begin(boundFor(behavior, host, fiber.context), args, options, undefined, begun)
  } catch (error) {
    return Exit.fail(error)
  }
  const cell = result instanceof Starting ? result.cell : result
  const isClosed = scope !== undefined && scope.state._tag === "Closed"
  // Before `init` is done: whoever closes the scope meanwhile ends it too.
  if (owner !== undefined && !isClosed) owner.add(cell)
  const spawned = result instanceof Starting ? settled(result) : Exit.succeed(cell)
  // As `acquireRelease` does in a scope that has closed before: its finalizer has run already.
  return isClosed
    ? Effect.onExit(spawned, () => stopAll([cell], host.options))
    : spawned
}

type PlaceContext = Context.Context<ActorSystem | Scope.Scope>

/** What a context says of who is spawned from there; the last one first: a loop that spawns 100,000 looks once. */
const placeOf = (context: PlaceContext, behavior: BehaviorImpl, isScoped: boolean): Place => {
  const last = behavior.lastPlace
  if (last !== undefined && last.context === context && isScoped === (last.scope !== undefined)) return last
  const host = hostOf(Context.get(context, ActorSystem))
  const scope = isScoped ? Context.get(context, Scope.Scope) : undefined
  const owner = scope === undefined ? undefined : ownerOf(host, scope)
  return behavior.lastPlace = { context, host, scope, owner }
}

/** What ends with a scope: one finalizer, however many actors it has. */
export const ownerOf = (host: Host, scope: Scope.Scope): Owner => {
  const last = host.lastOwner
  if (last !== undefined && last.scope === scope) return last.owner
  let owner = host.owners.get(scope)
  if (owner === undefined) {
    const made = owner = new Owner()
    host.owners.set(scope, made)
    Effect.runSync(Scope.addFinalizer(
      scope,
      Effect.suspend(() => {
        host.owners.delete(scope)
        if (host.lastOwner?.scope === scope) host.lastOwner = undefined
        return host.closed ? Effect.void : stopAll(made.drain(), host.options)
      })
    ))
  }
  host.lastOwner = { scope, owner }
  return owner
}

/** The types of a behaviour are those of its options, which its maker has checked. */
export const makeBehavior = <Rpcs extends Rpc.Any, Args, State, E, R>(
  program: Program
): Behavior<Rpcs, Args, State, E, R> =>
  new SpawnableBehavior(program, undefined) as unknown as Behavior<Rpcs, Args, State, E, R>

export const provideBehavior = <Rpcs extends Rpc.Any, Args, State, E, R>(
  behavior: Behavior<Rpcs, Args, State, E, R>,
  context: Context.Context<never>
): Behavior<Rpcs, Args, State, E> =>
  // What can move has its services from its own Layer.
  (behaviorOf(behavior).movable !== undefined
    ? behavior
    : new SpawnableBehavior(behaviorOf(behavior).program, context)) as unknown as Behavior<Rpcs, Args, State, E>
