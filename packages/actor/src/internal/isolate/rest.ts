/**
 * Whether a process may end whose loop is empty: whoever works elsewhere is waited for, as if it were here (G56, G159, G292).
 *
 * - All are asked, and the loop is empty again when all have answered. Who was found quiet may have been told something
 *   since by one that had still something to do. So it takes two rounds in a row in which nothing was handled but the
 *   questions: what the first of them left behind stands before the question of the second.
 * - Whatever a round said, the loop gets another turn, and with it another look. Node.js lets a process end whose loop is
 *   empty once its `beforeExit` has been heard, and a round may be over by then: a message that comes in meanwhile is
 *   handled in the same turn, and while its handler takes its time, all others answer.
 */
import type * as Effect from "effect/Effect"

/** Rounds in a row that find everybody quiet. */
const enough = 2

export class Rest {
  private readonly handled: () => number
  private readonly ask: (answered: () => void) => Effect.Effect<void>
  private readonly run: (round: Effect.Effect<void>, ended: () => void) => void
  private asking = false
  /** What all had handled when all had last been asked. */
  private handledThen = -1
  /** How often in a row they were quiet. */
  private rounds = 0

  /** `handled`: messages, of all. `ask` ends when all are quiet, and says for each that the question was handled. */
  constructor(
    handled: () => number,
    ask: (answered: () => void) => Effect.Effect<void>,
    run: (round: Effect.Effect<void>, ended: () => void) => void
  ) {
    this.handled = handled
    this.ask = ask
    this.run = run
  }

  /** The loop of the process is empty. */
  look(): void {
    if (this.asking) return
    const before = this.handled()
    if (before !== this.handledThen) this.rounds = 0
    if (this.rounds === enough) return
    this.asking = true
    let answers = 0
    this.run(this.ask(() => answers++), () => {
      this.asking = false
      this.handledThen = this.handled()
      this.rounds = this.handledThen === before + answers ? this.rounds + 1 : 0
      setImmediate(() => {})
    })
  }
}
