/**
 * Mailboxes: how much they hold, and what a full one does.
 *
 * @since 0.1.0
 */
import { Policy } from "./generated/layout.ts"
import { checkInteger, checkOptions, invalid } from "./options.ts"

/**
 * - `reject` (default): the sender gets `MailboxFull`.
 * - `drop-newest`, `drop-oldest`: the message, or the oldest one, is a dead letter.
 * - `suspend`: an actor's overflowing message is taken, and the actor waits for room before it goes on, at most
 *   `sendTimeout` ms; a sender that is no actor gets `MailboxFull`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mailbox {
  /** Messages, all lanes together; 65,536 when not given. */
  readonly capacity?: number | undefined
  readonly onFull?: "reject" | "drop-newest" | "drop-oldest" | "suspend" | undefined
  /** ms; 5,000 when not given. */
  readonly sendTimeout?: number | undefined
}

export interface ResolvedMailbox {
  readonly capacity: number
  readonly onFull: number
  readonly sendTimeout: number
}

export const DEFAULT_CAPACITY = 65_536

const policies = new Map<string, number>([
  ["reject", Policy.Reject],
  ["drop-newest", Policy.DropNewest],
  ["drop-oldest", Policy.DropOldest],
  ["suspend", Policy.Suspend]
])

const mailboxOptions: ReadonlySet<string> = new Set(
  ["capacity", "onFull", "sendTimeout"] satisfies ReadonlyArray<keyof Mailbox>
)

export const resolveMailbox = (
  mailbox: Mailbox | undefined,
  defaults: ResolvedMailbox | undefined
): ResolvedMailbox => {
  checkOptions(mailbox, mailboxOptions, "mailbox")
  const { capacity = defaults?.capacity ?? DEFAULT_CAPACITY, sendTimeout = defaults?.sendTimeout ?? 5000 } = mailbox ??
    {}
  checkInteger("mailbox.capacity", capacity, 1, 0x7fffffff)
  const onFull = mailbox?.onFull === undefined ? defaults?.onFull ?? Policy.Reject : policies.get(mailbox.onFull)
  if (onFull === undefined) {
    throw invalid("mailbox.onFull", `one of ${[...policies.keys()].join(", ")}`, mailbox?.onFull)
  }
  // The record has 24 bits for it.
  if (typeof sendTimeout !== "number" || !(sendTimeout >= 0 && sendTimeout <= 0xffffff)) {
    throw invalid("mailbox.sendTimeout", "0 to 16,777,215 ms", sendTimeout)
  }
  return { capacity, onFull, sendTimeout }
}
