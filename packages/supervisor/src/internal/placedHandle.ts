/**
 * What programs hold of a supervisor that lives elsewhere, and of those below it there: orders go to its keeper, which
 * is another one after each restart.
 */
import {
  ActorRef,
  ActorSystem,
  type AnyRef,
  type AskError,
  InvalidOption,
  Module,
  OwnerStopped,
  type Pid,
  SpawnError,
  type SpawnOptions
} from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ChildInfo } from "../Child.ts"
import { ChildNotRunning, type ChildPresent, ChildStartError, InvalidSpec } from "../SupervisorError.ts"
import { countOf, Handle } from "./handle.ts"
import { BeginFailed, Keeper, type KeeperRef, type PackedSpec, StartFailed } from "./keeperProtocol.ts"
import type { PlacedNode } from "./node.ts"
import { unpackError } from "./ownError.ts"
import { packSpec } from "./packed.ts"
import { registerBelow } from "./registry.ts"
import {
  type AnyBehavior,
  type DynamicSpec,
  type MovableTree,
  type Spec,
  type SupervisorSpec,
  validate
} from "./spec.ts"
import { checkStart } from "./spawnOptions.ts"
import { startErrorOf } from "./startFailure.ts"
import { SupervisorProtocol } from "./supervisorProtocol.ts"

const { Adopt, Begin, Change, Delete, Finish, Get, Members, Ref, Restart, Terminate, Which } = Keeper.messages

/** They take as long as children do. */
const patient = { timeout: Duration.infinity }

abstract class Elsewhere extends Handle {
  /** The tree that is kept. */
  readonly kept: PlacedNode
  /** From there to what this is. */
  readonly way: ReadonlyArray<string>
  override readonly node: { readonly pathText: string; readonly path: ReadonlyArray<string> }

  constructor(kept: PlacedNode, way: ReadonlyArray<string>) {
    super()
    this.kept = kept
    this.way = way
    const path = [...kept.path, ...way]
    this.node = { path, pathText: path.join("/") }
  }

  protected ask<A, E>(
    id: string,
    question: (keeper: KeeperRef) => Effect.Effect<A, E | AskError>
  ): Effect.Effect<A, E | AskError | ChildNotRunning> {
    return Effect.suspend((): Effect.Effect<A, E | AskError | ChildNotRunning> => {
      const { keeper, status } = this.kept
      const gone = new ChildNotRunning({ id, status: status === "running" ? "restarting" : status })
      if (keeper === undefined) return Effect.fail(gone)
      return Effect.mapError(question(keeper), (error) => isExited(error) ? gone : error)
    })
  }

  protected within<A, E>(effect: Effect.Effect<A, E, ActorSystem>): Effect.Effect<A, E> {
    return Effect.provideService(effect, ActorSystem, this.kept.system)
  }

  protected typed(behavior: AnyBehavior, pid: Pid): Effect.Effect<AnyRef> {
    return this.within(ActorRef.fromPidFor(behavior, pid))
  }
}

const isExited = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "AskError" &&
  (error as AskError).reason._tag === "ActorExited"

export class PlacedHandle extends Elsewhere {
  private readonly first: SupervisorSpec

  constructor(kept: PlacedNode, spec: SupervisorSpec, way: ReadonlyArray<string>) {
    super(kept, way)
    this.first = spec
  }

  /** Of what stands there: each isolate has it by its module. */
  get spec(): SupervisorSpec {
    const { id, spec } = this.kept
    return this.way.length === 0 ? { ...spec.tree.spec, id } : this.first
  }

  /** What a child gives that is no actor. */
  given(child: Spec): PlacedHandle | PlacedDynamicHandle | undefined {
    const way = [...this.way, child.id]
    switch (child.kind) {
      case "supervisor":
        return new PlacedHandle(this.kept, child, way)
      case "placed":
        return new PlacedHandle(this.kept, { ...child.tree.spec, id: child.id }, way)
      case "dynamic":
        return new PlacedDynamicHandle(this.kept, child, way)
      default:
        return undefined
    }
  }

  /** What is further down. */
  below([id, ...way]: ReadonlyArray<string>): PlacedHandle | PlacedDynamicHandle | undefined {
    if (id === undefined) return this
    const child = this.spec.children.find((child) => child.id === id)
    const given = child === undefined ? undefined : this.given(child)
    return given instanceof PlacedHandle ? given.below(way) : way.length === 0 ? given : undefined
  }

