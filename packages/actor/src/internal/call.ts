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
  pending = true
  /** How its asker hears of its end; undefined: it helps (`Shard.help`), and looks at `exit` then. */
  resume: ((exit: Exit<unknown, unknown>) => void) | undefined
  /** The end, for an asker without `resume`. */
  exit: Exit<unknown, unknown> | undefined = undefined
  /** The tag of the question, for errors. */
  readonly op: number
  readonly callee: Cell
  /** ms, for the error; Infinity for none. */
  readonly timeout: number
  /** The actor that asks. Of a forwarded question its asker's call knows. */
  asker: Cell | Pid | undefined = undefined
  /** Of one that stands for a question that was forwarded: the call that its asker made, which alone knows the asker. */
  origin: Call | undefined = undefined
  /** Of a forwarded question, at its asker's call: the call that stands for it now. */
  latest: Call | undefined = undefined
  /** Of a question that came from another isolate: who is to be answered there. */
  asked: Asked | undefined = undefined

  // -- the shard's half -----------------------------------------------------------------------------------------------
  /** native: the token in records. memory: 1 while it is listed, else 0. */
  token = 0
  /** memory: the living cell it is listed under; `callee` may be a ref that was made before that one was. */
  owner: Cell | undefined = undefined
  /** memory: neighbours in that cell's list. */
  previous: Call | undefined = undefined
  next: Call | undefined = undefined
  /** memory: neighbours among the calls that end at about the same time. */
  sooner: Call | undefined = undefined
  later: Call | undefined = undefined
  /** Monotonic ms, while it is pending; Infinity for none. */
  deadline = Infinity

  constructor(
    op: number,
    callee: Cell,
    resume: ((exit: Exit<unknown, unknown>) => void) | undefined,
    timeout = Infinity
  ) {
    this.op = op
    this.callee = callee
    this.resume = resume
    this.timeout = timeout
  }
}

/**
 * Ends a call for its asker, whose fiber goes on inside of this. What an observer of that fiber throws is its program's
 * own error: it is reported like any that nobody catches, and must not reach the actor or the loop that answers.
 */
export const endCall = (call: Call, exit: Exit<unknown, unknown>): void => {
  const asked = call.origin ?? call
  const resume = asked.resume
  if (resume === undefined) {
    asked.exit = exit
    return
  }
  try {
    resume(exit)
  } catch (error) {
    rethrow(error)
  }
}
