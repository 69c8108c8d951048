/**
 * The nodes of a running tree: one for each child spec, with the services that the child needs. They are made once, by
 * `Supervisor.start` or `layer`, and kept over restarts, so that handles go on working.
 *
 * Owner of a node: the supervisor above it, which alone writes its fields.
 */
import type { ActorSystem, AnyRef, SpawnOptions } from "@myrmidonjs/actor"
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChildOptions } from "../ChildSpec.ts"
import type { Incarnation } from "./incarnation.ts"
import type { DynamicIncarnation } from "./dynamic.ts"
import type { KeeperArgs, KeeperRef } from "./keeperProtocol.ts"
import type { Stopping } from "./shutdown.ts"
import type {
  ActorSpec,
  AnyBehavior,
  DynamicSpec,
  EffectSpec,
  PlacedSpec,
  Rules,
  SupervisorSpec,
  Treatment
} from "./spec.ts"

export type Status = "running" | "restarting" | "stopped"

/** How the actor of a node is started. */
export interface Start {
  readonly behavior: AnyBehavior
  readonly args: unknown
  readonly options: SpawnOptions | undefined
  /** On which isolate, for a behaviour of `Actor.module`. */
  readonly place?: ChildOptions["place"]
}

export abstract class Node {
  readonly id: string
  readonly path: ReadonlyArray<string>
  /** The path as text, for names, events and messages. */
  readonly pathText: string
  readonly system: ActorSystem["Service"]
  /** The supervisor above. */
  parent: SupervisorNode | undefined
  /** The services of the child. */
  context: Context.Context<never>
  treatment: Treatment
  status: Status = "stopped"
  ref: AnyRef | undefined = undefined
  restarts = 0
  /** Grows with each start, stop and end. An order that was made with an older ticket is void. */
  ticket = 0
  /** Set while the child runs and has been asked to end. */
  stopping: Stopping | undefined = undefined
  /** When its restart has failed and will be tried again: the children of its group that are to start after it. */
  waiting: ReadonlyArray<Node> | undefined = undefined
  /** It has been started at least once. */
  wasStarted = false

  constructor(
    id: string,
    path: ReadonlyArray<string>,
    system: ActorSystem["Service"],
    parent: SupervisorNode | undefined,
    context: Context.Context<never>,
    treatment: Treatment
  ) {
    this.id = id
    this.path = path
    this.pathText = path.join("/")
    this.system = system
    this.parent = parent
    this.context = context
    this.treatment = treatment
  }

  /** Whether an exit signal from this PID is an order to end: from the supervisor above, or from the program (0). */
  obeys(from: number): boolean {
    return from === 0 || from === this.parent?.incarnation?.self.pid
  }

  /** What the handle's `get` gives while the child runs. */
  abstract readonly value: unknown
  /** How it is started next. */
  abstract readonly start: Start
}

export class ActorNode extends Node {
  spec: ActorSpec
  /** The behaviour with its services provided. */
  behavior: AnyBehavior
  readonly name: string | undefined

  constructor(
    spec: ActorSpec,
    behavior: AnyBehavior,
    name: string | undefined,
    ...base: ConstructorParameters<typeof Node>
  ) {
    super(...base)
    this.spec = spec
    this.behavior = behavior
    this.name = name
  }

  get value(): unknown {
    return this.ref
  }

  get start(): Start {
    const { args, restoreFrom, spawn } = this.spec
    const kept = this.wasStarted ? restoreFrom?.read() : undefined
    return {
      behavior: this.behavior,
      place: this.spec.options.place,
      args: kept === undefined ? args : kept,
      options: this.name === undefined ? spawn : { ...spawn, name: this.name }
    }
  }
}

export class EffectNode extends Node {
  spec: EffectSpec
  /** The acquired resource. */
  value: unknown = undefined
  readonly start: Start

  constructor(spec: EffectSpec, live: AnyBehavior, ...base: ConstructorParameters<typeof Node>) {
    super(...base)
    this.spec = spec
    this.start = { behavior: live, args: this, options: undefined }
  }
}

export class SupervisorNode extends Node {
  spec: SupervisorSpec
  rules: Rules
  /** The children of its specs: each incarnation starts with these. */
  initial: ReadonlyArray<Node> = []
  /** The children that it has now, in start order: some may have been added or forgotten at run time. */
  children: Array<Node> = []
  /** The present life of the supervisor. */
  incarnation: Incarnation | undefined = undefined

  // Set at the top of a tree whose supervisor above is in another isolate:
  /** The PIDs of its keeper and of the supervisor above: it obeys both. */
  masters: ReadonlyArray<number> = []
  /** The name of the whole tree, in all isolates. */
  root: string | undefined = undefined
  /** The handle, set by who makes it. */
  value: unknown = undefined
  readonly start: Start

  constructor(spec: SupervisorSpec, rules: Rules, live: AnyBehavior, ...base: ConstructorParameters<typeof Node>) {
    super(...base)
    this.spec = spec
    this.rules = rules
    this.start = { behavior: live, args: this, options: undefined }
  }

  override obeys(from: number): boolean {
    return super.obeys(from) || this.masters.includes(from)
  }

  /** No supervisor is above it, here or in another isolate. */
  get isRoot(): boolean {
    return this.parent === undefined && this.masters.length === 0
  }

  child(id: string): Node | undefined {
    return this.children.find((node) => node.id === id)
  }
}

export class DynamicNode extends Node {
  spec: DynamicSpec
  rules: Rules
  /** Of its children. */
  child: Treatment
  behavior: AnyBehavior
  incarnation: DynamicIncarnation | undefined = undefined
  value: unknown = undefined
  readonly start: Start

  constructor(
    spec: DynamicSpec,
    rules: Rules,
    child: Treatment,
    behavior: AnyBehavior,
    live: AnyBehavior,
    ...base: ConstructorParameters<typeof Node>
  ) {
    super(...base)
    this.spec = spec
    this.rules = rules
    this.child = child
    this.behavior = behavior
    this.start = { behavior: live, args: this, options: undefined }
  }
}

/** A supervisor on another isolate, as the supervisor above it sees it: its actor here is the keeper's ref. */
export class PlacedNode extends Node {
  spec: PlacedSpec
  /** The keeper of its present life, or of the last one while that still ends. */
  keeper: KeeperRef | undefined = undefined
  /** The isolate with which its last life ended, if one did. */
  lost: number | undefined = undefined
  /** Ends its present life, and waits until all actors of it have ended. */
  giveUp: Effect.Effect<void> | undefined = undefined
  /** The handle, set by who makes it. */
  value: unknown = undefined

  constructor(spec: PlacedSpec, ...base: ConstructorParameters<typeof Node>) {
    super(...base)
    this.spec = spec
  }

  /** Its specs have been changed (`Supervisor.change`): it starts with this tree from now on. */
  became(tree: PlacedSpec["tree"]): void {
    this.spec = { ...this.spec, tree }
  }

  get start(): Start {
    const { spec: { options: { place }, tree: { behavior } }, path } = this
    const args: KeeperArgs = { path, above: this.parent!.incarnation!.self.pid, root: this.root }
    // The behaviour of every tree is a keeper's, whose arguments are `KeeperArgs`.
    const any = behavior as unknown as AnyBehavior
    return { behavior: any, args, options: { name: `myrmidon/supervised/${this.root}/${this.pathText}` }, place }
  }

  /** The name of the whole tree, in all isolates. */
  private get root(): string {
    let top = this.parent!
    while (top.parent !== undefined) top = top.parent
    return top.root ?? String(top.incarnation!.self.pid)
  }
}