  get ref(): Effect.Effect<AnyRef, ChildNotRunning | AskError> {
    const { kept, spec, way } = this
    return Effect.flatMap(
      this.ask(spec.id, (keeper) => keeper.ask(Ref({ path: way }))),
      (pid) =>
        // Of an actor of another isolate there may be several refs, and this one is known as that of the tree.
        kept.ref !== undefined && kept.ref.pid === pid
          ? Effect.succeed(kept.ref)
          : this.known(pid)
    )
  }

  // Whoever has it may have its specs changed.
  private known(pid: Pid): Effect.Effect<AnyRef> {
    const found = this.within(ActorRef.fromPid(SupervisorProtocol, pid))
    return Effect.tap(found, (ref) => Effect.sync(() => registerBelow(ref, this)))
  }

  get(id: string): Effect.Effect<unknown, ChildNotRunning | AskError> {
    return Effect.flatMap(
      this.ask(id, (keeper) => keeper.ask(Get({ path: this.way, id }))),
      (pid): Effect.Effect<unknown, ChildNotRunning> => {
        const child = this.spec.children.find((child) => child.id === id)
        if (child === undefined) return Effect.fail(new ChildNotRunning({ id, status: "unknown" }))
        return child.kind === "actor" && pid !== null
          ? this.typed(child.behavior, pid)
          : Effect.succeed(this.given(child))
      }
    )
  }

  restart(id: string): Effect.Effect<void, ChildNotRunning | ChildPresent | ChildStartError<unknown> | AskError> {
    return this.started(this.ask(id, (keeper) => keeper.ask(Restart({ path: this.way, id }), patient)))
  }

  private started<A, E>(
    asked: Effect.Effect<A, E | StartFailed>
  ): Effect.Effect<A, Exclude<E, StartFailed> | ChildStartError<unknown>> {
    type Refused = Effect.Effect<never, Exclude<E, StartFailed> | ChildStartError<unknown>>
    return Effect.catch(asked, (error): Refused =>
      error instanceof StartFailed
        ? Effect.flatMap(this.within(startErrorOf(error)), (failed) => Effect.fail(failed))
        : Effect.fail(error as Exclude<E, StartFailed>))
  }

  /** Adds a child, whose behaviour or tree stands in a module. */
  start(
    spec: Spec
  ): Effect.Effect<
    unknown,
    ChildNotRunning | ChildPresent | ChildStartError<unknown> | InvalidSpec | AskError
  > {
    return Effect.suspend(() => {
      try {
        validate(spec, this.node.path)
      } catch (error) {
        return error instanceof InvalidSpec ? Effect.fail(error) : Effect.die(error)
      }
      const { id } = spec
      const packed = Effect.mapError(this.within(packSpec(spec)), (error) =>
        error instanceof InvalidSpec
          ? error
          : new ChildStartError<unknown>({ id, path: [...this.node.path, id], cause: Cause.fail(error), error }))
      return Effect.flatMap(packed, (packed) => this.adopt(spec, packed))
    })
  }

  private adopt(spec: Spec, packed: PackedSpec) {
    const adopted = this.started(
      this.ask(spec.id, (keeper) => keeper.ask(Adopt({ path: this.way, spec: packed }), patient))
    )
    return Effect.flatMap(adopted, (pid): Effect.Effect<unknown> =>
      spec.kind !== "actor"
        ? Effect.succeed(this.given(spec))
        : pid === null
        ? Effect.succeed(undefined)
        : this.typed(spec.behavior, pid))
  }

  /** Gives it the specs of another tree. */
  change(tree: MovableTree): Effect.Effect<void, ChildNotRunning | InvalidSpec> {
    const { id } = this.spec
    const module = Module.keyOf(tree.behavior)
    const changed = this.ask(id, (keeper) => keeper.ask(Change({ path: this.way, module }), patient))
    return Effect.mapError(
      // It starts again as what it has become.
      Effect.tap(changed, () => Effect.sync(() => this.way.length === 0 ? this.kept.became(tree) : undefined)),
      (error) => error._tag === "AskError" ? new ChildNotRunning({ id, status: "stopped" }) : error
    )
  }

  terminate(id: string): Effect.Effect<void, ChildNotRunning | AskError> {
    return this.ask(id, (keeper) => keeper.ask(Terminate({ path: this.way, id }), patient))
  }

