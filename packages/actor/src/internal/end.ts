/**
 * How an actor ends, inside: its fibers, its cleanup, its scope and its children.
 *
 * The shard decides that it ends and tells the others. First `terminate`, where there is anything to clean up and the
 * actor is not killed; then, for every actor, `Host.dead`, which calls `unwind`.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { ExitReason } from "../ExitReason.ts"
import type { Cell } from "./cell.ts"
import { told } from "./crashed.ts"
import { becameQuiet } from "./quiet.ts"
import { interruptAll, type Life, lifeOf, ownFiber } from "./life.ts"
import { Runner } from "./runner.ts"
import { selfOf } from "./self.ts"
import { endAll } from "./wrapper.ts"

/** Interrupts what runs of the actor, then runs the behaviour's `terminate` and closes the actor's scope. */
export const terminate = (cell: Cell, reason: ExitReason): void => {
  const life = lifeOf(cell)
  life.closing = true
  const waiting = life.fibers === undefined ? [] : Array.from(life.fibers)
  interruptAll(life)
  const { host, program } = cell.bound
  const cleanup = Effect.suspend(() => {
    const result = program.options.terminate?.(cell.state, told(reason), selfOf(cell))
    if (Effect.isEffect(result)) return result as Effect.Effect<unknown, unknown>
    return result instanceof Promise ? Effect.promise(() => result) : Effect.void
  })
  const runner = new Runner(cell, Scope.makeUnsafe())
  const all = Effect.suspend(() => waiting.length === 0 ? cleanup : Effect.andThen(Fiber.awaitAll(waiting), cleanup))
  // The actor's own scope closes in any case, also when `terminate` or one of its finalizers fails.
  const fiber = runner.run(Effect.ensuring(
    Effect.onExit(all, (exit) => Scope.close(runner.scope, exit)),
    Effect.suspend(() => life.scope === undefined ? Effect.void : Scope.close(life.scope, exitOf(reason)))
  ))
  ownFiber(life, fiber)
  fiber.addObserver((exit) => {
    life.fibers?.delete(fiber)
    life.scope = undefined
    // It was killed meanwhile.
    if (life.ended !== undefined) return
    if (Exit.isFailure(exit)) host.cleanupFailed(cell, exit.cause)
    host.shard.finished(cell)
  })
}

/** The actor has ended: stops what still runs of it, and tells those who waited for it. */
export const unwind = (cell: Cell, life: Life, reason: ExitReason): void => {
  const { host } = cell
  life.closing = true
  life.ended = reason
  if (life.quiet !== undefined) becameQuiet(life)
  life.swap?.ended()
  if (life.wrappers !== undefined) endAll(life)
  host.keepName(cell, life)
  life.runner = undefined
  interruptAll(life)
  const { scope } = life
  life.scope = undefined
  if (scope !== undefined) closeScope(cell, scope, reason)
  if (life.children !== undefined) {
    const children = life.children.drain()
    life.children = undefined
    // Any other reason reaches them by their links; a normal end does not (docs/semantics.md).
    if (reason._tag === "Normal") {
      for (const child of children) host.shard.exit(child, undefined, ExitReason.shutdown())
    }
  }
  life.onEnded?.(told(reason))
  life.onEnded = undefined
}

const closeScope = (cell: Cell, scope: Scope.Closeable, reason: ExitReason): void => {
  const { host } = cell
  const fiber = Effect.runForkWith(cell.bound.context)(Scope.close(scope, exitOf(reason)))
  host.cleanups.add(fiber)
  fiber.addObserver((exit) => {
    host.cleanups.delete(fiber)
    if (Exit.isFailure(exit)) host.cleanupFailed(cell, exit.cause)
  })
}

const exitOf = (reason: ExitReason): Exit.Exit<void> =>
  ExitReason.isFailure(reason) ? Exit.die(told(reason)) : Exit.void
