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
  /**
   * The name that it was sent to, or that the receiver had: by it a message can be sent again to whoever has the name
   * then. Of an actor of another isolate, or one that ended more than 4,096 named actors ago, it may not be known.
   */
  readonly name: string | undefined
  /** The actor that sent it, when it was one. */
  readonly from: Pid | undefined
  readonly message: Message<string, unknown>
  /** It was a question. Its asker has been told that it failed, and may ask again. */
  readonly asked: boolean
  readonly why:
    | "NotAlive"
    | "MailboxFull"
    | "Dropped"
    | "NodeUnreachable"
    | "SwapRolledBack"
    | "Stopped"
    | "Interrupted"
}
