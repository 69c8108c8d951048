/**
 * What is put around an actor for a while, whatever version it runs: around its handlers, and beside what it sends.
 *
 * Owner: the host. A swap wraps the new version anew; the actor's end ends them.
 */
import type { Pid } from "../Pid.ts"
import { Bound, type Program } from "./bound.ts"
import type { Life } from "./life.ts"
import { watchSends } from "./send.ts"
import type { Outcome } from "./shard.ts"

/** Of streams: the request, an item, the end. A `failure` is a reply that is an error. */
export type SentKind = "tell" | "ask" | "stream" | "forward" | "reply" | "failure" | "item" | "end"

export interface Wrapper {
  readonly wrap?: ((program: Program) => Program) | undefined
  /** `to`: undefined is nobody, or one who is no actor. */
  readonly sent?:
    | ((kind: SentKind, to: Pid | undefined, tag: string, payload: unknown, outcome: Outcome) => void)
    | undefined
  /** The actor has ended. */
  readonly ended: () => void
}

/** Whoever adds or removes one that wraps has to switch the actor to what it runs. */
export const add = (life: Life, wrapper: Wrapper): void => {
  life.wrappers = [...life.wrappers ?? [], wrapper]
  if (wrapper.sent !== undefined) watchSends(1)
}

/** false: it is there no more. */
export const remove = (life: Life, wrapper: Wrapper): boolean => {
  const { wrappers } = life
  if (wrappers?.includes(wrapper) !== true) return false
  life.wrappers = wrappers.length === 1 ? undefined : wrappers.filter((other) => other !== wrapper)
  if (wrapper.sent !== undefined) watchSends(-1)
  return true
}

/** By the host: the actor has ended. */
export const endAll = (life: Life): void => {
  for (const wrapper of life.wrappers ?? []) {
    remove(life, wrapper)
    wrapper.ended()
  }
}

export const wrapped = (bound: Bound, wrappers: ReadonlyArray<Wrapper> | undefined): Bound => {
  if (wrappers === undefined) return bound
  const program = wrappers.reduce((inner, { wrap }) => wrap === undefined ? inner : wrap(inner), bound.program)
  if (program === bound.program) return bound
  const made = new Bound(bound.host, program, bound.context)
  made.under = bound
  made.meter = bound.meter
  return made
}
