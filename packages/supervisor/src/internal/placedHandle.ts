/**
 * What programs hold of a supervisor that lives elsewhere, and of those below it there: orders go to its keeper, which is
 * another one after each restart.
 */
import {
  ActorRef,
  ActorSystem,
  type AnyRef,
  type AskError,
  InvalidOption,
  OwnerStopped,
  type Pid,
  SpawnError,
  type SpawnOptions
} from "@myrmidonjs/actor"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ChildInfo } from "../Child.ts"
import { ChildNotRunning, type ChildPresent, type ChildStartError } from "../SupervisorError.ts"
import { countOf, Handle } from "./handle.ts"
import { Keeper, type KeeperRef, StartFailed } from "./keeperProtocol.ts"
import type { PlacedNode } from "./node.ts"
import { type AnyBehavior, type DynamicSpec, type Spec, type SupervisorSpec } from "./spec.ts"
import { startErrorOf } from "./startFailure.ts"
import { SupervisorProtocol } from "./supervisorProtocol.ts"

const { Begin, Delete, Finish, Get, Members, Ref, Restart, Terminate, Which } = Keeper.messages

/** They take as long as children do. */
const patient = { timeout: Duration.infinity }

abstract class Elsewhere extends Handle {
  /** The tree that is kept. */
  readonly kept: PlacedNode
  /** From there to what this is. */
  readonly way: ReadonlyArray<string>
  override readonly node: { readonly place: string; readonly path: ReadonlyArray<string> }

  constructor(kept: PlacedNode, way: ReadonlyArray<string>) {
    super()
    this.kept = kept
    this.way = way
    const path = [...kept.path, ...way]
    this.node = { path, place: path.join("/") }
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

  protected typed(behavior: AnyBehavior, pid: Pid): Effect.Effect<AnyRef> {
    return Effect.provideService(ActorRef.fromPidFor(behavior, pid), ActorSystem, this.kept.system)
  }
}

const isExited = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "AskError" &&
  (error as AskError).reason._tag === "ActorExited"

export class PlacedHandle extends Elsewhere {
  /** Of what stands there: each isolate has it by its module. */
  readonly spec: SupervisorSpec

  constructor(kept: PlacedNode, spec: SupervisorSpec, way: ReadonlyArray<string>) {
    super(kept, way)
    this.spec = spec
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
          : Effect.provideService(ActorRef.fromPid(SupervisorProtocol, pid), ActorSystem, kept.system)
    )
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
    return Effect.mapError(
      this.ask(id, (keeper) => keeper.ask(Restart({ path: this.way, id }), patient)),
      (error) => error instanceof StartFailed ? startErrorOf(error) : error
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
    return Effect.provideService(ActorRef.fromPid(SupervisorProtocol, pid), ActorSystem, this.kept.system)
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

  start(args: unknown, options: SpawnOptions = {}): Effect.Effect<AnyRef, SpawnError> {
    const { name, ...others } = options
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
      Effect.mapError(asked, (error) => {
        if (error._tag === "SpawnError") return error
        // Only the arguments may be more than can cross.
        const reason = error._tag === "AskError" && error.reason._tag === "BadMessage"
          ? new InvalidOption({ option: "args", issue: error.reason.issue })
          : new OwnerStopped({ owner: this.node.place })
        return new SpawnError({ reason })
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
