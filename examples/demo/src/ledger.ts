/**
 * The ledger: people in cities + travellers in dead letters + losses accounted to kills = people at the start.
 *
 * Owner: the run. `letter` is called by the system for each message that nobody will handle, in the moment it is
 * given up; the rest is told once a day, at the barrier.
 */
import type { DeadLetter } from "@myrmidonjs/actor"
import { headcount } from "./model.ts"
import * as Protocols from "./protocols.ts"

const { Travellers } = Protocols.City.messages
const { Sighting } = Protocols.Observer.messages

export class Ledger {
  readonly #start: number
  /** Groups of travellers that found their city dead, and the people in them. */
  strayGroups = 0
  strayPeople = 0
  /** News that found an observer's mailbox full. */
  overflowed = 0
  /** What crashed a canary, and is to be sent again. */
  #returned: Array<DeadLetter> = []
  /** Any other message that nobody handled. */
  others = 0
  lost = 0
  #expectedGroups = 0

  constructor(start: number) {
    this.#start = start
  }

  readonly letter = (letter: DeadLetter): void => {
    const { message, why } = letter
    if (why === "SwapRolledBack") this.#returned.push(letter)
    else if (Travellers.is(message)) {
      this.strayGroups++
      this.strayPeople += headcount(message.payload)
    } else if (Sighting.is(message)) this.overflowed++
    else this.others++
  }

  /** Takes out what came back from canaries. */
  readonly returned = (): ReadonlyArray<DeadLetter> => this.#returned.splice(0)

  /** Closes a day. Returns what is wrong with it, or undefined. */
  close(day: Protocols.Day): string | undefined {
    this.lost += day.lost
    this.#expectedGroups += day.strays
    const inCities = headcount(day)
    const sum = inCities + this.strayPeople + this.lost
    if (this.strayGroups !== this.#expectedGroups) {
      return `day ${day.day}: ${this.strayGroups} groups of travellers are dead letters, ${this.#expectedGroups} were sent to dead cities`
    }
    if (this.#returned.length > 0) {
      return `day ${day.day}: ${this.#returned.length} messages came back and were not sent again`
    }
    if (this.others > 0) return `day ${day.day}: ${this.others} messages of the demo itself were not handled`
    if (sum !== this.#start) {
      return `day ${day.day}: ${inCities} in cities + ${this.strayPeople} in dead letters + ${this.lost} lost to kills = ${sum}, not ${this.#start}`
    }
    return undefined
  }
}
