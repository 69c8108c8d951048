/**
 * A tree that has been bound to its services: one node a child spec, made once per `Supervisor.start` and kept over
 * restarts, so that handles which were given out go on working.
 *
 * Owner: the supervisor above it, which alone writes its fields.
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

/** The actor that a node is, with what it is started with. */
export interface Start {
  readonly behavior: AnyBehavior
  readonly args: unknown
  readonly options: SpawnOptions | undefined
  /** Another isolate, where `behavior` can move. */
  readonly place?: ChildOptions["place"]
}

export abstract class Node {
  readonly id: string
  readonly path: ReadonlyArray<string>
  /** The path as text. */
  readonly place: string
  readonly system: ActorSystem["Service"]
  /** The supervisor above. */
  parent: SupervisorNode | undefined
  /** What its Effects run with. */
  context: Context.Context<never>
  treatment: Treatment
  status: Status = "stopped"
  ref: AnyRef | undefined = undefined
  restarts = 0
  /** Grows with whatever makes an older plan for it void: a start, a stop, an end. */
  ticket = 0
  /** It runs, and was asked to end. */
  stopping: Stopping | undefined = undefined
  /** Its restart has failed and is tried again: those of its group that start after it. */
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
    this.place = path.join("/")
    this.system = system
    this.parent = parent
    this.context = context
    this.treatment = treatment
  }

  /** Whether an exit signal from there is an order: of the supervisor above, of the program. */
  obeys(from: number): boolean {
    return from === 0 || from === this.parent?.incarnation?.self.pid
  }

  /** What `get` gives while it runs. */
  abstract readonly value: unknown
  /** How it is started. */
  abstract readonly start: Start
}

export class ActorNode extends Node {
  spec: ActorSpec
  /** With its services. */
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
  /** What was acquired. */
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
  /** Those of its specs: what it starts with, each time. */
  initial: ReadonlyArray<Node> = []
  /** Those that it has now, in start order: some were added, some forgotten. */
  children: Array<Node> = []
  incarnation: Incarnation | undefined = undefined
  /** Of the top of a tree that is kept here: its keeper, and the supervisor above that, in another isolate. */
  masters: ReadonlyArray<number> = []
  /** And what the whole tree is called. */
  root: string | undefined = undefined
  /** The handle: set by who makes it. */
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

/** A supervisor that lives where its place is, as the one above it sees it. */
export class PlacedNode extends Node {
  spec: PlacedSpec
  /** Of its present life, or of the one that winds up. */
  keeper: KeeperRef | undefined = undefined
  /** The isolate that its last life ended with. */
  lost: number | undefined = undefined
  /** Ends that, and waits until nobody is left of it. */
  giveUp: Effect.Effect<void> | undefined = undefined
  /** The handle: set by who makes it. */
  value: unknown = undefined

  constructor(spec: PlacedSpec, ...base: ConstructorParameters<typeof Node>) {
    super(...base)
    this.spec = spec
  }

  /** Its specs have been changed. */
  became(tree: PlacedSpec["tree"]): void {
    this.spec = { ...this.spec, tree }
  }

  get start(): Start {
    const { spec: { options: { place }, tree: { behavior } }, path } = this
    const args: KeeperArgs = { path, above: this.parent!.incarnation!.self.pid, root: this.root }
    // Whoever starts it knows that it is one of these: `KeeperArgs` are its arguments.
    const any = behavior as unknown as AnyBehavior
    return { behavior: any, args, options: { name: `myrmidon/supervised/${this.root}/${this.place}` }, place }
  }

  /** What the whole tree is called in all isolates. */
  private get root(): string {
    let top = this.parent!
    while (top.parent !== undefined) top = top.parent
    return top.root ?? String(top.incarnation!.self.pid)
  }
}
