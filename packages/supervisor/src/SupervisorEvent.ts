/**
 * What happens in supervision trees.
 *
 * @since 0.1.0
 */
import type { ExitReason, Pid } from "@myrmidonjs/actor"

/**
 * `Started`: a first start. `Crashed`: a child ended by a failure, or was stopped and ended otherwise than it was asked
 * to. `Restarted`: it runs again, under a new PID. `Escalated`: there were too many restarts, and the supervisor ends.
 *
 * @category models
 * @since 0.1.0
 */
export interface SupervisorEvent {
  readonly _tag: "Started" | "Crashed" | "Restarted" | "Escalated"
  /** Path of the supervisor, joined by `/`. */
  readonly supervisor: string
  readonly child: string
  /** Of the life that has begun or ended; none where nobody lived. */
  readonly pid: Pid | undefined
  /** Why it crashed. With `Escalated`: the end that was one too many, unless that was a start that failed. */
  readonly reason: ExitReason | undefined
}
