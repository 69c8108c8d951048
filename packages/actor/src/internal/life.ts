/**
 * The host's record of an actor beyond its cell and its state: made when something of it is first needed, so that most
 * idle actors have none.
 *
 * Owner: the host. `fibers` are all those that must not outlive the actor: waiting handlers, streams, deferred answers,
 * its cleanup.
 */
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { ExitReason } from "../ExitReason.ts"
import type { Self } from "../Self.ts"
import type { Cell } from "./cell.ts"
import type { EndHook } from "./endHooks.ts"
import type { ResolvedMailbox } from "./mailbox.ts"
import type { Owner } from "./owner.ts"
import type { Runner } from "./runner.ts"
import type { Swaps } from "./swap.ts"
import type { Wrapper } from "./wrapper.ts"

export class Life {
  // The fields that every delivery looks at come first, together: one more cache line is one more cache miss.
  self: Self.Any | undefined = undefined
  /** Who sent the message that is handled; 0 is nobody. */
  sender = 0
  /** The message that is handled is a question. Set only for handlers that take a `self`. */
  asked = false
  /** The reason given to `self.stop`, which acts when all its handlers are done. */
  leaving: ExitReason | undefined = undefined
  /** Called when the actor is quiet, or ends (`quiet.ts`). */
  quiet: Array<() => void> | undefined = undefined
  /** Runs handlers that return an Effect (`runner.ts`). */
  runner: Runner | undefined = undefined
  /** How many of its handlers wait for an Effect. */
  busy = 0
  name: string | undefined = undefined
  /** Its own mailbox options, where they differ from the behaviour's. */
  mailbox: ResolvedMailbox | undefined = undefined
  /** The scope of `init`, when that has used it: closes when the actor ends. */
  scope: Scope.Closeable | undefined = undefined
  fibers: Set<Fiber.Fiber<unknown, unknown>> | undefined = undefined
  /** `init` returned an Effect that is not done: there is no state yet. */
  starting = false
  /** Grows when a version is rolled back: results of handlers that began before are dropped. */
  epoch = 0
  /** It is in its cleanup, or has ended: nothing new may be started for it. */
  closing = false
  /** Who has suspended it: bits of `SuspendedBy`. */
  suspendedBy = 0
  /** Its former versions, and the canary that runs. */
  swap: Swaps | undefined = undefined
  /** The Inspector's traces of it, which stay when it is swapped. */
  wrappers: ReadonlyArray<Wrapper> | undefined = undefined
  /** Why it has ended. */
  ended: ExitReason | undefined = undefined
  /** Tells a spawn that waits for `init` of an end before that. */
  onEnded: ((reason: ExitReason) => void) | undefined = undefined
  children: Owner | undefined = undefined
  /** The `onEnd` of the child that it spawned last; siblings mostly have the same. */
  endHook: EndHook | undefined = undefined
  /** The names of what it monitors, for the DOWN: then they are free already. By monitor. */
  watched: Map<number, string> | undefined = undefined
}

export const lifeOf = (cell: Cell): Life => cell.life ??= new Life()

/** The fiber is interrupted when the actor ends. */
export const ownFiber = (life: Life, fiber: Fiber.Fiber<unknown, unknown>): void => {
  ;(life.fibers ??= new Set()).add(fiber)
}

/** Interrupts all that still runs of it. */
export const interruptAll = (life: Life): void => {
  const fibers = life.fibers
  if (fibers === undefined) return
  life.fibers = undefined
  for (const fiber of fibers) fiber.interruptUnsafe()
}
