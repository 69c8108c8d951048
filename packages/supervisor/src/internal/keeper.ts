/**
 * The keeper of a supervisor that lives in another isolate than the one above it.
 *
 * Its end is what the supervisor above waits for: the keeper ends when the supervisor has ended and nobody is left of
 * its tree, however that end came, also by a kill, which spares a supervisor its cleanup. So no restart, wherever it
 * is, meets a child of the life before. It has the name of its place in the tree, which only one can have at a time:
 * who comes after the end of a whole isolate finds those that still wind up, and waits for them.
 *
 * Owner: the keeper's own turn, and the fibers that start and end the tree.
 */
import {
  Actor,
  ActorRef,
  type ActorSystem,
  type AnyRef,
  ExitReason,
  Module,
  type Pid,
  type Self
} from "@myrmidonjs/actor"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Dynamic } from "../Child.ts"
import { ChildNotRunning, ChildPresent, InvalidSpec } from "../SupervisorError.ts"
import type { build } from "./build.ts"
import { changeToTree, refusing } from "./change.ts"
import { DynamicHandle, RunningHandle } from "./handles.ts"
import {
  BeginFailed,
  type ChildRow,
  Keeper,
  type KeeperArgs,
  type PackedSpec,
  type StartFailed
} from "./keeperProtocol.ts"
import { type Node, SupervisorNode } from "./node.ts"
import { packError, speakersAt } from "./ownError.ts"
import { unpackSpec } from "./packed.ts"
import { PlacedDynamicHandle, PlacedHandle } from "./placedHandle.ts"
import { Relay } from "./relay.ts"
import { awake } from "./shutdown.ts"
import { abandoned } from "./spawnChild.ts"
import type { MovableTree, Spec } from "./spec.ts"
import { startFailed } from "./startFailure.ts"
import { toPlain, treeOf } from "./tree.ts"
import { treeOfKeeper } from "./trees.ts"

/** What orders at `path` are given to. */
type AnyHandle = RunningHandle | PlacedHandle | DynamicHandle | PlacedDynamicHandle

/** Why an order came to nothing. */
type Refused<E> = Effect.Effect<never, E | ChildNotRunning | StartFailed, ActorSystem>

// What it needs it has of its module.
const start = (handle: RunningHandle | PlacedHandle, spec: Spec): Effect.Effect<unknown, unknown> => handle.start(spec)

class Kept {
  private movable: MovableTree
  private readonly make: typeof build
  private readonly args: KeeperArgs
  private readonly self: Self.Any
  private readonly context: Context.Context<ActorSystem>
  private readonly relay: Relay
  private node: SupervisorNode | undefined = undefined
  private ref: AnyRef | undefined = undefined
  private starting: Fiber.Fiber<unknown, unknown> | undefined = undefined
  private leaving = false
  /** Nobody is left. */
  private readonly over = Deferred.makeUnsafe<void>()

  constructor(
    tree: MovableTree,
    make: typeof build,
    args: KeeperArgs,
    self: Self.Any,
    context: Context.Context<ActorSystem>,
    relay: Relay
  ) {
    this.movable = tree
    this.make = make
    this.args = args
    this.self = self
    this.context = context
    this.relay = relay
  }

  private get id(): string {
    return this.args.path.at(-1)!
  }

  /** Beside the keeper's turn: it hears meanwhile that it is to end. */
  beside<A, E>(effect: Effect.Effect<A, E, ActorSystem>): Effect.Effect<Deferred.Deferred<A, E>> {
    return Effect.sync(() => {
      const done = Deferred.makeUnsafe<A, E>()
      Effect.runForkWith(this.context)(effect).addObserver((exit) => Deferred.doneUnsafe(done, exit))
      return done
    })
  }

  get start() {
    return this.beside(Effect.suspend(() => {
      if (this.leaving || this.node !== undefined) return Effect.interrupt
      const fiber = Effect.runForkWith(this.context)(this.begin)
      this.starting = fiber
      fiber.addObserver(() => this.starting = undefined)
      return Effect.catchCause(Fiber.join(fiber), (cause) => this.failed(this.id, this.args.path, cause))
    }))
  }

