/**
 * Child specs as data, with the types forgotten, and the rules that they have to keep before anything starts.
 */
import type { Behavior, Movable, SpawnOptions } from "@myrmidonjs/actor"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Rpc from "effect/rpc/Rpc"
import type { ChildOptions, SupervisorOptions } from "../ChildSpec.ts"
import type { StateStore } from "../StateStore.ts"
import { toMillis } from "./duration.ts"
import { invalid, printId } from "./invalid.ts"
import type { KeeperArgs } from "./keeperProtocol.ts"
import { checkBehavior, checkSpawn, isMovable, nameOf } from "./spawnOptions.ts"

/** A behaviour of any protocol; its types were checked where the spec was made. */
export type AnyBehavior = Behavior<Rpc.Any, unknown, unknown>

interface Base {
  readonly id: string
  /** As the program wrote them. */
  readonly given: object
  readonly options: ChildOptions
}
export interface ActorSpec extends Base {
  readonly kind: "actor"
  readonly behavior: AnyBehavior
  readonly args: unknown
  readonly spawn: SpawnOptions
  readonly provides: Context.Key<unknown, unknown> | undefined
  readonly restoreFrom: StateStore<unknown> | undefined
}
export interface EffectSpec extends Base {
  /** `effect` counts as started once forked, `scoped` once acquired. */
  readonly kind: "effect" | "scoped"
  readonly effect: Effect.Effect<unknown, unknown, unknown>
}
export interface SupervisorSpec extends Base {
  readonly kind: "supervisor"
  readonly supervisor: SupervisorOptions
  readonly children: ReadonlyArray<Spec>
}
export interface DynamicSpec extends Base {
  readonly kind: "dynamic"
  readonly behavior: AnyBehavior
  readonly supervisor: SupervisorOptions
  /** Of the children. */
  readonly child: ChildOptions
  readonly partitions: number | undefined
  readonly provides: Context.Key<unknown, unknown> | undefined
}
/** What `Supervisor.module` makes. */
export interface MovableTree {
  readonly spec: SupervisorSpec
  /** Its keeper. */
  readonly behavior: Movable<Rpc.Any, KeeperArgs, unknown, unknown>
}
export interface PlacedSpec extends Base {
  readonly kind: "placed"
  readonly tree: MovableTree
}
export type Spec = ActorSpec | EffectSpec | SupervisorSpec | DynamicSpec | PlacedSpec

const kinds: ReadonlyArray<Spec["kind"]> = ["actor", "effect", "scoped", "supervisor", "dynamic", "placed"]

/** What the options of a child come to. `shutdown` in ms. */
export interface Treatment {
  readonly restart: "permanent" | "transient" | "temporary"
  readonly shutdown: number | "brutal"
  readonly significant: boolean
}

/** What the options of a supervisor come to. Times in ms. */
export interface Rules {
  readonly strategy: "one_for_one" | "one_for_all" | "rest_for_one"
  readonly intensity: number
  readonly period: number
  readonly backoff: { readonly min: number; readonly max: number } | undefined
  readonly autoShutdown: "never" | "any_significant" | "all_significant"
}

const workerShutdown = 5000

const ofChild = ["restart", "shutdown", "significant", "place"] satisfies ReadonlyArray<keyof ChildOptions>
const ofSupervisor = [
  "strategy",
  "intensity",
  "period",
  "backoff",
  "autoShutdown"
] satisfies ReadonlyArray<keyof SupervisorOptions>
const ofSpawn = ["name", "mailbox", "initTimeout", "budget"] satisfies ReadonlyArray<keyof SpawnOptions>

/** What is read of the options of each kind. */
const known: { readonly [K in Spec["kind"]]: ReadonlyArray<string> } = {
  actor: [...ofChild, ...ofSpawn, "provides", "restoreFrom"],
  effect: ofChild,
  scoped: ofChild,
  supervisor: [...ofChild, ...ofSupervisor],
  dynamic: [...ofChild, ...ofSupervisor, "partitions", "provides"],
  placed: ofChild
}

const checkKnown = (id: string, prefix: string, given: object, of: ReadonlyArray<string>): void => {
  const unread = Object.keys(given).find((option) => !of.includes(option))
  if (unread !== undefined) invalid(id, `${prefix}${unread}`, `is unknown; known are ${of.join(", ")}`)
}

export const isObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const oneOf = <A extends string>(
  id: string,
  field: string,
  value: A | undefined,
  of: ReadonlyArray<A>,
  otherwise: A
): A =>
  value === undefined ? otherwise : of.includes(value) ? value : invalid(id, field, `must be one of ${of.join(", ")}`)

/** Throws `InvalidSpec`. */
export const millis = (id: string, field: string, input: Duration.Input, least: number): number => {
  const value = toMillis(input)
  return value >= least ? value : invalid(id, field, `must be a duration of at least ${least} ms`)
}

export const treatmentOf = (id: string, options: ChildOptions, isSupervisor: boolean): Treatment => {
  if (!isObject(options)) invalid(id, "options", "must be an object")
  const { shutdown, significant = false } = options
  const restart = oneOf(id, "restart", options.restart, ["permanent", "transient", "temporary"], "permanent")
  if (typeof significant !== "boolean") invalid(id, "significant", "must be true or false")
  if (significant && restart === "permanent") {
    invalid(id, "significant", "is for transient and temporary children: a permanent one never ends for good")
  }
  return {
    restart,
    significant,
    shutdown: shutdown === "brutal" ?
      "brutal" :
      shutdown === "infinity" || (shutdown === undefined && isSupervisor) ?
      Infinity :
      shutdown === undefined ?
      workerShutdown :
      millis(id, "shutdown", shutdown, 0)
  }
}

