/**
 * How an actor spawns a child: tied to its parent by a link (unless `link: false`), a monitor or an `onEnd` hook.
 *
 * Three ways to wait for `init`, which is the same as three types: `spawnChild` is an Effect, `spawnChildBegun` is an
 * Effect only where `init` is not done at once, `spawnChildNow` does not wait.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ChildOptions } from "../Self.ts"
import { behaviorOf, boundFor } from "./behaviorImpl.ts"
import type { Cell } from "./cell.ts"
import { EndHook } from "./endHooks.ts"
import { lifeOf } from "./life.ts"
import { Owner } from "./owner.ts"
import { begin, checkSpawnOptions, detached, isTieAlone, settled, Starting, type Ties } from "./spawn.ts"

/** Succeeds when `init` is done. The child's services come from the fiber that runs this. */
export const spawnChild = (
  parent: Cell,
  behavior: unknown,
  args: unknown,
  options: ChildOptions | undefined
): Effect.Effect<Cell, unknown> =>
  Effect.withFiber((fiber) => {
    let begun: Cell | Starting
    try {
      begun = beginChild(parent, behavior, args, options, fiber.context)
    } catch (error) {
      return Exit.fail(error)
    }
    return begun instanceof Starting ? settled(begun) : Exit.succeed(begun)
  })

/** The child itself where `init` is done at once; else an Effect that waits for it. Throws `SpawnError`. */
export const spawnChildBegun = (
  parent: Cell,
  behavior: unknown,
  args: unknown,
  options: ChildOptions | undefined
): Cell | Effect.Effect<Cell, unknown> => {
  const begun = beginChild(parent, behavior, args, options, parent.host.context)
  if (!(begun instanceof Starting)) return begun
  const spawned = settled(begun)
  return Exit.isExit(spawned) && Exit.isSuccess(spawned) ? begun.cell : spawned
}

/** The child, whose `init` may still run: when that fails, it is the child's crash. Throws `SpawnError`. */
export const spawnChildNow = (
  parent: Cell,
  behavior: unknown,
  args: unknown,
  options: ChildOptions | undefined
): Cell => {
  const begun = beginChild(parent, behavior, args, options, parent.host.context)
  return begun instanceof Starting ? detached(begun) : begun
}

const beginChild = (
  parent: Cell,
  behavior: unknown,
  args: unknown,
  options: ChildOptions | undefined,
  context: Context.Context<never>
): Cell | Starting => {
  const { host } = parent
  const last = parent.life?.endHook
  if (last !== undefined && options !== undefined && last.options === options) {
    // A parent of very many children spawns them with one frozen object of options, which was checked before.
    const begun = begin(boundFor(behaviorOf(behavior), host, context), args, undefined, undefined)
    hookEnd(begun, last)
    return begun
  }
  checkSpawnOptions(options, true)
  const isWatched = options?.monitor === true
  const isLinked = options?.link !== false
  const ties: Ties | undefined = isLinked || isWatched
    ? {
      parent: isLinked ? parent : undefined,
      watcher: isWatched ? parent : undefined,
      watchRef: isWatched ? host.nextRef() : 0
    }
    : undefined
  const begun = begin(boundFor(behaviorOf(behavior), host, context), args, options, ties)
  if (isWatched && options.name !== undefined) {
    ;(lifeOf(parent).watched ??= new Map()).set(ties!.watchRef, options.name)
  }
  const onEnd = options?.onEnd
  if (onEnd !== undefined && !hasFailed(begun)) {
    const life = lifeOf(parent)
    if (life.endHook?.call !== onEnd) {
      life.endHook = new EndHook(parent, onEnd, ties === undefined && isTieAlone(options) ? options : undefined)
    }
    hookEnd(begun, life.endHook)
  }
  // Its link does not tell the child of a normal end of its parent: the parent's `unwind` does.
  if (isLinked) (lifeOf(parent).children ??= new Owner()).add(cellOf(begun))
  return begun
}

const cellOf = (begun: Cell | Starting): Cell => begun instanceof Starting ? begun.cell : begun

const hasFailed = (begun: Cell | Starting): boolean => begun instanceof Starting && begun.hasFailed

// A child whose `init` has failed at once never was, and has no end to tell of.
const hookEnd = (begun: Cell | Starting, hook: EndHook): void => {
  if (!hasFailed(begun)) hook.parent.host.endHooks.add(cellOf(begun), hook)
}