  /** A child did not start, in words that cross. */
  private failed(
    id: string,
    path: ReadonlyArray<string>,
    cause: Cause.Cause<unknown>,
    spec?: Spec
  ): Effect.Effect<never, StartFailed, ActorSystem> {
    // Specs of children that were added stand in no tree.
    const speakers = (path: ReadonlyArray<string>) => [
      ...speakersAt(spec, []),
      ...speakersAt({ kind: "placed", id: this.id, given: {}, options: {}, tree: this.movable }, this.below(path))
    ]
    return Effect.flatMap(startFailed(id, path, cause, speakers), (failed) => Effect.fail(failed))
  }

  /** From the tree that it keeps. */
  private below(path: ReadonlyArray<string>): ReadonlyArray<string> {
    return path.slice(this.args.path.length)
  }

  private get begin() {
    const { args: { above, path, root }, context, id, self } = this
    return Effect.gen({ self: this }, function*() {
      const { node: built } = yield* this.make(
        { ...this.movable.spec, id, options: {} },
        context,
        undefined,
        path.slice(0, -1)
      )
      const node = built as SupervisorNode
      this.node = node
      node.masters = [self.pid, above]
      node.root = root
      const { args, behavior } = node.start
      const spawned = self.spawn(behavior, args, { onEnd: this.ended }) as Effect.Effect<AnyRef, unknown>
      const ref = yield* Effect.onInterrupt(spawned, () => abandoned(node))
      node.ref = ref
      node.status = "running"
      node.wasStarted = true
      this.ref = ref
      return ref.pid
    })
  }

  // The supervisor has ended, though somebody may be left of it: a kill spares it its cleanup.
  private readonly ended = (_: AnyRef, reason: ExitReason): void => {
    const gone = this.node?.incarnation?.terminate ?? Effect.void
    Effect.runForkWith(this.context)(gone).addObserver(() => this.leave(reason))
  }

  private leave(reason: ExitReason): void {
    this.leaving = true
    this.relay.close()
    Deferred.doneUnsafe(this.over, Exit.void)
    this.self.stop(reason)
  }

  /** The supervisor above. */
  get above(): Pid {
    return this.args.above
  }

