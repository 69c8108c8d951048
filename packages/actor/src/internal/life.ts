/**
 * What only some actors have; made on first need, so that an idle actor is its cell and its state.
 *
 * Owner: the host. `fibers` holds every fiber that must not outlive the actor: waiting handlers, streams, deferred
 * answers, its cleanup.
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
  // What every delivery looks at stands together: a cache line more is a cache miss more.
  self: Self.Any | undefined = undefined
  /** Who sent the message in hand; 0 is nobody. */
  sender = 0
  /** It is a question. Kept for handlers that take a `self`. */
  asked = false
  /** `self.stop` was called; acts when the handlers are done. */
  leaving: ExitReason | undefined = undefined
  /** Waits until no handler of it runs or waits; or it ends. */
  quiet: Array<() => void> | undefined = undefined
  /** For handlers that return an Effect; see `runner.ts`. */
  runner: Runner | undefined = undefined
  /** Handlers that wait. */
  busy = 0
  name: string | undefined = undefined
  /** Where it differs from the behaviour's. */
  mailbox: ResolvedMailbox | undefined = undefined
  /** Of `init`: lives as long as the actor. */
  scope: Scope.Closeable | undefined = undefined
  fibers: Set<Fiber.Fiber<unknown, unknown>> | undefined = undefined
  /** An Effect as `init` is not done: there is no state yet. */
  starting = false
  /** Grows when a version is rolled back: what still runs of it is nobody's. */
  epoch = 0
  /** Nothing of it may start any more: it is in its cleanup, or gone. */
  closing = false
  /** Why nothing is delivered to it, as bits of `Hold`: the program's own order, a swap under way. */
  held = 0
  /** Of a swap: the versions before this one, and the canary. */
  swap: Swaps | undefined = undefined
  /** Its traces, whatever version it runs. */
  wrappers: ReadonlyArray<Wrapper> | undefined = undefined
  /** It has ended. */
  ended: ExitReason | undefined = undefined
  /** Of a spawn that waits for `init`. */
  onEnded: ((reason: ExitReason) => void) | undefined = undefined
  children: Owner | undefined = undefined
  /** The last `onEnd` of its children. */
  endHook: EndHook | undefined = undefined
  /** Names of what it watches, for DOWN: by then nobody knows them. */
  watched: Map<number, string> | undefined = undefined
}

export const lifeOf = (cell: Cell): Life => cell.life ??= new Life()

/** The fiber ends with the actor. */
export const hold = (life: Life, fiber: Fiber.Fiber<unknown, unknown>): void => {
  ;(life.fibers ??= new Set()).add(fiber)
}

/** Interrupts all that still runs of it. */
export const interruptAll = (life: Life): void => {
  const fibers = life.fibers
  if (fibers === undefined) return
  life.fibers = undefined
  for (const fiber of fibers) fiber.interruptUnsafe()
}
