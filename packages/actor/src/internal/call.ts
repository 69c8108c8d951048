/**
 * A pending ask: a linear token that is answered or ended, never both.
 *
 * Owner: the host that made it. The shard keeps it listed under its callee, in the fields of its own half.
 */
import type { Exit } from "effect/Exit"
import type { Asked } from "./asked.ts"
import type { Cell } from "./cell.ts"
import { rethrow } from "./rethrow.ts"

export class Call {
  /** undefined: answered, ended or given up; whatever comes later is nobody's. */
  resume: ((exit: Exit<unknown, unknown>) => void) | undefined
  /** The tag of the question, for errors. */
  readonly op: number
  readonly callee: Cell
  /** ms, for the error; Infinity for none. */
  readonly timeout: number
  /** Forwarded: which of the calls that its asker has waited for is the one now. Shared by all of them. */
  chain: { current: Call } | undefined = undefined
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

  constructor(op: number, callee: Cell, resume: (exit: Exit<unknown, unknown>) => void, timeout = Infinity) {
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
export const resumeWith = (
  resume: (exit: Exit<unknown, unknown>) => void,
  exit: Exit<unknown, unknown>
): void => {
  try {
    resume(exit)
  } catch (error) {
    rethrow(error)
  }
}