  /** Ends the tree, in order; done when nobody is left of it. */
  finish(reason: ExitReason): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.leaving = true
      const { starting } = this
      const begun = starting === undefined ? Effect.void : Fiber.interrupt(starting)
      return Effect.andThen(
        begun,
        Effect.suspend(() => {
          if (this.ref === undefined) {
            this.leave(reason)
            return Effect.void
          }
          const orderly = reason._tag === "Killed" || reason._tag === "Normal" ? ExitReason.shutdown() : reason
          const asked = Effect.andThen(awake(this.ref), Actor.exit(this.ref, orderly))
          return Effect.andThen(asked, Deferred.await(this.over))
        })
      )
    })
  }

  // -- orders ---------------------------------------------------------------------------------------------------------

  private at(path: ReadonlyArray<string>): AnyHandle | undefined {
    let node: Node | undefined = this.node
    for (const [at, id] of path.entries()) {
      if (node instanceof SupervisorNode) node = node.child(id)
      // From there on it is another keeper's.
      else return node?.value instanceof PlacedHandle ? node.value.below(path.slice(at)) : undefined
    }
    return node?.value as AnyHandle | undefined
  }

  private withSupervisor<A, E, R>(
    path: ReadonlyArray<string>,
    f: (handle: RunningHandle | PlacedHandle) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | ChildNotRunning, R> {
    return Effect.suspend((): Effect.Effect<A, E | ChildNotRunning, R> => {
      const handle = this.at(path)
      return handle instanceof RunningHandle || handle instanceof PlacedHandle
        ? f(handle)
        : Effect.fail(new ChildNotRunning({ id: path.at(-1) ?? this.id, status: "unknown" }))
    })
  }

  private withDynamic<A, E, R>(
    path: ReadonlyArray<string>,
    f: (handle: Dynamic<never, unknown, unknown>) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E | ChildNotRunning, R> {
    return Effect.suspend((): Effect.Effect<A, E | ChildNotRunning, R> => {
      const handle = this.at(path)
      return handle instanceof DynamicHandle || handle instanceof PlacedDynamicHandle
        ? f(handle)
        : Effect.fail(new ChildNotRunning({ id: path.at(-1) ?? this.id, status: "unknown" }))
    })
  }

  which(path: ReadonlyArray<string>) {
    return this.beside<ReadonlyArray<ChildRow>, ChildNotRunning>(this.withSupervisor(path, (handle) =>
      Effect.map(
        asNotRunning(handle.which, this.id),
        (children) => children.map(({ ref, ...child }) => ({ ...child, pid: ref?.pid ?? null }))
      )))
  }

  get(path: ReadonlyArray<string>, id: string) {
    return this.beside(
      this.withSupervisor(path, (handle) => Effect.map(asNotRunning(handle.get(id), id), pidOf))
    )
  }

  restart(path: ReadonlyArray<string>, id: string) {
    return this.beside(
      this.withSupervisor(
        path,
        (handle) =>
          Effect.catchCause(handle.restart(id) as Effect.Effect<void, unknown>, (cause): Refused<ChildPresent> => {
            const error = errorOf(cause)
            return error instanceof ChildNotRunning || error instanceof ChildPresent
              ? Effect.fail(error)
              : this.failed(id, [...this.args.path, ...path, id], cause)
          })
      )
    )
  }

  /** Another child for the supervisor at `path`. */
  adopt(path: ReadonlyArray<string>, packed: PackedSpec) {
    const { id } = packed
    const at = [...this.args.path, ...path, id]
    return this.beside(
      this.withSupervisor(
        path,
        (handle) =>
          Effect.catchCause(unpackSpec(packed), (cause) => this.failed(id, at, cause)).pipe(
            Effect.flatMap((spec) =>
              Effect.catchCause(
                Effect.map(start(handle, spec), pidOf),
                (cause): Refused<ChildPresent | InvalidSpec> => {
                  const error = errorOf(cause)
                  return error instanceof ChildNotRunning || error instanceof ChildPresent ||
                      error instanceof InvalidSpec
                    ? Effect.fail(error)
                    : isAskError(error)
                    ? Effect.fail(new ChildNotRunning({ id, status: "stopped" }))
                    : this.failed(id, at, cause, spec)
                }
              )
            )
          )
      )
    )
  }

  /** Other specs for the supervisor at `path`: those of a module's tree, which has its services from its Layer. */
  change(path: ReadonlyArray<string>, module: Module.Key) {
    const id = path.at(-1) ?? this.id
    return this.beside(this.withSupervisor(path, (handle) =>
      Effect.gen({ self: this }, function*() {
        const keeper = yield* refusing(id, Module.load(module))
        const tree = treeOfKeeper(keeper)
        if (tree === undefined) return yield* new InvalidSpec({ id, field: "tree", issue: "is no tree of its module" })
        if (handle instanceof PlacedHandle) return yield* handle.change(tree)
        yield* changeToTree(handle.node, tree)
        if (path.length === 0) this.movable = tree
      })))
  }

  terminate(path: ReadonlyArray<string>, id: string) {
    return this.beside(this.withSupervisor(path, (handle) => asNotRunning(handle.terminate(id), id)))
  }

  delete(path: ReadonlyArray<string>, id: string) {
    return this.beside(this.withSupervisor(path, (handle) => asNotRunning(handle.delete(id), id)))
  }

  get tree() {
    return this.beside(
      Effect.suspend(() => this.node === undefined ? Effect.succeed(null) : Effect.map(treeOf(this.node), toPlain))
    )
  }

  refAt(path: ReadonlyArray<string>) {
    const stopped = new ChildNotRunning({ id: path.at(-1) ?? this.id, status: "stopped" })
    return this.beside(this.withSupervisor(path, (handle) => {
      if (handle instanceof PlacedHandle) return Effect.map(asNotRunning(handle.ref, stopped.id), ({ pid }) => pid)
      const pid = handle.node.incarnation?.self.pid
      return pid === undefined ? Effect.fail(stopped) : Effect.succeed(pid)
    }))
  }

  begun(path: ReadonlyArray<string>, args: unknown, name: string | null) {
    return this.beside(
      this.withDynamic(path, (handle) =>
        Effect.catchCause(
          Effect.map(handle.start(args, name === null ? undefined : { name }), (ref) => ref.pid),
          (cause) => {
            const error = errorOf(cause) ?? Cause.squash(cause)
            const speakers = speakersAt(
              { kind: "placed", id: this.id, given: {}, options: {}, tree: this.movable },
              path
            )
            return Effect.flatMap(
              packError(speakers, error),
              (own) => Effect.fail("bytes" in own ? new BeginFailed({ own }) : own)
            )
          }
        ))
    )
  }

  finished(path: ReadonlyArray<string>, child: AnyRef) {
    return this.beside(this.withDynamic(path, (handle) => handle.terminate(child)))
  }

  members(path: ReadonlyArray<string>) {
    return this.beside<ReadonlyArray<Pid>, ChildNotRunning>(
      this.withDynamic(
        path,
        (handle) => Effect.map(Stream.runCollect(handle.children), (refs) => Array.from(refs, (ref) => ref.pid))
      )
    )
  }
}

/** Where the way to the next keeper fails, nobody runs as far as is known here. */
const asNotRunning = <A, E>(
  effect: Effect.Effect<A, E>,
  id: string
): Effect.Effect<A, ChildNotRunning | Exclude<E, { readonly _tag: "AskError" }>> =>
  Effect.catch(effect, (error) =>
    Effect.fail(
      isAskError(error)
        ? new ChildNotRunning({ id, status: "stopped" })
        : error as Exclude<E, { readonly _tag: "AskError" }>
    ))

const isAskError = (error: unknown): boolean =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "AskError"

const errorOf = (cause: Cause.Cause<unknown>): unknown => cause.reasons.find(Cause.isFailReason)?.error

/** Of what a child gives: an actor. */
const pidOf = (value: unknown): Pid | null =>
  typeof value === "object" && value !== null && "pid" in value ? (value as AnyRef).pid : null

/** The keeper of one tree, which is known when the first one begins. */
export const keeperOf = (tree: () => MovableTree, make: typeof build) =>
  Keeper.behavior({
    init: (args: KeeperArgs, self): Effect.Effect<Kept, never, ActorSystem | Scope.Scope> =>
      Effect.contextWith((context: Context.Context<ActorSystem | Scope.Scope>) => {
        const services = Context.omit(Scope.Scope)(context)
        return Effect.flatMap(Relay.make(self, args), (relay) => {
          const kept = new Kept(tree(), make, args, self, services, relay)
          // A kill spares the keeper its cleanup.
          return Effect.as(Effect.addFinalizer(() => kept.finish(ExitReason.shutdown())), kept)
        })
      }),
    handlers: {
      Start: (kept) => kept.start,
      Which: (kept, { path }) => kept.which(path),
      Get: (kept, { id, path }) => kept.get(path, id),
      Restart: (kept, { id, path }) => kept.restart(path, id),
      Adopt: (kept, { path, spec }) => kept.adopt(path, spec),
      Change: (kept, { module, path }) => kept.change(path, module),
      Terminate: (kept, { id, path }) => kept.terminate(path, id),
      Delete: (kept, { id, path }) => kept.delete(path, id),
      Tree: (kept) => kept.tree,
      Ref: (kept, { path }) => kept.refAt(path),
      Begin: (kept, { args, name, path }) => kept.begun(path, args, name),
      Finish: (kept, { child, path }) =>
        Effect.flatMap(ActorRef.fromPid(Keeper, child), (ref) => kept.finished(path, ref)),
      Members: (kept, { path }) => kept.members(path)
    },
    signals: {
      // From nobody: the supervisor above, its isolate that is gone, or the program. Of the tree's own end it hears
      // otherwise.
      exit: (kept, { from, reason }, self) => {
        if (from === 0 || from === kept.above) self.stop(reason)
      }
    },
    // It has begun to end, and so is left the time that its tree takes.
    terminate: (kept, reason) => kept.finish(reason)
  })
