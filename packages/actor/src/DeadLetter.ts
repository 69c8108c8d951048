/**
 * Messages that nobody handled.
 *
 * @since 0.1.0
 */
import type { Message } from "./Message.ts"
import type { Pid } from "./Pid.ts"

/**
 * A message that was not delivered, and why.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadLetter {
  readonly to: Pid
  /** The actor that sent it, when it was one. */
  readonly from: Pid | undefined
  readonly message: Message<string, unknown>
  readonly why:
    | "NotAlive"
    | "MailboxFull"
    | "Dropped"
    | "NodeUnreachable"
    | "SwapRolledBack"
    | "Stopped"
    | "Interrupted"
}
