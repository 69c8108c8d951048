/**
 * What of a child survives a crash: nothing, unless the program says so.
 *
 * @since 0.1.0
 */

/**
 * Keeps the arguments with which a child is started again. Off unless a child spec names one: state that is restored
 * blindly is often the state that crashed the child, and a restart that brings it back cannot heal. Write what is known
 * to be good, and no more than that.
 *
 * @category models
 * @since 0.1.0
 */
export interface StateStore<in out Args> {
  /** Called by the child, whenever it has something worth keeping. */
  readonly write: (args: Args) => void
  /** Called by the supervisor before a restart. `undefined`: the argument of the child spec is used. */
  readonly read: () => Args | undefined
  readonly clear: () => void
}

/**
 * A store in memory: it outlives the child, and not the process.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeStateStore = <Args>(): StateStore<Args> => {
  let kept: Args | undefined
  return {
    write: (args) => {
      kept = args
    },
    read: () => kept,
    clear: () => {
      kept = undefined
    }
  }
}
