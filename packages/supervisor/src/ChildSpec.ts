/**
 * What a supervisor knows of a child before it has started it.
 *
 * @since 0.1.0
 */
import type { IsolateId } from "@myrmidonjs/actor"
import type * as Duration from "effect/Duration"

/**
 * How a supervisor restarts and stops one child, and where the child runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface ChildOptions {
  /**
   * Whether the child is started again when it has ended: `permanent` (the default) always, `transient` only after an
   * abnormal end (not `Normal` or `Shutdown`), `temporary` never.
   */
  readonly restart?: "permanent" | "transient" | "temporary" | undefined
  /**
   * How the child is stopped: it is asked to end (exit signal `Shutdown`), and killed when it takes longer than this;
   * `brutal` kills it at once. 5 seconds by default, `infinity` for supervisors.
   */
  readonly shutdown?: Duration.Input | "brutal" | "infinity" | undefined
  /** Whether its end can end its supervisor: see `autoShutdown`. For `transient` and `temporary` children. */
  readonly significant?: boolean | undefined
  /**
   * Where it runs; `here` by default, with its supervisor. The other places are those of `spawnOn`, for a behaviour
   * that `Actor.module` made, and for a tree that `Supervisor.module` made (`Supervisor.placed`). When its isolate goes
   * away it is restarted by its type, on a worker that is there then.
   */
  readonly place?: "here" | "main" | "worker" | "spread" | IsolateId | undefined
}

/**
 * The rules of one supervisor.
 *
 * @category models
 * @since 0.1.0
 */
export interface SupervisorOptions {
  /**
   * Which children are restarted when one has ended: `one_for_one` (the default) that one, `one_for_all` all of them,
   * `rest_for_one` that one and those that were started after it.
   */
  readonly strategy?: "one_for_one" | "one_for_all" | "rest_for_one" | undefined
  /** How many restarts there may be within any `period`; one more, and the supervisor ends itself. 1 by default. */
  readonly intensity?: number | undefined
  /** The time that `intensity` counts in. 5 seconds by default. */
  readonly period?: Duration.Input | undefined
  /**
   * How long to wait before a restart: `min`, then twice as long each time within `period`, up to `max`. No wait by
   * default.
   */
  readonly backoff?: { readonly min: Duration.Input; readonly max: Duration.Input } | undefined
  /** Whether the supervisor ends when one, or all, of its `significant` children have ended by themselves. */
  readonly autoShutdown?: "never" | "any_significant" | "all_significant" | undefined
}
