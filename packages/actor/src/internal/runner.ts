/**
 * Runs Effects as an actor: its context, with a `Scope` that lives as long as the run.
 *
 * A scope that nobody put anything into is used again, so that a handler that needs none pays for none.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import { Pid } from "../Pid.ts"
import { CurrentActor } from "../Self.ts"
import type { Cell } from "./cell.ts"
import { type Life, lifeOf } from "./life.ts"
import { selfOf } from "./self.ts"

const { runForkWith } = Effect

export class Runner {
  readonly scope: Scope.Closeable
  private readonly context: Context.Context<never>

  constructor(cell: Cell, scope: Scope.Closeable) {
    this.scope = scope
    const life = lifeOf(cell)
    const outer = cell.bound.context
    const annotations = {
      ...Context.get(outer, References.CurrentLogAnnotations),
      actor: life.name ?? cell.bound.program.protocol,
      pid: Pid.print(cell.pid)
    }
    this.context = outer.pipe(
      Context.add(References.CurrentLogAnnotations, annotations),
      Context.add(CurrentActor, selfOf(cell)),
      Context.add(Scope.Scope, scope)
    )
  }

  // One function for all actors, so that it becomes part of who calls it: a closure for each would be a call and a miss.
  run(effect: Effect.Effect<unknown, unknown>): Fiber.Fiber<unknown, unknown> {
    return runForkWith(this.context)(effect)
  }
}

/**
 * The runner of an actor's next run: the same one again, unless a handler that waits has it.
 *
 * A handler that has suspended keeps it until `release`, and is counted in `life.busy` all that time.
 */
export const take = (cell: Cell, life: Life): Runner => {
  const runner = life.runner
  if (runner !== undefined && life.busy === 0) return runner
  const made = new Runner(cell, Scope.makeUnsafe())
  if (life.busy === 0) life.runner = made
  return made
}

/** true: nothing is in its scope. false: `closed` is called with what remained to be said once the scope is closed. */
export const release = (
  life: Life,
  runner: Runner,
  exit: Exit.Exit<unknown, unknown>,
  closed: (exit: Exit.Exit<unknown, unknown>) => void
): boolean => {
  if (runner.scope.state._tag === "Empty") return true
  if (life.runner === runner) life.runner = undefined
  runner.run(Scope.close(runner.scope, exit)).addObserver((closing) =>
    closed(closing._tag === "Failure" ? closing : exit)
  )
  return false
}
