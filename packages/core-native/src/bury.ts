/**
 * What becomes of records that no shard will ingest any more: their messages are dead letters, their calls end.
 */
import { Arg } from "./binding.ts"
import type { Border } from "./border.ts"
import { Flag, RECORD_WORDS, Submission, Word } from "./generated/layout.ts"
import type { MembraneCall, MembraneCell, MembraneHost } from "./host.ts"
import type { Ring } from "./ring.ts"
import type { Slots } from "./slots.ts"
import type { Tokens } from "./tokens.ts"
import { pidOf } from "./words.ts"

const {
  To: TO,
  ToGeneration: TO_GENERATION,
  From: FROM,
  FromGeneration: FROM_GENERATION,
  Head: HEAD,
  Slot: SLOT,
  A
} = Word

/** Empties the submission ring; the answers that were to wait for their turn (`Membrane.behind`). */
export const buryPending = <C extends MembraneCell, K extends MembraneCall>(
  ring: Ring,
  slots: Slots,
  tokens: Tokens<K>,
  border: Border,
  host: MembraneHost<C, K>
): ReadonlyArray<() => void> => {
  const answers: Array<() => void> = []
  const { out, outFloats, pending } = ring
  ring.pending = 0
  for (let at = 0; at < pending * RECORD_WORDS; at += RECORD_WORDS) {
    const head = out[at + HEAD]!
    if ((head & 0xff) === Submission.Behind) answers.push(slots.take(out[at + SLOT]!) as () => void)
    if ((head & 0xff) !== Submission.Send) continue
    const flags = head >>> 8
    const to = pidOf(out[at + TO]!, out[at + TO_GENERATION]!)
    const from = pidOf(out[at + FROM]!, out[at + FROM_GENERATION]!)
    // Its op has the bit that only messages of the border have.
    const asked = (flags & Flag.Call) !== 0
    if ((head | 0) < 0) host.away?.deadLetter(to, from, head >>> 16, border.unsent(at), "NotAlive", asked)
    else {
      const payload = (flags & Flag.Inline) !== 0 ? outFloats[(at >> 1) + 3] : slots.take(out[at + SLOT]!)
      host.deadLetter(to, from, head >>> 16, payload, "NotAlive", asked)
    }
    if (!asked) continue
    const call = tokens.close(out[at + A]!)
    if (call !== undefined) host.callEnded(call, 1, { _tag: "NoProc", everExisted: true })
  }
  ring.args[Arg.OUTGOING] = 0
  border.forget()
  return answers
}
