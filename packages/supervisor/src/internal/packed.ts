/**
 * The spec of a child on its way to a supervisor in another isolate: where its behaviour or its tree is, and plain
 * data.
 */
import { type ActorSystem, Module, type SpawnError, type SpawnOptions } from "@myrmidonjs/actor"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ChildOptions, SupervisorOptions } from "../ChildSpec.ts"
import { InvalidSpec } from "../SupervisorError.ts"
import { invalid } from "./invalid.ts"
import type { PackedSpec } from "./keeperProtocol.ts"
import { isMovable } from "./spawnOptions.ts"
import { type AnyBehavior, rulesOf, type Spec, treatmentOf } from "./spec.ts"
import { treeOfKeeper } from "./trees.ts"

const millis = (input: Duration.Input | undefined): number | undefined =>
  input === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(input))

/** What is undefined has no form. */
const plain = (options: object): object =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

const plainOptions = (id: string, options: ChildOptions): object => {
  const { shutdown } = treatmentOf(id, options, false)
  const { place, restart, significant } = options
  return plain({
    place,
    restart,
    significant,
    // Of a supervisor without one it is another than that of a worker.
    shutdown: options.shutdown === undefined ? undefined : shutdown === Infinity ? "infinity" : shutdown
  })
}

const plainSpawn = ({ budget, initTimeout, mailbox, name }: SpawnOptions): object =>
  plain({
    name,
    budget,
    initTimeout: millis(initTimeout),
    mailbox: mailbox === undefined ? undefined : plain({ ...mailbox, sendTimeout: millis(mailbox.sendTimeout) })
  })

const plainSupervisor = (id: string, options: SupervisorOptions): object => {
  const { backoff, intensity, period } = rulesOf(id, options)
  return plain({ intensity, period, backoff })
}

/** Throws `InvalidSpec`. */
const checkPackable = (spec: Spec): void => {
  const { id } = spec
  if (spec.kind === "placed") return
  if (spec.kind !== "actor" && spec.kind !== "dynamic") {
    return invalid(
      id,
      "kind",
      "does not cross isolates: a behaviour of Actor.module does, and a tree of Supervisor.placed"
    )
  }
  if (!isMovable(spec.behavior)) invalid(id, "behavior", "does not cross isolates, unless Actor.module made it")
  if (spec.provides !== undefined) invalid(id, "provides", "does not cross isolates")
  if (spec.kind === "actor" && spec.restoreFrom !== undefined) invalid(id, "restoreFrom", "does not cross isolates")
}

/** `SpawnError`: its arguments have no form. */
export const packSpec = (spec: Spec): Effect.Effect<PackedSpec, InvalidSpec | SpawnError, ActorSystem> =>
  Effect.suspend((): Effect.Effect<PackedSpec, InvalidSpec | SpawnError, ActorSystem> => {
    try {
      checkPackable(spec)
    } catch (error) {
      return error instanceof InvalidSpec ? Effect.fail(error) : Effect.die(error)
    }
    const { id } = spec
    const none = { args: null, spawn: null, supervisor: null, partitions: null }
    switch (spec.kind) {
      case "actor": {
        const behavior = spec.behavior as never
        return Effect.map(Module.argsToBytes(behavior, spec.args), (args): PackedSpec => ({
          ...none,
          id,
          kind: "actor",
          module: Module.keyOf(behavior),
          args,
          options: plainOptions(id, spec.options),
          spawn: plainSpawn(spec.spawn)
        }))
      }
      case "dynamic":
        return Effect.succeed({
          ...none,
          id,
          kind: "dynamic",
          module: Module.keyOf(spec.behavior as never),
          options: plainOptions(id, spec.child),
          supervisor: plainSupervisor(id, spec.supervisor),
          partitions: spec.partitions ?? null
        })
      default: {
        const { options, tree } = spec as Extract<Spec, { kind: "placed" }>
        return Effect.succeed({
          ...none,
          id,
          kind: "placed",
          module: Module.keyOf(tree.behavior),
          options: plainOptions(id, options)
        })
      }
    }
  })

/** The reverse, in the isolate where it is to run. */
export const unpackSpec = (packed: PackedSpec): Effect.Effect<Spec, SpawnError, ActorSystem> =>
  Effect.flatMap(Module.load(packed.module), (loaded): Effect.Effect<Spec, SpawnError, ActorSystem> => {
    const { id, kind } = packed
    const behavior = loaded as unknown as AnyBehavior
    const options = packed.options as ChildOptions
    switch (kind) {
      case "actor":
        return Effect.map(Module.argsFromBytes(loaded, packed.args), (args): Spec => ({
          kind,
          id,
          behavior,
          args,
          spawn: packed.spawn as SpawnOptions,
          given: options,
          options,
          provides: undefined,
          restoreFrom: undefined
        }))
      case "dynamic":
        return Effect.succeed({
          kind,
          id,
          behavior,
          given: options,
          options: {},
          child: options,
          supervisor: packed.supervisor as SupervisorOptions,
          partitions: packed.partitions ?? undefined,
          provides: undefined
        })
      default:
        return Effect.succeed({ kind, id, given: options, options, tree: treeOfKeeper(loaded)! })
    }
  })
