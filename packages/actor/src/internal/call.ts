/**
 * A pending ask: a linear token that is answered or ended, never both.
 *
 * Owner: the host that made it. The shard keeps it listed under its callee, in the fields of its own half.
 */
import type { Exit } from "effect/Exit"
import type { Pid } from "../Pid.ts"
import type { Asked } from "./asked.ts"
import type { Cell } from "./cell.ts"
import { rethrow } from "./rethrow.ts"

export class Call {
  /** false: answered, ended or given up. An answer that comes later is dropped. */
  declare pending: boolean
  /** Tells the asker of the end. undefined: the asker runs the pump itself (`Shard.help`), and then looks at `exit`. */
  declare resume: ((exit: Exit<unknown, unknown>) => void) | undefined
  /**
   * How the call ended: where there is no `resume`, or where it was not the callee that ended it (time out, dropped).
   */
  declare exit: Exit<unknown, unknown> | undefined
  /** The tag of the question, for errors. */
  declare readonly op: number
  declare readonly callee: Cell
  /** ms, for the error; Infinity for none. */
  declare readonly timeout: number
  /** The actor that asks. For a forwarded question see `origin`. */
  declare asker: Cell | Pid | undefined
  /** This call was made by forwarding a question: the asker's own call, which alone knows the asker. */
  declare origin: Call | undefined
  /** The asker's own call, whose question was forwarded: the call that stands for it at the last callee. */
  declare latest: Call | undefined
  /** The question came from another isolate: where its answer goes. */
  declare asked: Asked | undefined

  // -- the shard's half -----------------------------------------------------------------------------------------------
  /** native: the token in records. memory: 1 while it is listed, else 0. */
  declare token: number
  /** memory: the living cell it is listed under. `callee` may be another one, of a ref made before the actor was. */
  declare owner: Cell | undefined
  /** memory: neighbours in that cell's list. */
  declare previous: Call | undefined
  declare next: Call | undefined
  /** memory: neighbours in the list of calls that time out at about the same time. */
  declare sooner: Call | undefined
  declare later: Call | undefined
  /** Monotonic ms, while it is pending; Infinity for none. */
  declare deadline: number

  constructor(
    op: number,
    callee: Cell,
    resume: ((exit: Exit<unknown, unknown>) => void) | undefined,
    timeout = Infinity
  ) {
    this.pending = true
    this.resume = resume
    this.exit = undefined
    this.op = op
    this.callee = callee
    this.timeout = timeout
    this.asker = undefined
    this.origin = undefined
    this.latest = undefined
    this.asked = undefined
    this.token = 0
    this.owner = undefined
    this.previous = undefined
    this.next = undefined
    this.sooner = undefined
    this.later = undefined
    this.deadline = Infinity
  }
}

/**
 * Ends a call for its asker, whose fiber goes on inside of this: on its own time (G305). What an observer of that fiber
 * throws is its program's own error: it is reported like any that nobody catches, and must not reach the actor or the
 * loop that answers.
 */
export const endCall = (call: Call, exit: Exit<unknown, unknown>): void => {
  const asked = call.origin ?? call
  const resume = asked.resume
  if (resume === undefined) {
    asked.exit = exit
    return
  }
  // Of a question from another isolate this is the answer on its way, which is work of who answers.
  const isHere = asked.asked === undefined
  const { shard } = asked.callee.host
  const since = isHere ? shard.stepOut() : -1
  try {
    resume(exit)
  } catch (error) {
    rethrow(error)
  }
  if (since >= 0) shard.stepIn(since, typeof asked.asker === "object" ? asked.asker : undefined)
}
