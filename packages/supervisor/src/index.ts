/**
 * Supervision trees for the actors of Myrmidon.
 *
 * @since 0.1.0
 */
export type {
  Child,
  ChildCount,
  ChildInfo,
  Dynamic,
  Elsewhere,
  MovableChild,
  MovableTree,
  Running,
  RunningElsewhere,
  TreeNode
} from "./Child.ts"
export type { ChildOptions, SupervisorOptions } from "./ChildSpec.ts"
export type { StateStore } from "./StateStore.ts"
export * as Supervisor from "./Supervisor.ts"
export { ChildNotRunning, ChildPresent, ChildStartError, InvalidSpec } from "./SupervisorError.ts"
export type { SupervisorEvent } from "./SupervisorEvent.ts"