  delete(id: string): Effect.Effect<void, ChildNotRunning | ChildPresent | AskError> {
    return this.ask(id, (keeper) => keeper.ask(Delete({ path: this.way, id }), patient))
  }

  get which(): Effect.Effect<ReadonlyArray<ChildInfo>, ChildNotRunning | AskError> {
    return Effect.flatMap(
      this.ask(this.spec.id, (keeper) => keeper.ask(Which({ path: this.way }))),
      (rows) =>
        Effect.forEach(rows, ({ pid, ...row }) =>
          Effect.map(
            pid === null ? Effect.succeed(undefined) : this.refOf(row.id, pid),
            (ref): ChildInfo => ({ ...row, ref })
          ))
    )
  }

  // What else it is understands exit signals, and nothing that a program could send.
  private refOf(id: string, pid: Pid): Effect.Effect<AnyRef> {
    const child = this.spec.children.find((child) => child.id === id)
    if (child?.kind === "actor") return this.typed(child.behavior, pid)
    const handle = child === undefined ? undefined : this.given(child)
    return handle instanceof PlacedHandle
      ? handle.known(pid)
      : this.within(ActorRef.fromPid(SupervisorProtocol, pid))
  }

  get count() {
    return Effect.map(this.which, countOf)
  }
}

export class PlacedDynamicHandle extends Elsewhere {
  private readonly spec: DynamicSpec

  constructor(kept: PlacedNode, spec: DynamicSpec, way: ReadonlyArray<string>) {
    super(kept, way)
    this.spec = spec
  }

  /** Only its isolate knows which that is. Throws. */
  get ref(): AnyRef {
    throw new ChildNotRunning({ id: this.spec.id, status: "unknown" })
  }

  startUnsafe(): AnyRef {
    const issue = "takes its time: `start` is for children of other isolates"
    throw new SpawnError({ reason: new InvalidOption({ option: "place", issue }) })
  }

  start(args: unknown, options: SpawnOptions = {}): Effect.Effect<AnyRef, unknown> {
    return Effect.suspend(() => {
      try {
        checkStart(options)
        return this.begin(args, options)
      } catch (error) {
        return Effect.fail(error)
      }
    })
  }

  private begin(args: unknown, { name, ...others }: SpawnOptions): Effect.Effect<AnyRef, unknown> {
    const [other] = Object.keys(others)
    if (other !== undefined) {
      const issue = "of a child below a supervisor elsewhere is said where the supervisor is"
      return Effect.fail(new SpawnError({ reason: new InvalidOption({ option: other, issue }) }))
    }
    const asked = this.ask(
      this.spec.id,
      (keeper) => keeper.ask(Begin({ path: this.way, args, name: name ?? null }), patient)
    )
    return Effect.flatMap(
      Effect.catch(asked, (error) => {
        if (error instanceof BeginFailed) {
          return Effect.flatMap(this.within(unpackError(error.own)), (own) => Effect.fail(own))
        }
        if (error._tag === "SpawnError") return Effect.fail(error)
        // Only the arguments may be more than can cross.
        const reason = error._tag === "AskError" && error.reason._tag === "BadMessage"
          ? new InvalidOption({ option: "args", issue: error.reason.issue })
          : new OwnerStopped({ owner: this.node.pathText })
        return Effect.fail(new SpawnError({ reason }))
      }),
      (pid) => this.typed(this.spec.behavior, pid)
    )
  }

  terminate(ref: AnyRef): Effect.Effect<void> {
    return Effect.ignore(
      this.ask(this.spec.id, (keeper) => keeper.ask(Finish({ path: this.way, child: ref.pid }), patient))
    )
  }

  private get members(): Effect.Effect<ReadonlyArray<Pid>> {
    // Of one that does not run there are none.
    return Effect.orElseSucceed(
      this.ask(this.spec.id, (keeper) => keeper.ask(Members({ path: this.way }), patient)),
      () => []
    )
  }

  get children(): Stream.Stream<AnyRef> {
    return Stream.mapEffect(
      Stream.unwrap(Effect.map(this.members, (pids) => Stream.fromIterable(pids))),
      (pid) => this.typed(this.spec.behavior, pid)
    )
  }

  get count(): Effect.Effect<number> {
    return Effect.map(this.members, (pids) => pids.length)
  }
}
