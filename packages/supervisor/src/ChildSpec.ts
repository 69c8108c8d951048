/**
 * What a supervisor knows of a child before it has started it.
 *
 * @since 0.1.0
 */
import type { IsolateId } from "@myrmidonjs/actor"
import type * as Duration from "effect/Duration"

/**
 * How one child is treated.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildOptions {
  /**
   * When it is started again: `permanent` always, `transient` when it did not end with `Normal` or `Shutdown`,
   * `temporary` never. `permanent` by default.
   */
  readonly restart?: "permanent" | "transient" | "temporary" | undefined
  /**
   * How it is stopped: by an exit signal `Shutdown` and, when it takes longer than that, by kill; `brutal` is the kill at
   * once. 5 seconds by default, `infinity` for supervisors.
   */
  readonly shutdown?: Duration.Input | "brutal" | "infinity" | undefined
  /** Its own end may end its supervisor (`autoShutdown`). For `transient` and `temporary` children. */
  readonly significant?: boolean | undefined
  /**
   * Where it runs; `here` by default, with its supervisor. The other places are those of `spawnOn`, for a behaviour that
   * `Actor.module` made, and for a tree that `Supervisor.module` made (`Supervisor.placed`). When its isolate goes away it is restarted by its type, on a worker that is there then.
   */
  readonly place?: "here" | "main" | "worker" | "spread" | IsolateId | undefined
}

/**
 * How a supervisor treats its children.
 *
 * @category models
 * @since 0.1.0
 */
export interface SupervisorOptions {
  /** Who is started again beside the child that ended. `one_for_one` by default. */
  readonly strategy?: "one_for_one" | "one_for_all" | "rest_for_one" | undefined
  /** At most this many restarts within `period`, sliding, for the whole supervisor; the next one ends it. 1 by default. */
  readonly intensity?: number | undefined
  /** 5 seconds by default. */
  readonly period?: Duration.Input | undefined
  /** Waits before a restart, twice as long each time within the period. None by default. */
  readonly backoff?: { readonly min: Duration.Input; readonly max: Duration.Input } | undefined
  /** Whether it ends when significant children have ended by themselves. */
  readonly autoShutdown?: "never" | "any_significant" | "all_significant" | undefined
}
