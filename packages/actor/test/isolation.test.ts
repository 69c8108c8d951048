// G52: nothing that a handler or an asker does reaches another actor, the loop or the process.
import { assert, describe, it } from "@effect/vitest"
import { Actor } from "@myrmidonjs/actor"
import { Effect } from "effect"
import { CounterLive, Get, Stuck, systems } from "./fixtures.ts"

const turn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** What reaches the process while `effect` runs, instead of ending it. */
const uncaught = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<ReadonlyArray<unknown>, E, R> =>
  Effect.suspend(() => {
    const events = ["uncaughtException", "unhandledRejection"] as const
    const seen: Array<unknown> = []
    const before = events.map((event) => process.listeners(event as "uncaughtException"))
    const see = (error: unknown): void => void seen.push(error)
    for (const event of events) process.removeAllListeners(event).on(event, see)
    return Effect.andThen(effect, turn).pipe(
      Effect.as(seen),
      Effect.ensuring(Effect.sync(() =>
        events.forEach((event, i) => {
          process.removeAllListeners(event)
          for (const listener of before[i]!) process.on(event, listener)
        })
      ))
    )
  })

describe.each(systems)("isolation on the %s", (_name, system) => {
  it.effect("G52: an observer of the asker that throws harms neither the callee nor the system", () =>
    Effect.gen(function*() {
      const answers = yield* CounterLive.spawn(0)
      const stuck = yield* CounterLive.spawn(0)
      const boom = new Error("of the observer")
      const seen = yield* uncaught(Effect.gen(function*() {
        const throwing = {
          onExit: () => {
            throw boom
          }
        }
        Effect.runCallback(answers.ask(Get()), throwing)
        Effect.runCallback(stuck.ask(Stuck()), throwing)
        yield* turn
        yield* Actor.kill(stuck)
        yield* turn
        assert.strictEqual(yield* answers.ask(Get()), 0)
      }))
      assert.deepStrictEqual(seen, [boom, boom])
    }).pipe(Effect.scoped, Effect.provide(system)))
})
