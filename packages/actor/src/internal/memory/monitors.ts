/**
 * Monitors: a one-way watch that ends in exactly one `down`.
 *
 * Promises: one `down` per watch (G37), and none once `demonitor` has returned, also when its letter was already queued
 * (G38); what the target sent before it died arrives first, because the `down` joins the watcher's normal lane (G10).
 */
import { asideOf } from "./aside.ts"
import type { MemoryCell } from "./cell.ts"
import type { Letter } from "./mailbox.ts"

export class Watch {
  /** undefined: somebody outside of any actor. */
  readonly watcher: MemoryCell | undefined
  readonly target: MemoryCell
  readonly ref: number
  /** Nothing of it is to be delivered any more. */
  ended = false
  /** Its `down` in the watcher's lane. */
  letter: Letter | undefined = undefined

  constructor(watcher: MemoryCell | undefined, target: MemoryCell, ref: number) {
    this.watcher = watcher
    this.target = target
    this.ref = ref
  }
}

/** Watches from outside of any actor, by the host's reference. */
export class OutsideWatches {
  private readonly byRef = new Map<number, Watch>()

  add(watch: Watch): void {
    this.byRef.set(watch.ref, watch)
  }

  /** Takes it out; undefined: it has ended. */
  take(ref: number): Watch | undefined {
    const watch = this.byRef.get(ref)
    if (watch !== undefined) this.byRef.delete(ref)
    return watch
  }
}

export const addWatcher = (target: MemoryCell, watch: Watch): void => {
  const aside = asideOf(target)
  ;(aside.watchers ??= new Set()).add(watch)
}

export const removeWatcher = (watch: Watch): void => {
  watch.ended = true
  watch.target.aside?.watchers?.delete(watch)
}
