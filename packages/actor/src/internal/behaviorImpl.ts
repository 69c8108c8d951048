/**
 * The object behind `Behavior`: its compiled program, the services it was provided with, and the bound forms made so far.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { Bound, type Program } from "./bound.ts"
import type { Host } from "./host.ts"
import { invalid } from "./invalid.ts"
import type { ModuleKey } from "./isolate/registry.ts"
import type { Owner } from "./owner.ts"

/** Where actors are spawned: their host, and whose end is theirs. */
export interface Place {
  readonly context: Context.Context<never>
  readonly host: Host
  readonly scope: Scope.Scope | undefined
  readonly owner: Owner | undefined
}

export class BehaviorImpl {
  readonly program: Program
  /** By `Actor.provide`: taken instead of what the spawner has. */
  readonly provided: Context.Context<never> | undefined
  /** Of one that other isolates can import: what it runs with is its own, built once in each system. */
  movable: ((host: Host) => Context.Context<never>) | undefined = undefined
  /** The same, in time: its Layer may take some. */
  ready: ((host: Host) => Effect.Effect<unknown, unknown>) | undefined = undefined
  /** And where they find it. */
  module: ModuleKey | undefined = undefined
  // The last one first: a loop that spawns 100,000 alike finds it by two comparisons.
  lastContext: Context.Context<never> | undefined = undefined
  lastBound: Bound | undefined = undefined
  lastPlace: Place | undefined = undefined
  readonly bounds = new WeakMap<Host, WeakMap<Context.Context<never>, Bound>>()

  constructor(program: Program, provided: Context.Context<never> | undefined) {
    this.program = program
    this.provided = provided
  }
}

/** What `Protocol.behavior` made. */
export const behaviorOf = (behavior: unknown): BehaviorImpl => {
  if (behavior instanceof BehaviorImpl) return behavior
  throw invalid("behavior", "a behaviour that a protocol made", behavior)
}

/** The behaviour with what it captures from `context`; one for all that spawn it from there. */
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
