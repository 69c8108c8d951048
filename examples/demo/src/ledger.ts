/**
 * The ledger: people in cities + travellers in dead letters + losses accounted to kills = people at the start.
 *
 * Owner: the run. `letter` is called by the system for each message that nobody will handle, in the moment it is
 * given up; the rest is told once a day, at the barrier.
 */
import type { DeadLetter } from "@myrmidonjs/actor"
import { Deferred, Effect, Exit, Queue } from "effect"
import { headcount } from "./model.ts"
import * as Protocols from "./protocols.ts"

const { Travellers } = Protocols.City.messages
const { Sighting } = Protocols.Observer.messages

/** How long letters of another isolate may be under way. */
const patience = "10 seconds"

export class Ledger {
  readonly #start: number
  /** Groups of travellers that found their city dead, and the people in them. */
  strayGroups = 0
  strayPeople = 0
  /** News that found an observer's mailbox full. */
  overflowed = 0
  /** What crashed a canary, and is to be sent again. */
  readonly #returned = Effect.runSync(Queue.unbounded<DeadLetter>())
  #toSendAgain = 0
  /** Any other message that nobody handled. */
  others = 0
  lost = 0
  #expectedGroups = 0
  #allAreThere = Deferred.makeUnsafe<void>()

  constructor(start: number) {
    this.#start = start
  }

  readonly letter = (letter: DeadLetter): void => {
    const { message, why } = letter
    if (why === "SwapRolledBack") {
      this.#toSendAgain++
      Queue.offerUnsafe(this.#returned, letter)
    } else if (Travellers.is(message)) {
      this.strayGroups++
      this.strayPeople += headcount(message.payload)
      if (this.strayGroups === this.#expectedGroups) Deferred.doneUnsafe(this.#allAreThere, Exit.void)
    } else if (Sighting.is(message)) this.overflowed++
    else this.others++
  }

  /** Takes what came back from a canary and hands it to `sendAgain`; waits for the next one when there is none. */
  readonly returned = <E, R>(sendAgain: (letter: DeadLetter) => Effect.Effect<void, E, R>): Effect.Effect<void, E, R> =>
    Effect.flatMap(
      Queue.take(this.#returned),
      (letter) => Effect.andThen(sendAgain(letter), Effect.sync(() => void this.#toSendAgain--))
    )

  /**
   * Closes a day. Returns what is wrong with it, or undefined. Letters of other isolates may still be on their way when
   * it is over: they are waited for, though not for ever.
   */
  readonly close = (day: Protocols.Day): Effect.Effect<string | undefined> =>
    Effect.suspend(() => {
      this.lost += day.lost
      this.#expectedGroups += day.strays
      this.#allAreThere = Deferred.makeUnsafe()
      const arrived = this.strayGroups < this.#expectedGroups
        ? Effect.timeoutOption(Deferred.await(this.#allAreThere), patience)
        : Effect.void
      return Effect.map(arrived, () => this.#balance(day))
    })

  #balance(day: Protocols.Day): string | undefined {
    const inCities = headcount(day)
    const sum = inCities + this.strayPeople + this.lost
    if (this.strayGroups !== this.#expectedGroups) {
      return `day ${day.day}: ${this.strayGroups} groups of travellers are dead letters, ${this.#expectedGroups} were sent to dead cities`
    }
    if (this.#toSendAgain > 0) {
      return `day ${day.day}: ${this.#toSendAgain} messages came back and were not sent again`
    }
    if (this.others > 0) return `day ${day.day}: ${this.others} messages of the demo itself were not handled`
    if (sum !== this.#start) {
      return `day ${day.day}: ${inCities} in cities + ${this.strayPeople} in dead letters + ${this.lost} lost to kills = ${sum}, not ${this.#start}`
    }
    return undefined
  }
}
