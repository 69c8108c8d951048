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
  /** false: answered, ended or given up; whatever comes later is nobody's. */
  declare pending: boolean
  /** How its asker hears of its end; undefined: it helps (`Shard.help`), and looks at `exit` then. */
  declare resume: ((exit: Exit<unknown, unknown>) => void) | undefined
  /** The end, for an asker without `resume`; of any, one that no callee has told. */
  declare exit: Exit<unknown, unknown> | undefined
  /** The tag of the question, for errors. */
  declare readonly op: number
  declare readonly callee: Cell
  /** ms, for the error; Infinity for none. */
  declare readonly timeout: number
  /** The actor that asks. Of a forwarded question its asker's call knows. */
  declare asker: Cell | Pid | undefined
  /** Of one that stands for a question that was forwarded: the call that its asker made, which alone knows the asker. */
  declare origin: Call | undefined
  /** Of a forwarded question, at its asker's call: the call that stands for it now. */
  declare latest: Call | undefined
  /** Of a question that came from another isolate: who is to be answered there. */
  declare asked: Asked | undefined

  // -- the shard's half -----------------------------------------------------------------------------------------------
  /** native: the token in records. memory: 1 while it is listed, else 0. */
  declare token: number
  /** memory: the living cell it is listed under; `callee` may be a ref that was made before that one was. */
  declare owner: Cell | undefined
  /** memory: neighbours in that cell's list. */
  declare previous: Call | undefined
  declare next: Call | undefined
  /** memory: neighbours among the calls that end at about the same time. */
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
