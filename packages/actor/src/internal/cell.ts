/**
 * An actor of this isolate as one object: the `ActorRef` that users hold is its cell, so that a send touches no
 * second object. Each shard adds its own half (`memory/cell.ts`, `native/cell.ts`).
 *
 * Owner: the host writes `bound`, `state` and `life`; the shard writes `low` and `generation`, and its half.
 */
import type { AnyRef, AskOptions } from "../ActorRef.ts"
import type { AskError } from "../AskError.ts"
import type { Message } from "../Message.ts"
import { Pid } from "../Pid.ts"
import type { TellOutcome } from "../TellError.ts"
import { Ask } from "./ask.ts"
import type { Bound } from "./bound.ts"
import type { Host } from "./host.ts"
import { invalid, isA } from "./invalid.ts"
import type { Life } from "./life.ts"
import { lookup } from "./opcodes.ts"
import type { RpcInfo } from "./rpc.ts"
import { askRefused, refused, sendMessage } from "./send.ts"
import { Outcome } from "./shard.ts"
import { streamFrom } from "./stream.ts"
import { Tell } from "./tell.ts"

// V8 compiles a constant of this module into the code; an imported one it would load with every send.
const { Accepted } = Outcome

export class Cell {
  // Declared alone, and written once: a field that is there before its value is written twice with every spawn, and
  // whoever reads a number from it has to ask each time whether it is one.
  /** Shard and index. */
  declare readonly low: number
  declare readonly generation: number
  /** The behaviour with what it captured; the one object shared by all actors that were spawned alike. */
  declare bound: Bound
  declare state: unknown
  /** What only some actors have: self, scope, fibers, name. Made on first need. */
  declare life: Life | undefined

  constructor(low: number, generation: number, bound: Bound) {
    this.low = low
    this.generation = generation
    this.bound = bound
    this.state = undefined
    this.life = undefined
  }

  get host(): Host {
    return this.bound.host
  }

  // On the prototype: a million idle actors need not hold it.
  get "~myrmidon/ActorRef"(): true {
    return true
  }

  get pid(): Pid {
    return (this.generation * 4294967296 + this.low) as Pid
  }

  // Without these, whoever logs a ref prints all that its system holds.
  toString(): string {
    return `${this.bound.program.protocol} ${Pid.print(this.pid)}`
  }

  toJSON(): unknown {
    return { _id: "ActorRef", protocol: this.bound.program.protocol, pid: Pid.print(this.pid) }
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }

  /** A ref is its own target, unless it was made of a PID before its actor was: then that one, once it is there. */
  target(): Cell {
    const { host } = this
    return this.bound === host.nobody ? host.shard.cellOf(this.pid) : this
  }

  rpcOf(tag: string): RpcInfo | undefined {
    return this.target().bound.program.rpcs[lookup(tag)]
  }

  askFailed(message: Message<string, unknown>): AskError {
    return askRefused(this, message, Outcome.BadMessage)
  }

  tellUnsafe(message: Message<string, unknown>): TellOutcome {
    const outcome = sendMessage(this, message, undefined)
    return outcome === Accepted ? "Accepted" : refused(this, message, undefined, outcome)
  }

  tell(message: Message<string, unknown>): Tell {
    return new Tell(this, message)
  }

  ask(message: Message<string, unknown>, options?: AskOptions): Ask {
    return new Ask(this, message, options)
  }

  stream(message: Message<string, unknown>, options?: { readonly bufferSize?: number | undefined }) {
    return streamFrom(this, message, options)
  }
}

/** Every `ActorRef` of this package is a cell; only `ActorRef`'s types say less. */
export const cellOf = (ref: AnyRef): Cell => {
  if (isA(ref, Cell)) return ref.target()
  throw invalid("ref", "an ActorRef", ref)
}
