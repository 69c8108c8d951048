/**
 * The result that says "someone else answers", and what it needs to know of a recipient.
 */
import type { AskError } from "../AskError.ts"
import type { Message } from "../Message.ts"
import type { TellOutcome } from "../TellError.ts"
import type { BufferHandle } from "./buffer/handle.ts"
import type { Cell } from "./cell.ts"
import { invalid, isMarked } from "./invalid.ts"
import type { RpcInfo } from "./rpc.ts"

/** A ref is its own target; a name is looked up each time. */
export interface Target {
  readonly target: () => Cell | undefined
  /** What it understands under this tag, as far as is known. */
  readonly rpcOf: (tag: string) => RpcInfo | undefined
  readonly tellUnsafe: (message: Message<string, unknown>) => TellOutcome
  /** When there is no target: what an ask gets. */
  readonly askFailed: (message: Message<string, unknown>) => AskError
}

/** Throws `InvalidOption`. */
export const targetOf = <A>(to: A): A & Target => {
  if (isMarked(to, "target")) return to as A & Target
  throw invalid("to", "an ActorRef or a NamedRef", to)
}

export class Forward {
  readonly to: Target
  readonly message: Message<string, unknown>
  /** The buffers in it that came with the message in hand: they go with it, or when it cannot go. */
  lent: ReadonlyArray<BufferHandle> | undefined = undefined

  constructor(to: Target, message: Message<string, unknown>) {
    this.to = to
    this.message = message
  }
}
