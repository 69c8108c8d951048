/**
 * How a supervisor is started that lives elsewhere: first its keeper, which is linked to the supervisor above and whose
 * end is the child's; then, by the keeper, the tree.
 */
import {
  Actor,
  ActorRef,
  ActorSystem,
  type AnyRef,
  ExitReason,
  Monitor,
  NameTaken,
  type Self,
  SpawnError
} from "@myrmidonjs/actor"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { Keeper, type KeeperArgs, type KeeperRef, StartFailed } from "./keeperProtocol.ts"
import type { PlacedNode } from "./node.ts"
import { register } from "./registry.ts"
import { startErrorOf } from "./startFailure.ts"
import { SupervisorProtocol } from "./supervisorProtocol.ts"

const { Start } = Keeper.messages

/** The name is that of the place in the tree: whoever has it winds up, and is waited for. */
const spawnKeeper = (
  node: PlacedNode
): Effect.Effect<KeeperRef, unknown, ActorSystem | Scope.Scope> =>
  Effect.suspend(() => {
    const { args, options, place = "here" } = node.start
    const { behavior } = node.spec.tree
    const spawned = place === "here"
      ? behavior.spawnDetached(args as KeeperArgs, options)
      : behavior.spawnOn(place, args as KeeperArgs, options)
    return Effect.catch(spawned as Effect.Effect<KeeperRef, unknown, ActorSystem | Scope.Scope>, (error) =>
      error instanceof SpawnError && error.reason instanceof NameTaken
        ? Effect.andThen(ended(error.reason.holder), spawnKeeper(node))
        : Effect.fail(error))
  })

const ended = (holder: AnyRef["pid"]): Effect.Effect<ExitReason, never, ActorSystem> =>
  Effect.scoped(Effect.flatMap(ActorRef.fromPid(Keeper, holder), (ref) => Effect.flatten(Monitor.make(ref))))

/** Starts it and waits until it has. Given up, it waits until nobody is left of it. */
export const spawnSupervisor = (
  self: Self.Any,
  node: PlacedNode,
  onEnd: (ref: AnyRef, reason: ExitReason) => void
): Effect.Effect<AnyRef, unknown> => {
  // Nobody closes it: the tree ends by the supervisor above, or with it.
  const scope = Scope.makeUnsafe()
  return Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      // What it had placed in other isolates ends with it, and may take its time.
      if (node.lost !== undefined) yield* restore(node.system.whenGone(node.lost))
      node.lost = undefined
      const keeper = yield* restore(spawnKeeper(node))
      self.link(keeper)
      const down = yield* Monitor.make(keeper)
      const gone = Deferred.makeUnsafe<ExitReason>()
      let ref: AnyRef | undefined
      const told = (reason: ExitReason): void => {
        const ended = ref
        ref = undefined
        if (ended !== undefined) onEnd(ended, reason)
      }
      node.keeper = keeper
      node.giveUp = Effect.andThen(Actor.exit(keeper, ExitReason.shutdown()), Effect.asVoid(Deferred.await(gone)))
      const over = Effect.map(down, (reason) => {
        if (node.keeper === keeper) {
          node.keeper = undefined
          node.giveUp = undefined
        }
        if (reason._tag === "IsolateDown") node.lost = reason.isolate
        Deferred.doneUnsafe(gone, Exit.succeed(reason))
        told(reason)
      })
      yield* Effect.forkDetach(over, { startImmediately: true })
      const started = keeper.ask(Start(), { timeout: Duration.infinity })
      const pid = yield* Effect.onError(restore(started), () => node.giveUp ?? Effect.void)
      const supervisor = yield* ActorRef.fromPid(SupervisorProtocol, pid)
      register(supervisor, node)
      ref = supervisor
      const end = yield* Deferred.poll(gone)
      if (end._tag === "Some") told(yield* end.value)
      return supervisor
    })
  ).pipe(
    Effect.catch((error) =>
      error instanceof StartFailed
        ? Effect.flatMap(startErrorOf(error), (failed) => Effect.fail<unknown>(failed))
        : Effect.fail(error)
    ),
    Effect.provideService(Scope.Scope, scope),
    Effect.provideService(ActorSystem, node.system)
  )
}
