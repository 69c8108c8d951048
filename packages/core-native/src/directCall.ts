/**
 * A question to an actor that has nothing queued, delivered on the stack of whoever asks and only waits (`Loop.help`).
 *
 * Such a question stands last in the submission ring, and what stands before it, if anything, are accounts that the
 * questions before it left there. So nobody's message is overtaken, and the way through the shard would change nothing
 * (G206). Before the handler runs, the record becomes one that lists the call under its callee: should the handler have
 * the ring ingested, or not answer at once, then the call ends as any other (G18 to G21). An answer that is there
 * before the shard has seen the call takes that record back.
 *
 * The clock was read for the question, and is read again when its handler has returned: who holds the thread is known (G50).
 *
 * Owner: the loop.
 */
import type { Direct } from "./direct.ts"
import { RECORD_WORDS, Submission, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost } from "./host.ts"
import { type Meter, PROOF, SHORT } from "./meter.ts"
import type { Metering } from "./metering.ts"
import { type Ring, SUBMISSIONS } from "./ring.ts"
import type { Slots } from "./slots.ts"
import type { Tokens } from "./tokens.ts"
import { quickPidOf } from "./words.ts"

const {
  To: TO,
  ToGeneration: TO_GENERATION,
  From: FROM,
  FromGeneration: FROM_GENERATION,
  Head: HEAD,
  Slot: SLOT,
  A,
  B
} = Word
// Constants of this module are part of the code; imported ones would be read each time.
const SHIFT = 31 - Math.clz32(RECORD_WORDS)
const CHARGE = Submission.Charge
const HANDLED = Submission.Handled
const ASKED = Submission.Asked
const NOTHING = 0

/** Accounts that may stand before a question. */
const MOST = 64
/** Of so many questions one looks for what other threads have sent. */
const SAMPLE = 16

/** What the loop does at the moment. */
interface Stack<C> {
  current: C | undefined
}

type Times = Pick<Metering<never>, "isExact" | "takeAway">

export class DirectCall<C extends MembraneCell, K extends MembraneCall> {
  readonly #stack: Stack<C>
  readonly #direct: Pick<Direct<C, K>, "idle">
  readonly #ring: Ring
  readonly #slots: Slots
  readonly #tokens: Tokens<K>
  readonly #host: MembraneHost<C, K>
  readonly #times: Times
  readonly #now: () => number
  readonly #longSchedule: number
  /** The records in the ring are this many accounts, while its epoch is this one. */
  #accounts = 0
  #epoch = -1
  #asks = 0
  /** Parts of a microsecond that nobody has been charged with yet. */
  #due = 0

  constructor(
    stack: Stack<C>,
    direct: Pick<Direct<C, K>, "idle">,
    ring: Ring,
    slots: Slots,
    tokens: Tokens<K>,
    host: MembraneHost<C, K>,
    times: Times,
    now: () => number,
    longSchedule: number
  ) {
    this.#stack = stack
    this.#direct = direct
    this.#ring = ring
    this.#slots = slots
    this.#tokens = tokens
    this.#host = host
    this.#times = times
    this.#now = now
    this.#longSchedule = longSchedule
  }

  /** The question that was just put into the ring, at `start`. true: it has its answer. */
  deliver(call: K, start: number): boolean {
    const ring = this.#ring
    const { out } = ring
    const accounts = ring.pending - 1
    // The question is the one record more and the one epoch later.
    if (accounts !== 0 && (accounts !== this.#accounts || ring.epoch !== this.#epoch + 1 || accounts > MOST)) {
      return false
    }
    const record = accounts << SHIFT
    const low = out[record | TO]!
    const cell = this.#direct.idle(low, out[record | TO_GENERATION]!)
    if (cell === undefined) return false
    // What another thread has sent may be for the same actor.
    if ((++this.#asks & (SAMPLE - 1)) === 0 && ring.hasArrivals()) return false
    const op = out[record | HEAD]! >>> 16
    const payload = this.#slots.take(out[record | SLOT]!)
    const fromLow = out[record | FROM]!
    const from = fromLow === 0 ? 0 : quickPidOf(fromLow, out[record | FROM_GENERATION]!)
    const at = this.#account(low, cell.generation, accounts)
    out[(at << SHIFT) | HEAD] = ASKED
    const { token } = call
    ring.asked = token
    ring.askedAt = at
    const { ingested } = ring
    this.#stack.current = cell
    const times = this.#times
    times.takeAway()
    times.isExact = true
    const waits = this.#host.deliver(cell, op, payload, from, call)
    ring.asked = 0
    times.isExact = false
    this.#measured(cell, this.#now() - start - times.takeAway(), ring.ingested === ingested ? at - 1 : -1)
    if (waits) {
      if (ring.pending >= SUBMISSIONS) ring.flush(this.#now())
      ring.put(Submission.Busy, low, cell.generation, 0, 0, 0, 0, 0)
    }
    if (this.#tokens.get(token) !== undefined) return false
    // Nothing stands behind it: its place is free for the next one.
    if (ring.ingested === ingested && ring.pending === at + 1) {
      ring.pending = this.#accounts = at
      this.#epoch = ring.epoch
    }
    return true
  }

  /** The answer to the call with this token is there. true: the shard has not seen the call, and never will. */
  takeBack(token: number): boolean {
    const ring = this.#ring
    if (ring.asked !== token) return false
    ring.asked = 0
    ring.out[(ring.askedAt << SHIFT) | HEAD] = NOTHING
    return true
  }

  /** Counts one message of an actor, before its handler runs: that may look. Where the question stands then, behind the account. */
  #account(low: number, generation: number, accounts: number): number {
    const { out } = this.#ring
    const last = (accounts - 1) << SHIFT
    if (accounts > 0 && out[last | TO] === low && out[last | TO_GENERATION] === generation) {
      out[last | A]!++
      return accounts
    }
    const record = accounts << SHIFT
    out.copyWithin(record + RECORD_WORDS, record, record + RECORD_WORDS)
    out[record | HEAD] = HANDLED
    out[record | A] = 1
    out[record | B] = 0
    this.#ring.pending++
    return accounts + 1
  }

  /** `account`: of its actor, in the ring; below 0: the shard has it already. */
  #measured(cell: C, took: number, account: number): void {
    const ring = this.#ring
    const due = this.#due + took * 1000
    const whole = Math.floor(due)
    this.#due = due - whole
    if (account >= 0) ring.out[(account << SHIFT) | B]! += whole
    else if (whole > 0) {
      if (ring.pending >= SUBMISSIONS) ring.flush(this.#now())
      ring.put(CHARGE, cell.low, cell.generation, 0, 0, 0, whole, 0)
    }
    if (took > SHORT) {
      ;(cell.bound.meter as Meter).unproven = PROOF
      if (took > this.#longSchedule) this.#host.longSchedule(cell, took)
    }
  }
}