export const rulesOf = (id: string, options: SupervisorOptions): Rules => {
  const { backoff, intensity = 1, period = 5000 } = options
  if (!Number.isSafeInteger(intensity) || intensity < 0) invalid(id, "intensity", "must be a whole number from 0")
  if (backoff !== undefined && !isObject(backoff)) invalid(id, "backoff", "must be { min, max }")
  if (backoff !== undefined) checkKnown(id, "backoff.", backoff, ["min", "max"])
  const waits = backoff === undefined ? undefined : {
    min: millis(id, "backoff.min", backoff.min, 1),
    max: millis(id, "backoff.max", backoff.max, 1)
  }
  if (waits !== undefined && waits.max < waits.min) invalid(id, "backoff.max", "must not be below backoff.min")
  return {
    strategy: oneOf(
      id,
      "strategy",
      options.strategy,
      ["one_for_one", "one_for_all", "rest_for_one"],
      "one_for_one"
    ),
    intensity,
    period: millis(id, "period", period, 1),
    backoff: waits,
    autoShutdown: oneOf(
      id,
      "autoShutdown",
      options.autoShutdown,
      ["never", "any_significant", "all_significant"],
      "never"
    )
  }
}

/**
 * The whole tree. Throws `InvalidSpec` for the first fault, in the order of the children.
 *
 * @param above the path of what it stands in
 */
export const validate = (spec: Spec, above: ReadonlyArray<string> = []): void => check(spec, above, new Map())

const places: ReadonlyArray<unknown> = ["here", "main", "worker", "spread"]

const checkPlace = (id: string, spec: Spec): void => {
  const { place = "here" } = spec.kind === "dynamic" ? spec.child : spec.options
  const isPlace = places.includes(place) || (typeof place === "number" && Number.isInteger(place) && place >= 0)
  if (!isPlace) invalid(id, "place", `must be one of ${places.join(", ")}, or the number of an isolate`)
  if (place === "here" || spec.kind === "placed") return
  if (spec.kind === "supervisor") {
    return invalid(id, "place", "needs a tree that Supervisor.module made: Supervisor.placed")
  }
  if (spec.kind !== "actor" && spec.kind !== "dynamic") {
    return invalid(id, "place", "is for actors and supervisors: all else runs where its supervisor does")
  }
  if (!isMovable(spec.behavior)) invalid(id, "place", "needs a behaviour that Actor.module made")
}

const isMovableTree = (tree: MovableTree): boolean =>
  isObject(tree) && isObject(tree.spec) && isObject(tree.behavior) && isMovable(tree.behavior)

const check = (spec: Spec, above: ReadonlyArray<string>, names: Map<string, string>): void => {
  if (!isObject(spec) || !kinds.includes(spec.kind)) {
    invalid(above.at(-1) ?? "", "children", "must be made by Supervisor.child, dynamic, effect, scoped or make")
  }
  const { id, kind } = spec
  if (typeof id !== "string" || id === "") invalid(printId(id), "id", "must be a string that is not empty")
  const treatment = treatmentOf(
    id,
    kind === "dynamic" ? spec.child : spec.options,
    kind === "supervisor" || kind === "placed"
  )
  const path = [...above, id]
  checkKnown(id, "", spec.given, known[kind])
  checkPlace(id, spec)
  if ((kind === "actor" || kind === "dynamic") && spec.provides !== undefined && !Context.isKey(spec.provides)) {
    invalid(id, "provides", "must be the key of a service")
  }
  if (kind === "actor") {
    checkBehavior(id, spec.behavior)
    checkSpawn(id, spec.spawn)
    const name = nameOf(spec, path)
    if (name !== undefined) {
      const holder = names.get(name)
      if (holder !== undefined) invalid(id, "name", `is taken by "${holder}"`)
      names.set(name, path.join("/"))
    }
    const { restoreFrom } = spec
    if (restoreFrom !== undefined && typeof restoreFrom?.read !== "function") {
      invalid(id, "restoreFrom", "must be a StateStore")
    }
  } else if (kind === "effect" || kind === "scoped") {
    if (!Effect.isEffect(spec.effect)) invalid(id, "effect", "must be an Effect")
  } else if (kind === "dynamic") {
    checkBehavior(id, spec.behavior)
    const rules = rulesOf(id, spec.supervisor)
    if (rules.strategy !== "one_for_one") invalid(id, "strategy", "must be one_for_one: its children are alike")
    if (rules.autoShutdown !== "never") invalid(id, "autoShutdown", "is not for dynamic supervisors")
    if (treatment.significant) invalid(id, "significant", "is not for children of dynamic supervisors")
    const { partitions = 1 } = spec
    if (!Number.isSafeInteger(partitions) || partitions < 1 || partitions > 1024) {
      invalid(id, "partitions", "must be a whole number from 1 to 1024")
    }
  } else if (kind === "placed") {
    if (!isMovableTree(spec.tree)) return invalid(id, "tree", "must be made by Supervisor.module")
    // There it has the name that it has here.
    check({ ...spec.tree.spec, id, options: {} }, above, names)
  } else if (kind === "supervisor") {
    if (!Array.isArray(spec.children)) invalid(id, "children", "must be a list")
    const { autoShutdown } = rulesOf(id, spec.supervisor)
    const ids = new Set<string>()
    for (const child of spec.children) {
      check(child, path, names)
      if (ids.has(child.id)) invalid(child.id, "id", `is taken by another child of "${id}"`)
      ids.add(child.id)
      if (child.options.significant === true && autoShutdown === "never") {
        invalid(child.id, "significant", `needs autoShutdown of "${id}"`)
      }
    }
  }
}
