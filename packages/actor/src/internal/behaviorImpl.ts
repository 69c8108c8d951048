/**
 * The object behind `Behavior`: its compiled program, the services it was provided with, and the bound forms made so
 * far.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Bound, type Program } from "./bound.ts"
import type { Host } from "./host.ts"
import { invalid } from "./invalid.ts"
import type { ModuleKey } from "./isolate/registry.ts"
import type { Owner } from "./owner.ts"

/** Where actors are spawned: in which system, and with which scope they end. */
export interface Place {
  readonly context: Context.Context<never>
  readonly host: Host
  readonly scope: Scope.Scope | undefined
  readonly owner: Owner | undefined
}

export class BehaviorImpl {
  readonly program: Program
  /** The services from `Actor.provide`, which are used instead of the spawner's. */
  readonly provided: Context.Context<never> | undefined

  // Set only for a behaviour of `Actor.module`:
  /** Its services, which come from its own Layer. Throws when that is not built yet: see `ready`. */
  movable: ((host: Host) => Context.Context<never>) | undefined = undefined
  /** Builds its Layer, once in each system. */
  ready: ((host: Host) => Effect.Effect<unknown, unknown>) | undefined = undefined
  /** The module that other isolates import. */
  module: ModuleKey | undefined = undefined

  // What was found last: a loop that spawns 100,000 actors alike finds it by two comparisons.
  lastContext: Context.Context<never> | undefined = undefined
  lastBound: Bound | undefined = undefined
  lastPlace: Place | undefined = undefined
  readonly bounds = new WeakMap<Host, WeakMap<Context.Context<never>, Bound>>()

  constructor(program: Program, provided: Context.Context<never> | undefined) {
    this.program = program
    this.provided = provided
  }
}

/** The implementation of a public `Behavior`. Throws `InvalidOption` for anything else. */
export const behaviorOf = (behavior: unknown): BehaviorImpl => {
  if (behavior instanceof BehaviorImpl) return behavior
  throw invalid("behavior", "a behaviour that a protocol made", behavior)
}

/** The `Bound` of a behaviour for spawners with this context. */
export const boundFor = (behavior: BehaviorImpl, host: Host, context: Context.Context<never>): Bound => {
  const source = behavior.movable === undefined ? behavior.provided ?? context : behavior.movable(host)
  const last = behavior.lastBound
  if (last !== undefined && last.host === host && behavior.lastContext === source) return last
  let ofHost = behavior.bounds.get(host)
  if (ofHost === undefined) behavior.bounds.set(host, ofHost = new WeakMap())
  let bound = ofHost.get(source)
  if (bound === undefined) {
    bound = new Bound(host, behavior.program, source === host.context ? source : host.actorContext(source))
    ofHost.set(source, bound)
    host.accounts.of(bound)
  }
  behavior.lastContext = source
  behavior.lastBound = bound
  return bound
}
