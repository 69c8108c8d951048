/**
 * The records that are no slice: ends, calls that ended, dead letters, room. Each comes only once and is worked off even in
 * a batch that is left, so that nothing that one of them throws may keep the next from its turn.
 *
 * Owner: the loop, which hands over the place of a record in the completion ring.
 */
import type { Border } from "./border.ts"
import { CallEnd, Completion, Flag, Why as WhyCode, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost, Why } from "./host.ts"
import type { Reasons } from "./reasons.ts"
import { rethrow } from "./rethrow.ts"
import type { Ring } from "./ring.ts"
import type { Slots } from "./slots.ts"
import type { Table } from "./table.ts"
import type { Timers } from "./timers.ts"
import type { Tokens } from "./tokens.ts"
import { pidOf, quickPidOf, wide } from "./words.ts"
import type { Waiters } from "./waiters.ts"

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
const { Call: CALL, Inline: INLINE, Bytes: BYTES, WhyShift: WHY_SHIFT } = Flag

const whyNames: Record<number, Why> = {
  [WhyCode.NotAlive]: "NotAlive",
  [WhyCode.MailboxFull]: "MailboxFull",
  [WhyCode.Dropped]: "Dropped",
  [WhyCode.NodeUnreachable]: "NodeUnreachable",
  [WhyCode.SwapRolledBack]: "SwapRolledBack",
  [WhyCode.Stopped]: "Stopped",
  [WhyCode.Interrupted]: "Interrupted"
}

export class Notices<C extends MembraneCell, K extends MembraneCall> {
  readonly #ring: Ring
  readonly #slots: Slots
  readonly #tokens: Tokens<K>
  readonly #table: Table<C>
  readonly #timers: Timers<C>
  readonly #waiters: Waiters<C>
  readonly #reasons: Reasons
  readonly #border: Border
  readonly #host: MembraneHost<C, K>

  constructor(
    ring: Ring,
    slots: Slots,
    tokens: Tokens<K>,
    table: Table<C>,
    timers: Timers<C>,
    waiters: Waiters<C>,
    reasons: Reasons,
    border: Border,
    host: MembraneHost<C, K>
  ) {
    this.#ring = ring
    this.#slots = slots
    this.#tokens = tokens
    this.#table = table
    this.#timers = timers
    this.#waiters = waiters
    this.#reasons = reasons
    this.#border = border
    this.#host = host
  }

  /** A record outside of any slice: it comes only once, so that nothing may keep the next from being worked off. */
  take(at: number): void {
    try {
      this.#act(at)
    } catch (error) {
      rethrow(error)
    }
  }

  #act(at: number): void {
    const words = this.#ring.in
    const host = this.#host
    const tag = words[at + HEAD]!
    switch (tag & 0xff) {
      case Completion.Terminate: {
        this.#ring.doubts.add(words[at + TO]!)
        const cell = this.#table.find(words[at + TO]!, words[at + TO_GENERATION]!)
        if (cell !== undefined) host.terminate(cell, this.#reasons.of(words[at + A]!))
        break
      }
      case Completion.Dead: {
        const cell = this.#table.remove(words[at + TO]!, words[at + TO_GENERATION]!)
        if (cell === undefined) break
        this.#timers.drop(cell)
        host.dead(
          cell,
          this.#reasons.of(words[at + A]!),
          wide(words[at + FROM]!, words[at + FROM_GENERATION]!),
          wide(words[at + SLOT]!, words[at + B]!) / 1000
        )
        break
      }
      case Completion.OutsideDown:
        host.outsideDown(words[at + SLOT]!, this.from(at), this.#reasons.of(words[at + A]!))
        break
      case Completion.CallEnded: {
        const call = this.#tokens.close(words[at + A]!)
        if (call === undefined) break
        const end = words[at + B]!
        if (end === CallEnd.MailboxFull) host.callEnded(call, end, undefined, words[at + SLOT])
        else host.callEnded(call, end, end === CallEnd.Exited ? this.#reasons.of(words[at + SLOT]!) : undefined)
        break
      }
      case Completion.Replied: {
        const call = this.#tokens.close(words[at + A]!)
        if (call !== undefined) host.away?.replied(call, words[at + B]!, this.#border.read(at, TO))
        break
      }
      case Completion.IsolateUp:
        host.away?.up(words[at + A]!, words[at + B]!)
        break
      case Completion.IsolateDown:
        host.away?.down(words[at + A]!, words[at + B]!)
        break
      case Completion.DeadLetterBytes:
      case Completion.DeadLetter:
        this.deadLetter(at, whyNames[(tag >>> (8 + WHY_SHIFT)) & 15] ?? "NotAlive")
        break
      case Completion.Reached:
        ;(this.#slots.take(words[at + SLOT]!) as () => void)()
        break
      case Completion.Room: {
        for (const resume of this.#waiters.take(words[at + SLOT]!)) {
          try {
            resume()
          } catch (error) {
            rethrow(error)
          }
        }
        break
      }
      default:
        throw new Error(`the shard emitted a record of unknown kind ${tag & 0xff}`)
    }
  }

  deadLetter(at: number, why: Why): void {
    const words = this.#ring.in
    const tag = words[at + HEAD]!
    const asked = ((tag >>> 8) & CALL) !== 0
    if ((tag | 0) < 0) {
      const to = pidOf(words[at + TO]!, words[at + TO_GENERATION]!)
      const kind = tag & 0xff
      const isBytes = kind === Completion.Message
        ? ((tag >>> 8) & BYTES) !== 0
        : kind === Completion.DeadLetterBytes
      this.#host.away?.deadLetter(to, this.from(at), tag >>> 16, this.#border.readAs(at, A, isBytes), why, asked)
      return
    }
    const payload = ((tag >>> 8) & INLINE) !== 0
      ? this.#ring.inFloats[(at >> 1) + 3]
      : this.#slots.take(words[at + SLOT]!)
    const to = pidOf(words[at + TO]!, words[at + TO_GENERATION]!)
    this.#host.deadLetter(to, this.from(at), tag >>> 16, payload, why, asked)
  }

  from(at: number): number {
    const words = this.#ring.in
    return quickPidOf(words[at + FROM]!, words[at + FROM_GENERATION]!)
  }
}
