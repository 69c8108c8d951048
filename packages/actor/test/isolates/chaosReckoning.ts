/** What became of every message of a chaos run (G114). */
import type { DeadLetter } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { Sink } from "./chaosModules.ts"
import { type Ledger, room, Sent } from "./ledger.ts"

const { Mark } = Sink.messages
const mark = Mark({ id: 0, text: "" })._tag

/** Dead letters of messages that have a number. */
export class Letters {
  readonly by = new Uint8Array(room)
  readonly interrupted = new Uint8Array(room)
  readonly whys = new Map<number, string>()
  count = 0

  take({ message, why }: DeadLetter): void {
    if (message._tag !== mark) return
    const { id } = message.payload as { readonly id: number }
    this.by[id]!++
    this.whys.set(id, `${this.whys.get(id) ?? ""} ${why}`)
    this.count++
    if (why === "Interrupted") this.interrupted[id] = 1
  }
}

export interface Account {
  readonly tells: number
  readonly fromAfar: number
  readonly handled: number
  readonly letters: number
  readonly interrupted: number
  /** Of which nobody could tell: whoever sent them, or would have told of them, has ended. */
  readonly untold: number
  readonly lost: ReadonlyArray<string>
  readonly twice: ReadonlyArray<string>
}

/** The high bit of where a message went: its letters are those of its own isolate, and end with that before they are told. */
export const tellsItself = 0x8000

const count = (ledger: Ledger, letters: Letters, alive: ReadonlySet<number>): Account => {
  let tells = 0, fromAfar = 0, handled = 0, interrupted = 0, untold = 0
  const lost: Array<string> = []
  const twice: Array<string> = []
  for (let id = 0; id < ledger.messages; id++) {
    const about = ledger.about(id)
    const told = letters.by[id]!
    const to = about.to & ~tellsItself
    const text =
      `${id} from ${about.from} to ${about.to}: sent ${about.sent}, handled ${about.handled}, letters ${told}${
        letters.whys.get(id) ?? ""
      }`
    if (about.sent !== Sent.Accepted) {
      // What is refused is a dead letter. Of others, the thread has ended between the send and the word of it.
      if (about.sent === Sent.Refused && (about.handled > 0 || told > 1)) twice.push(text)
      continue
    }
    tells++
    if (about.from !== 0) fromAfar++
    handled += about.handled
    interrupted += letters.interrupted[id]!
    if (about.handled > 1 || told > 1 || (about.handled + told > 1 && letters.interrupted[id] === 0)) twice.push(text)
    if (about.handled + told > 0) continue
    const isFree = !alive.has(about.from) || ((about.to & tellsItself) !== 0 && !alive.has(to))
    if (isFree) untold++
    else lost.push(text)
  }
  return { tells, fromAfar, handled, letters: letters.count, interrupted, untold, lost, twice }
}

/** ms that the last letters may take. */
const patience = 30_000

/** When what is on its way has arrived: all is accounted for, or does not come. */
export const reconcile = (ledger: Ledger, letters: Letters, alive: ReadonlySet<number>): Effect.Effect<Account> => {
  const until = performance.now() + patience
  const look: Effect.Effect<Account> = Effect.suspend(() => {
    const account = count(ledger, letters, alive)
    return account.lost.length === 0 || performance.now() > until
      ? Effect.succeed(account)
      : Effect.andThen(Effect.sleep("200 millis"), look)
  })
  return look
}
