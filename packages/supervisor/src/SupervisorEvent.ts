/**
 * What happens in supervision trees.
 *
 * @since 0.1.0
 */
import type { ExitReason, Pid } from "@myrmidonjs/actor"

/**
 * `Started`: a first start. `Crashed`: a child ended by a failure. `Restarted`: it runs again, under a new PID.
 * `Escalated`: there were too many restarts, and the supervisor ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface SupervisorEvent {
  readonly _tag: "Started" | "Crashed" | "Restarted" | "Escalated"
  /** Path of the supervisor, joined by `/`. */
  readonly supervisor: string
  readonly child: string
  readonly pid: Pid | undefined
  readonly reason: ExitReason | undefined
}
