/**
 * The stretches of a program that its figures are about: what lies between two looks at the clock. Programs say where
 * they begin and end, so that whoever looks at a run from outside (`profile/`) leaves the warm-up out. One watcher, or
 * none; then it is a call and a comparison, outside of what is measured.
 */
export interface StretchWatcher {
  began(): void
  /** `ops`: what was completed in it. Stretches of one name are one figure. */
  ended(name: string, ops: number): void
}

let watcher: StretchWatcher | undefined

export const watchStretches = (by: StretchWatcher | undefined): void => {
  watcher = by
}

/** Right before the clock is read first. */
export const begins = (): void => watcher?.began()

/** Right after it is read last. */
export const ends = (name: string, ops: number): void => watcher?.ended(name, ops)
